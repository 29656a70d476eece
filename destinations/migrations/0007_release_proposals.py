"""Proposals to release a destination are rows of their own, with the paper that came with them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


# Until now a proposal was a mark on the destination, and its paper was among the evidence.
KEEP_OPEN_ONES = """
WITH marked AS (
    SELECT d.graduate_id, d.school_id, d.cohort_id, d.category, d.unit_name,
           d.release_proposed_at, d.release_proposed_by_id, e.reason, e.actor_label, e.snapshot
    FROM destinations_destination d
    LEFT JOIN LATERAL (
        SELECT reason, actor_label, snapshot FROM destinations_destinationevent e
        WHERE e.graduate_id = d.graduate_id AND e.action = 'propose_release'
        ORDER BY e.id DESC LIMIT 1
    ) e ON true
    WHERE d.release_proposed_at IS NOT NULL
), made AS (
    INSERT INTO destinations_releaseproposal
        (graduate_id, school_id, cohort_id, category, unit_name, created_at, proposed_by_id, reason,
         proposed_by, snapshot, state, endorsed_by, answer, decided_by)
    SELECT graduate_id, school_id, cohort_id, category, unit_name, release_proposed_at,
           release_proposed_by_id, left(coalesce(reason, ''), 300), coalesce(actor_label, ''),
           coalesce(snapshot, '{}'), 'waiting_school', '', '', ''
    FROM marked RETURNING id, graduate_id, category
)
INSERT INTO destinations_releaseimage (proposal_id, file_id)
SELECT made.id, evidence.file_id FROM made JOIN destinations_evidence evidence
    ON evidence.graduate_id = made.graduate_id AND evidence.category = made.category
WHERE evidence.removed_at IS NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_audit_chain'),
        ('destinations', '0006_defaults_for_old_code'),
        ('graduates', '0006_code_expiry'),
        ('schools', '0004_defaults_for_old_code'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReleaseProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=300, verbose_name='解约原因')),
                ('state', models.CharField(choices=[('waiting_department', '待院系处理'), ('waiting_school', '待学校处理'), ('released', '已解约'), ('refused', '未同意'), ('withdrawn', '已撤回'), ('lapsed', '已失效')], max_length=20, verbose_name='状态')),
                ('snapshot', models.JSONField()),
                ('category', models.CharField(max_length=6, verbose_name='毕业去向')),
                ('unit_name', models.CharField(blank=True, default='', max_length=100, verbose_name='单位名称')),
                ('proposed_by_id', models.BigIntegerField()),
                ('proposed_by', models.CharField(max_length=80, verbose_name='提出人')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='提出时间')),
                ('endorsed_by_id', models.BigIntegerField(blank=True, null=True)),
                ('endorsed_by', models.CharField(blank=True, default='', max_length=80, verbose_name='院系经办人')),
                ('endorsed_at', models.DateTimeField(blank=True, null=True)),
                ('answer', models.CharField(blank=True, default='', max_length=300, verbose_name='处理说明')),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decided_by', models.CharField(blank=True, default='', max_length=80, verbose_name='处理人')),
                ('cohort', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='schools.cohort')),
                ('graduate', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='graduates.graduate')),
                ('school', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='schools.school')),
            ],
            options={
                'verbose_name': '非网签解约',
            },
        ),
        migrations.CreateModel(
            name='ReleaseImage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedfile')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='images', to='destinations.releaseproposal')),
            ],
            options={
                'verbose_name': '解约材料',
                'ordering': ['id'],
            },
        ),
        migrations.AddIndex(
            model_name='releaseproposal',
            index=models.Index(fields=['graduate', '-id'], name='release_of'),
        ),
        migrations.AddIndex(
            model_name='releaseproposal',
            index=models.Index(fields=['school', 'cohort', 'state', '-id'], name='release_queue'),
        ),
        migrations.AddConstraint(
            model_name='releaseproposal',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting_department', 'waiting_school', 'released', 'refused', 'withdrawn', 'lapsed'])), name='release_state_known'),
        ),
        migrations.AddConstraint(
            model_name='releaseproposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state__in', ('waiting_department', 'waiting_school'))), models.Q(models.Q(('state__in', ('waiting_department', 'waiting_school')), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='release_decided_paired'),
        ),
        migrations.AddConstraint(
            model_name='releaseproposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), _negated=True), models.Q(('answer', ''), _negated=True), _connector='OR'), name='release_refused_has_answer'),
        ),
        migrations.AddConstraint(
            model_name='releaseproposal',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('waiting_department', 'waiting_school'))), fields=('graduate',), name='release_one_open'),
        ),
        migrations.RunSQL(KEEP_OPEN_ONES, migrations.RunSQL.noop),
    ]
