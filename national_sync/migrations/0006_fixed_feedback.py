"""Feedback that was corrected here is `fixed`, and what to do about a problem is its `fix`."""

from django.db import migrations, models


FORWARD = """
UPDATE national_sync_feedback SET state = 'fixed' WHERE state = 'mended';
UPDATE national_sync_entry SET problems = (
    SELECT jsonb_agg((p - 'mend') || jsonb_build_object('fix', coalesce(p -> 'mend', '""')))
    FROM jsonb_array_elements(problems) AS p)
WHERE problems <> '[]';
"""

BACKWARD = """
UPDATE national_sync_feedback SET state = 'mended' WHERE state = 'fixed';
UPDATE national_sync_entry SET problems = (
    SELECT jsonb_agg((p - 'fix') || jsonb_build_object('mend', coalesce(p -> 'fix', '""')))
    FROM jsonb_array_elements(problems) AS p)
WHERE problems <> '[]';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('national_sync', '0005_reported_fields'),
    ]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AlterField(
            model_name='feedback',
            name='state',
            field=models.CharField(choices=[('open', '待处理'), ('fixed', '已更正待复核'), ('closed', '已解决')], default='open', max_length=10, verbose_name='状态'),
        ),
    ]
