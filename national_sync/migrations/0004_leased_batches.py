"""Batches become leased jobs: a lease and a fencing token take the place of the time of the claim.

A batch that is being sent while this is applied keeps its lease from the time it was claimed, so
that a worker of the new version sends it again when the old worker does not come back.
"""

from django.db import migrations, models


TAKE_LEASES = """
UPDATE national_sync_batch
SET state = 'sending', attempts = attempts + 1, leased_until = claimed_at + interval '2 minutes'
WHERE state = 'ready' AND claimed_at IS NOT NULL;
UPDATE national_sync_batch SET parked_at = coalesce(done_at, now()), done_at = NULL
WHERE state = 'parked';
"""

RESTORE_CLAIMS = """
UPDATE national_sync_batch SET done_at = parked_at WHERE state = 'parked';
UPDATE national_sync_batch
SET state = 'ready', claimed_at = leased_until - interval '2 minutes'
WHERE state = 'sending';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('national_sync', '0003_leased_comparisons'),
        ('schools', '0002_guarantees'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='batch',
            name='national_batch_state_known',
        ),
        migrations.RemoveIndex(
            model_name='batch',
            name='national_batch_open',
        ),
        migrations.AddField(
            model_name='batch',
            name='leased_until',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='batch',
            name='parked_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='batch',
            name='progress',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='进度'),
        ),
        migrations.AddField(
            model_name='batch',
            name='token',
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.AlterField(
            model_name='batch',
            name='attempts',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='尝试次数'),
        ),
        migrations.AlterField(
            model_name='batch',
            name='state',
            field=models.CharField(choices=[('ready', '待发送'), ('sending', '发送中'), ('sent', '等待回执'), ('done', '已完成'), ('parked', '待人工处理')], default='ready', max_length=10, verbose_name='状态'),
        ),
        migrations.RunSQL(TAKE_LEASES, RESTORE_CLAIMS),
        migrations.RemoveField(
            model_name='batch',
            name='claimed_at',
        ),
        migrations.AddIndex(
            model_name='batch',
            index=models.Index(condition=models.Q(('state__in', ['ready', 'sending', 'sent'])), fields=['due_at'], name='national_batch_open'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['ready', 'sending', 'sent', 'done', 'parked'])), name='national_batch_state_known'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('leased_until__isnull', False), ('state__in', ['sending'])), models.Q(models.Q(('state__in', ['sending']), _negated=True), ('leased_until__isnull', True)), _connector='OR'), name='national_batch_leased_while_sending'),
        ),
    ]
