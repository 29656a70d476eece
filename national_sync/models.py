"""The ledger of what goes up, the batches it went in, and what came back."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.jobs import LeasedJob, lease_constraint
from graduates.models import Graduate
from national_sync.states import (
    COMPARING,
    HTTP,
    UNCONFIRMED,
    UNFINISHED,
    BatchState,
    ComparisonState,
    EntryState,
    FeedbackState,
    Owner,
    Part,
)
from schools.models import Cohort, School


class Entry(models.Model):
    """One part of one graduate in the ledger: which version we have, which was sent, and which the
    national system has accepted.

    Triggers on the reported tables raise `version` and set the entry waiting, in the transaction of
    the change and whoever made it (`triggers.py`). Entries are claimed by their state.
    """

    graduate = models.ForeignKey(Graduate, models.CASCADE, related_name="+", db_index=False)
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    part = models.CharField("部分", max_length=12, choices=Part)
    version = models.PositiveIntegerField(default=1)
    state = models.CharField("状态", max_length=10, choices=EntryState, default=EntryState.WAITING)
    owner = models.CharField(
        "处理方", max_length=12, choices=Owner, default=Owner.SYSTEM, blank=True
    )
    due_at = models.DateTimeField("应办时间", null=True, db_default=Now())
    changed_at = models.DateTimeField("变更时间", db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    # Why it is held back or was refused: [{"rule", "field", "message", "fix"}].
    problems = models.JSONField(default=list, blank=True)
    sent_version = models.PositiveIntegerField(null=True)
    sent_hash = models.CharField(max_length=64, default="", blank=True)
    accepted_version = models.PositiveIntegerField(null=True)
    accepted_hash = models.CharField(max_length=64, default="", blank=True)
    accepted_at = models.DateTimeField("入库时间", null=True, blank=True)
    # Numbers the national side gave (转递编号, 核验编号).
    returns = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = "上报台账"
        constraints = [
            models.UniqueConstraint(fields=["graduate", "part"], name="entry_once"),
            models.CheckConstraint(condition=Q(part__in=Part.values), name="entry_part_known"),
            models.CheckConstraint(
                condition=Q(state__in=EntryState.values), name="entry_state_known"
            ),
            # An unfinished entry always says who has to do something by when.
            models.CheckConstraint(
                condition=~Q(state__in=UNFINISHED) | (~Q(owner="") & Q(due_at__isnull=False)),
                name="entry_unfinished_owned",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="entry_due",
                condition=Q(state__in=[EntryState.WAITING, EntryState.FAILED]),
            ),
            models.Index(
                fields=["school", "cohort", "state", "-id"],
                name="entry_unfinished",
                condition=Q(state__in=UNFINISHED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.graduate_id} {self.part}"


class Batch(LeasedJob):
    """Lines that are sent together. Sending the same batch again does no harm.

    Sending it is a leased job (`actions/send.py`). A batch that goes as a file is carried by
    people: it begins as SENT and no worker ever claims it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    state = models.CharField("状态", max_length=10, choices=BatchState, default=BatchState.READY)
    way = models.CharField("方式", max_length=10, default=HTTP)  # HTTP, WORKBOOK
    school = models.ForeignKey(School, models.PROTECT, null=True, related_name="+")
    # The columns of jobs that came later than the table: an old web process leaves them out while
    # a newer version is put in place.
    token = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    progress = models.PositiveSmallIntegerField("进度", default=0, db_default=0)
    lines = models.PositiveIntegerField("条数")
    answered = models.PositiveIntegerField("已回执", default=0)
    accepted = models.PositiveIntegerField("入库", default=0)
    rejected = models.PositiveIntegerField("退回", default=0)
    created_at = models.DateTimeField("生成时间", db_default=Now())
    sent_at = models.DateTimeField("送达时间", null=True, blank=True)
    done_at = models.DateTimeField("完成时间", null=True, blank=True)

    class Meta:
        verbose_name = "上报批次"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=BatchState.values), name="national_batch_state_known"
            ),
            lease_constraint("national_batch_leased_while_sending", [BatchState.SENDING]),
        ]
        indexes = [
            models.Index(fields=["-created_at", "id"], name="national_batch_newest"),
            models.Index(
                fields=["due_at"],
                name="national_batch_open",
                condition=Q(state__in=[BatchState.READY, BatchState.SENDING, BatchState.SENT]),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def unanswered(self) -> int:
        return self.lines - self.answered


class BatchLine(models.Model):
    """What was sent of one entry in one batch, and the answer to it."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="sent_lines", db_index=False)
    entry = models.ForeignKey(Entry, models.CASCADE, related_name="sent_lines", db_index=False)
    graduate_id = models.BigIntegerField()
    part = models.CharField(max_length=12)
    version = models.PositiveIntegerField()
    mode = models.CharField(max_length=6)
    record = models.JSONField()
    digest = models.CharField(max_length=64)
    verdict = models.CharField(max_length=10, default="", blank=True)
    faults = models.JSONField(default=list, blank=True)
    returns = models.JSONField(default=dict, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "上报记录"
        constraints = [
            models.UniqueConstraint(fields=["batch", "entry"], name="batch_line_once"),
            models.CheckConstraint(
                condition=Q(verdict="", answered_at__isnull=True)
                | (~Q(verdict="") & Q(answered_at__isnull=False)),
                name="batch_line_answered_paired",
            ),
        ]
        indexes = [models.Index(fields=["entry", "-id"], name="batch_line_of")]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.graduate_id}"


class Feedback(models.Model):
    """One thing that the national system found wrong (全国系统信息反馈)."""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="feedback", db_index=False)
    graduate = models.ForeignKey(Graduate, models.CASCADE, related_name="+", db_index=False)
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    kind = models.CharField("类别", max_length=12)  # 生源信息错误, 登记信息错误, 档案信息错误
    code = models.CharField(max_length=40, default="", blank=True)
    field = models.CharField("字段", max_length=20, default="", blank=True)
    text = models.CharField("反馈内容", max_length=300)
    version = models.PositiveIntegerField()
    state = models.CharField(
        "状态", max_length=10, choices=FeedbackState, default=FeedbackState.OPEN
    )
    owner = models.CharField("处理方", max_length=12, choices=Owner, default=Owner.DEPARTMENT)
    due_on = models.DateField("应办日期")
    # What was said when it was passed up, and the answer that came down.
    note = models.CharField("处理说明", max_length=300, default="", blank=True)
    answer = models.CharField("答复", max_length=300, db_default="", default="", blank=True)
    created_at = models.DateTimeField("反馈时间", db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "全国系统信息反馈"
        constraints = [
            models.CheckConstraint(
                condition=Q(state=FeedbackState.CLOSED, closed_at__isnull=False)
                | (~Q(state=FeedbackState.CLOSED) & Q(closed_at__isnull=True)),
                name="feedback_closed_paired",
            )
        ]
        indexes = [
            models.Index(fields=["school", "cohort", "state", "-id"], name="feedback_queue"),
            models.Index(fields=["entry", "-id"], name="feedback_of_entry"),
            models.Index(fields=["graduate", "-id"], name="feedback_of_graduate"),
        ]

    def __str__(self) -> str:
        return self.text


class NationalCode(models.Model):
    """What the national system calls one of our codes, as the province registered it.

    It takes precedence over what the code table itself says. `simulated` codes are for the
    simulator and are sent to no other endpoint.
    """

    table = models.CharField("代码表", max_length=40)
    code = models.CharField("本平台代码", max_length=20)
    national_code = models.CharField("国家代码", max_length=20)
    simulated = models.BooleanField("模拟", default=False)
    by_label = models.CharField("登记人", max_length=80, default="", blank=True)
    at = models.DateTimeField("登记时间", db_default=Now())

    class Meta:
        verbose_name = "国家代码对照"
        constraints = [
            models.UniqueConstraint(
                fields=["table", "code", "simulated"], name="national_code_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.code} → {self.national_code}"


class Cursor(models.Model):
    """How far a stream of results was read. It moves in the transaction that applies them."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "读取位置"

    def __str__(self) -> str:
        return self.name


class NationalCopy(models.Model):
    """What the national system held about a graduate when it was last fetched or last accepted
    something, and the graduate's confirmation, which is bound to a hash of what was shown."""

    graduate = models.OneToOneField(
        Graduate, models.CASCADE, primary_key=True, related_name="national_copy"
    )
    parts = models.JSONField(default=dict)  # {part: {national field: value}}
    # The graduate's own confirmation inside the national system.
    national_state = models.CharField(max_length=12, default=UNCONFIRMED)
    fetched_at = models.DateTimeField("获取时间", null=True)
    # How much of it differed from ours when it was fetched; None where nobody compared.
    differences = models.PositiveSmallIntegerField("差异", null=True, blank=True)
    confirmed_at = models.DateTimeField("核对一致时间", null=True, blank=True)
    confirmed_hash = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        verbose_name = "全国系统数据"
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_hash="")
                | (Q(confirmed_at__isnull=False) & ~Q(confirmed_hash="")),
                name="national_copy_confirmed_paired",
            )
        ]

    def __str__(self) -> str:
        return f"全国系统数据 {self.graduate_id}"


