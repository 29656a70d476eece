"""One run of a comparison or of a screening, and what the last registry file said about units."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from core.jobs import LeasedJob, lease_constraint
from core.models import StoredFile
from quality.states import UNFINISHED, RunKind, RunState, UnitStatus
from schools.models import School


class Run(LeasedJob):
    """One run over a year's graduates of one school, or of all schools. It is a leased job: a run
    that was ended is begun again, and what it had found is recognised."""

    kind = models.CharField("核查项目", max_length=12, choices=RunKind)
    # None for all schools.
    school = models.ForeignKey(School, models.PROTECT, related_name="+", null=True, db_index=False)
    year = models.PositiveSmallIntegerField("届别")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", null=True)
    state = models.CharField("状态", max_length=10, choices=RunState, default=RunState.WAITING)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", null=True)
    asked_by_label = models.CharField("发起人", max_length=80)
    asked_at = models.DateTimeField("发起时间", db_default=Now())
    started_at = models.DateTimeField("开始时间", null=True, blank=True)
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    # What the run is doing now, in words.
    stage = models.CharField(max_length=40, default="", blank=True)
    # {"checked", "found", "new", "gone", "again", "by_rule": {key: found}, …}
    counts = models.JSONField(default=dict, blank=True)
    # The rows of the workbook that could not be read: [{"row", "message"}], the first of them.
    bad_rows = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = "比对与筛查"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=RunKind.values), name="quality_run_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=RunState.values), name="quality_run_state_known"
            ),
            models.UniqueConstraint(
                fields=["kind", "school", "year"],
                condition=Q(state__in=UNFINISHED),
                nulls_distinct=False,
                name="quality_run_one_unfinished",
            ),
            # Parking a job sets its state first and the end of the run right after it.
            models.CheckConstraint(
                condition=Q(state__in=UNFINISHED, finished_at__isnull=True)
                | (
                    ~Q(state__in=UNFINISHED)
                    & (Q(finished_at__isnull=False) | Q(parked_at__isnull=False))
                ),
                name="quality_run_finished_paired",
            ),
            lease_constraint("quality_run_leased_while_running", [RunState.RUNNING]),
            models.CheckConstraint(
                condition=~Q(state=RunState.FAILED) | ~Q(problem=""),
                name="quality_run_failed_has_problem",
            ),
        ]
        indexes = [models.Index(fields=["school", "-id"], name="quality_run_newest")]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def is_running(self) -> bool:
        return self.state in UNFINISHED

    @property
    def scope_words(self) -> str:
        return f"{self.school.name if self.school is not None else '全部学校'}（{self.year}届）"


class RegistryUnit(models.Model):
    """A unit as the registry file of market supervision last had it (登记名录)."""

    code = models.CharField("统一社会信用代码", max_length=18, primary_key=True)
    name = models.CharField("名称", max_length=200)
    registered_on = models.DateField("成立日期", null=True, blank=True)
    status = models.CharField(
        "登记状态", max_length=10, choices=UnitStatus, default=UnitStatus.OPEN
    )
    ended_on = models.DateField("注销或吊销日期", null=True, blank=True)
    updated_at = models.DateTimeField("导入时间", db_default=Now())

    class Meta:
        verbose_name = "登记名录"
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=UnitStatus.values), name="registry_unit_status_known"
            )
        ]

    def __str__(self) -> str:
        return self.name
