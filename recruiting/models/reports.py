"""Graduates' reports of units (举报), with their evidence."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.models import StoredFile
from employers.models import Unit
from graduates.models import Graduate
from recruiting.models.postings import Posting
from recruiting.models.units import Sanction
from recruiting.states import OPEN_REPORT, ReportReason, ReportState
from schools.models import Cohort, School

MOST_IMAGES = 6


class UnitReport(models.Model):
    """A graduate reports a unit. Neither the unit nor counsellors learn who reported."""

    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="unit_reports")
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="reports", db_index=False)
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="reports", null=True)
    reason = models.PositiveSmallIntegerField("举报事项", choices=ReportReason)
    text = models.CharField("情况说明", max_length=250)
    state = models.CharField(
        "状态", max_length=10, choices=ReportState, default=ReportState.SUBMITTED
    )
    # A school that was delegated examines reports about postings for its own graduates.
    examined_by_school = models.ForeignKey(School, models.PROTECT, related_name="+", null=True)
    due_on = models.DateField("答复期限")  # five working days
    answer = models.CharField("答复", max_length=300, default="", blank=True)
    sanction = models.ForeignKey(Sanction, models.PROTECT, related_name="reports", null=True)
    created_at = models.DateTimeField("举报时间", db_default=Now())
    begun_at = models.DateTimeField(null=True, blank=True)
    begun_by = models.CharField(max_length=80, default="", blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_id = models.BigIntegerField(null=True)
    decided_by = models.CharField(max_length=80, default="", blank=True)

    class Meta:
        verbose_name = "单位举报"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ReportState.values), name="unit_report_state_known"
            ),
            models.UniqueConstraint(
                fields=["graduate", "unit"],
                condition=Q(state__in=OPEN_REPORT),
                name="unit_report_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_REPORT, decided_at__isnull=True)
                | (~Q(state__in=OPEN_REPORT) & Q(decided_at__isnull=False)),
                name="unit_report_decided_paired",
            ),
            models.CheckConstraint(
                condition=Q(sanction__isnull=True) | Q(state=ReportState.UPHELD),
                name="unit_report_sanction_upheld",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "-id"], name="unit_report_of_unit"),
            models.Index(
                fields=["due_on", "id"], name="unit_report_open",
                condition=Q(state__in=OPEN_REPORT),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"举报 {self.pk}"


class ReportImage(models.Model):
    report = models.ForeignKey(UnitReport, models.CASCADE, related_name="images")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "举报证据"

    def __str__(self) -> str:
        return f"举报证据 {self.pk}"
