"""Comparisons become leased jobs: a lease and a fencing token take the place of the heartbeat.

A comparison that runs while this is applied keeps its lease from its last heartbeat, so that a
worker of the new version takes it over when the old worker does not come back.
"""

import django.db.models.functions.datetime
from django.db import migrations, models


TAKE_LEASES = """
UPDATE national_sync_comparison SET leased_until = heartbeat_at + interval '5 minutes'
WHERE state = 'running';
"""

RESTORE_HEARTBEATS = """
UPDATE national_sync_comparison SET heartbeat_at = now(), started_at = coalesce(started_at, now())
WHERE state = 'running';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('national_sync', '0002_guarantees'),
        ('schools', '0002_guarantees'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='comparison',
            name='comparison_finished_paired',
        ),
        migrations.RemoveConstraint(
            model_name='comparison',
            name='comparison_running_lives',
        ),
        migrations.AddField(
            model_name='comparison',
            name='due_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name='comparison',
            name='leased_until',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='comparison',
            name='parked_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='comparison',
            name='token',
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.AlterField(
            model_name='comparison',
            name='attempts',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='尝试次数'),
        ),
        migrations.AlterField(
            model_name='comparison',
            name='progress',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='进度'),
        ),
        migrations.RunSQL(TAKE_LEASES, RESTORE_HEARTBEATS),
        migrations.RemoveField(
            model_name='comparison',
            name='heartbeat_at',
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('state__in', ('waiting', 'running'))), models.Q(models.Q(('state__in', ('waiting', 'running')), _negated=True), models.Q(('finished_at__isnull', False), ('parked_at__isnull', False), _connector='OR')), _connector='OR'), name='comparison_finished_paired'),
        ),
        migrations.AddConstraint(
            model_name='comparison',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('leased_until__isnull', False), ('state__in', ['running'])), models.Q(models.Q(('state__in', ['running']), _negated=True), ('leased_until__isnull', True)), _connector='OR'), name='comparison_leased_while_running'),
        ),
    ]