class Comparison(LeasedJob):
    """One comparison (比对) of a school with the national system, and its answer.

    It is a leased job: `actions/compare.py` changes its state.
    """

    school = models.ForeignKey(School, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(
        "状态", max_length=10, choices=ComparisonState, default=ComparisonState.WAITING
    )
    # Came later than the table: an old web process leaves it out while a newer version is put in place.
    token = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    asked_by_label = models.CharField("发起人", max_length=80)
    asked_at = models.DateTimeField("发起时间", db_default=Now())
    started_at = models.DateTimeField("开始时间", null=True, blank=True)
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)
    # Totals, and the first of the differences (reconciliation.Compared.as_json).
    result = models.JSONField(null=True, blank=True)

    class Meta:
        verbose_name = "比对"
        constraints = [
            models.UniqueConstraint(
                fields=["school"],
                name="comparison_one_unfinished",
                condition=Q(state__in=COMPARING),
            ),
            models.CheckConstraint(
                condition=Q(state__in=ComparisonState.values), name="comparison_state_known"
            ),
            # Parking a job sets its state first and the end of the comparison right after it.
            models.CheckConstraint(
                condition=Q(state__in=COMPARING, finished_at__isnull=True)
                | (
                    ~Q(state__in=COMPARING)
                    & (Q(finished_at__isnull=False) | Q(parked_at__isnull=False))
                ),
                name="comparison_finished_paired",
            ),
            lease_constraint("comparison_leased_while_running", [ComparisonState.RUNNING]),
            models.CheckConstraint(
                condition=Q(state=ComparisonState.DONE, result__isnull=False)
                | (~Q(state=ComparisonState.DONE) & Q(result__isnull=True)),
                name="comparison_result_paired",
            ),
            models.CheckConstraint(
                condition=(Q(state=ComparisonState.FAILED) & ~Q(problem=""))
                | (~Q(state=ComparisonState.FAILED) & Q(problem="")),
                name="comparison_problem_paired",
            ),
        ]
        indexes = [models.Index(fields=["school", "-id"], name="comparison_newest")]

    def __str__(self) -> str:
        return f"比对 {self.pk}"

    @property
    def is_running(self) -> bool:
        return self.state in COMPARING
