"""Samples of registered destinations, and the call-backs by which they are checked (抽样与回访)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from graduates.models import Graduate
from quality.models.findings import Finding
from quality.states import TO_CALL, CallOutcome, CallState, SampleState
from schools.models import Cohort, School


class Sample(models.Model):
    """A sample of the approved destinations of a year, of one school or of all.

    The draw can be replayed: `seed_hash` is shown from the beginning, `seed` only once the sample is
    published. Within each stratum those come first whose SHA-256 of seed and number is smallest.
    """

    # None for all schools.
    school = models.ForeignKey(School, models.PROTECT, related_name="+", null=True, db_index=False)
    year = models.PositiveSmallIntegerField("届别")
    name = models.CharField("名称", max_length=40)
    # What the population is limited to, empty for no limit.
    categories = ArrayField(models.CharField(max_length=6), default=list, blank=True)
    department_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    only_flagged = models.BooleanField("只抽有核查问题的", default=False)
    # By what the population is divided: "school", "department", "category", "flagged".
    divided_by = ArrayField(models.CharField(max_length=12), default=list)
    # The share in hundredths of a percent, or None where `number` says how many.
    share = models.PositiveIntegerField("比例", null=True, blank=True)
    number = models.PositiveIntegerField("人数", null=True, blank=True)
    # Callers are of other schools and see neither school nor counsellor.
    blind = models.BooleanField("跨校盲访", default=False)
    seed = models.CharField(max_length=64)
    seed_hash = models.CharField("种子的SHA-256", max_length=64)
    state = models.CharField("状态", max_length=10, choices=SampleState, default=SampleState.DRAFT)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_by_label = models.CharField("创建人", max_length=80)
    created_at = models.DateTimeField("创建时间", db_default=Now())
    drawn_at = models.DateTimeField("抽取时间", null=True, blank=True)
    published_at = models.DateTimeField("公布时间", null=True, blank=True)
    published_by = models.CharField("公布人", max_length=80, default="", blank=True)
    reason = models.CharField("作废原因", max_length=300, default="", blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "抽样核查"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SampleState.values), name="sample_state"),
            models.CheckConstraint(
                condition=Q(share__isnull=True, number__isnull=False)
                | Q(share__isnull=False, number__isnull=True),
                name="sample_share_or_number",
            ),
            models.CheckConstraint(
                condition=Q(state=SampleState.DRAFT, drawn_at__isnull=True)
                | Q(state=SampleState.VOID)
                | (~Q(state=SampleState.DRAFT) & Q(drawn_at__isnull=False)),
                name="sample_drawn_when",
            ),
            models.CheckConstraint(
                condition=Q(state=SampleState.PUBLISHED, published_at__isnull=False)
                | (~Q(state=SampleState.PUBLISHED) & Q(published_at__isnull=True)),
                name="sample_published_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=SampleState.VOID) | ~Q(reason=""), name="sample_void_why"
            ),
        ]
        indexes = [models.Index(fields=["school", "-id"], name="sample_newest")]

    def __str__(self) -> str:
        return self.name


class Stratum(models.Model):
    """A part of a sample's population: everybody in it, as it was when the sample was drawn."""

    sample = models.ForeignKey(Sample, models.PROTECT, related_name="strata")
    label = models.CharField("层", max_length=160)
    school = models.ForeignKey(
        School, models.PROTECT, null=True, db_constraint=False, db_index=False
    )
    graduate_ids = ArrayField(models.BigIntegerField())
    size = models.PositiveIntegerField("总体")
    drawn = models.PositiveIntegerField("抽取")

    class Meta:
        verbose_name = "抽样分层"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(drawn__lte=F("size")), name="stratum_drawn_of_it"),
        ]

    def __str__(self) -> str:
        return self.label


class CallBack(models.Model):
    """One graduate of a sample, to be called and asked. `registered` is what was registered when the
    sample was drawn, which the answers are compared with."""

    sample = models.ForeignKey(Sample, models.PROTECT, related_name="calls", db_index=False)
    stratum = models.ForeignKey(Stratum, models.PROTECT, related_name="calls", db_index=False)
    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="+", db_index=False)
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    cohort = models.ForeignKey(Cohort, models.PROTECT, db_constraint=False, db_index=False)
    # The place in the stratum's order, from 1.
    place = models.PositiveIntegerField()
    registered = models.JSONField(default=dict)
    state = models.CharField("状态", max_length=12, choices=CallState, default=CallState.WAITING)
    caller = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", db_index=False)
    caller_label = models.CharField("回访人", max_length=80, default="", blank=True)
    # A number that was found after the stored one did not reach the graduate.
    new_number = models.CharField("新号码", max_length=20, default="", blank=True)
    answers = models.JSONField(default=dict, blank=True)
    outcome = models.CharField("结果", max_length=10, choices=CallOutcome, default="", blank=True)
    note = models.CharField("说明", max_length=300, default="", blank=True)
    finding = models.ForeignKey(Finding, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField("完成时间", null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "回访"
        constraints = [
            models.UniqueConstraint(fields=["sample", "graduate"], name="callback_once"),
            models.CheckConstraint(condition=Q(state__in=CallState.values), name="callback_state"),
            models.CheckConstraint(
                condition=Q(state=CallState.REACHED, outcome__in=CallOutcome.values)
                | (~Q(state=CallState.REACHED) & Q(outcome="")),
                name="callback_reached_has_outcome",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["", CallOutcome.AGREES]) | ~Q(note=""),
                name="callback_difference_has_note",
            ),
            models.CheckConstraint(
                condition=Q(state__in=TO_CALL, ended_at__isnull=True)
                | (~Q(state__in=TO_CALL) & Q(ended_at__isnull=False)),
                name="callback_ended_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["caller", "sample", "id"], name="callback_to_do", condition=Q(state__in=TO_CALL)
            ),
            models.Index(fields=["sample", "state", "id"], name="callback_of_sample"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"回访 {self.pk}"


class CallTry(models.Model):
    """One call. Rows are only ever added."""

    call = models.ForeignKey(CallBack, models.PROTECT, related_name="tries")
    at = models.DateTimeField("时间", db_default=Now())
    by_id = models.BigIntegerField()
    by_label = models.CharField("回访人", max_length=80)
    result = models.CharField("结果", max_length=12)

    class Meta:
        verbose_name = "拨打记录"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.call_id} {self.result}"


class SampleReply(models.Model):
    """What a school says to the published results of a sample (答辩)."""

    sample = models.ForeignKey(Sample, models.PROTECT, related_name="replies")
    school = models.ForeignKey(School, models.PROTECT, related_name="+")
    text = models.CharField("说明", max_length=1000)
    by_label = models.CharField("提交人", max_length=80)
    at = models.DateTimeField("时间", db_default=Now())

    class Meta:
        verbose_name = "学校说明"
        constraints = [
            models.UniqueConstraint(fields=["sample", "school"], name="sample_reply_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sample_id} {self.school_id}"
