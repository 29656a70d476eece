"""What a check found about a record, and the rules by which it is found."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from destinations.models import Dispute
from graduates.models import Graduate
from quality.models.runs import Run
from quality.states import CLOSED, HOLDING, UNSETTLED, FindingOwner, FindingState
from schools.models import Cohort, Department, School


class Rule(models.Model):
    """One rule of checking. What it looks for stands in `rule_book.py`; the province sets the rest."""

    key = models.CharField(max_length=30, primary_key=True)
    label = models.CharField("规则", max_length=40)
    enabled = models.BooleanField("启用", default=True)
    # The values of the rule's thresholds by key (`rule_book.Threshold`).
    thresholds = models.JSONField("阈值", default=dict, blank=True)
    holds_uploads = models.BooleanField("核实前暂缓上报", default=False)
    owner = models.CharField("由谁核实", max_length=12, choices=FindingOwner)
    due_days = models.PositiveSmallIntegerField("核实期限（工作日）", default=5)
    edited_at = models.DateTimeField("修改时间", null=True, blank=True)
    edited_by = models.CharField("修改人", max_length=80, default="", blank=True)

    class Meta:
        verbose_name = "核查规则"
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__in=FindingOwner.values), name="quality_rule_owner_known"
            ),
            models.CheckConstraint(
                condition=Q(due_days__gte=1, due_days__lte=60), name="quality_rule_due_sane"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Finding(models.Model):
    """One thing that a run found about one record (核查问题). It accuses the record, not the person.

    The `fingerprint` names rule, record and matter, so that a later run finds the row again. Findings
    of one `subject`, such as one unit or one picture, belong together.
    """

    rule = models.ForeignKey(Rule, models.PROTECT, related_name="findings", db_index=False)
    # None for what is about a department, a school, or somebody who is not on the platform.
    graduate = models.ForeignKey(
        Graduate, models.PROTECT, related_name="findings", null=True, db_index=False
    )
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    # Of findings without a graduate: the department that they are about, if it is one.
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, db_constraint=False, db_index=False
    )
    run = models.ForeignKey(Run, models.PROTECT, related_name="findings", null=True)
    fingerprint = models.CharField(max_length=64, unique=True)
    subject = models.CharField(max_length=64)
    sentence = models.CharField("问题", max_length=400)
    # Plain facts that the page shows, by the names of `rule_book.FACTS`.
    evidence = models.JSONField("依据", default=dict)
    state = models.CharField("状态", max_length=12, choices=FindingState, default=FindingState.OPEN)
    owner = models.CharField("处理方", max_length=12, choices=FindingOwner)
    due_on = models.DateField("应办日期")
    note = models.CharField("核实说明", max_length=300, default="", blank=True)
    dispute = models.ForeignKey(
        Dispute, models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField("发现时间", db_default=Now())
    # When a run last found it.
    seen_at = models.DateTimeField("最近一次查到", db_default=Now())
    decided_at = models.DateTimeField("核实时间", null=True, blank=True)
    decided_by = models.CharField("核实人", max_length=80, default="", blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "核查问题"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=FindingState.values), name="quality_finding_state_known"
            ),
            models.CheckConstraint(
                condition=Q(owner__in=FindingOwner.values), name="quality_finding_owner_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=CLOSED, closed_at__isnull=False)
                | (~Q(state__in=CLOSED) & Q(closed_at__isnull=True)),
                name="quality_finding_closed_paired",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[FindingState.TRUE, FindingState.FALSE_ALARM]) | ~Q(note=""),
                name="quality_finding_verdict_has_note",
            ),
            models.CheckConstraint(
                condition=~Q(state=FindingState.DISPUTED) | Q(dispute__isnull=False),
                name="quality_finding_disputed_has_dispute",
            ),
            models.CheckConstraint(
                condition=Q(seen_at__gte=F("created_at")), name="quality_finding_seen_after_made"
            ),
        ]
        indexes = [
            models.Index(fields=["school", "cohort", "state", "-id"], name="quality_finding_queue"),
            models.Index(fields=["rule", "subject"], name="quality_finding_together"),
            models.Index(fields=["graduate", "-id"], name="quality_finding_of"),
            models.Index(
                fields=["graduate"],
                name="quality_finding_holding",
                condition=Q(state__in=HOLDING),
            ),
            models.Index(
                fields=["rule", "cohort"],
                name="quality_finding_present",
                condition=Q(state__in=HOLDING),
            ),
            models.Index(
                fields=["owner", "due_on"],
                name="quality_finding_unsettled",
                condition=Q(state__in=UNSETTLED),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"核查问题 {self.pk}"
