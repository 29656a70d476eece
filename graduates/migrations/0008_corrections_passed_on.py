"""A correction that a department may not apply is passed on to the school."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('graduates', '0006_code_expiry'),
    ]

    operations = [
        migrations.AddField(
            model_name='correctionrequest',
            name='passed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='转交时间'),
        ),
        migrations.AddField(
            model_name='correctionrequest',
            name='passed_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=80, verbose_name='转交人'),
        ),
        migrations.AddField(
            model_name='correctionrequest',
            name='passed_note',
            field=models.CharField(blank=True, db_default='', default='', max_length=300, verbose_name='转交说明'),
        ),
    ]
