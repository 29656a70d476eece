"""Fairs and talks (招聘会、宣讲会), the units' booths and the graduates' bookings."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now

from employers.models import Unit, UnitMember
from graduates.models import Graduate
from recruiting.models.postings import Posting
from recruiting.states import BookingState, BoothState, FairKind, FairState
from schools.models import School

# A unit has one booth as long as it is in one of these states.
LIVE_BOOTH = (
    BoothState.WAITING, BoothState.APPROVED, BoothState.RESERVE, BoothState.OFFERED,
    BoothState.ATTENDED,
)  # fmt: skip


class Fair(models.Model):
    """A fair or a talk, held by a school or by the province."""

    kind = models.CharField("类型", max_length=12, choices=FairKind)
    title = models.CharField("名称", max_length=60)
    # None for the province's.
    school = models.ForeignKey(School, models.PROTECT, related_name="+", null=True)
    # The unit that gives a talk.
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", null=True)
    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="+", null=True)
    state = models.CharField("状态", max_length=10, choices=FairState, default=FairState.DRAFT)
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    place = models.CharField("地点", max_length=80, default="", blank=True)
    link = models.CharField("网络地址", max_length=300, default="", blank=True)
    text = models.TextField("说明", default="", blank=True)
    capacity = models.PositiveIntegerField("容纳人数", null=True, blank=True)
    booths_offered = models.PositiveSmallIntegerField("展位数", default=0)
    # Visitors book a slot of so many minutes, if slots are used.
    slot_minutes = models.PositiveSmallIntegerField("入场时段（分钟）", null=True, blank=True)
    slot_cap = models.PositiveIntegerField("每时段人数", null=True, blank=True)
    apply_until = models.DateTimeField("报名截止")
    # Schools whose graduates may come; empty for all.
    school_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    reason = models.CharField("取消或未批准的原因", max_length=300, default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.CharField(max_length=80, default="")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "招聘活动"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=FairKind.values), name="fair_kind_known"),
            models.CheckConstraint(
                condition=Q(state__in=FairState.values), name="fair_state_known"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at"), apply_until__lte=F("starts_at")),
                name="fair_times_in_order",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[FairState.CANCELLED, FairState.REFUSED]) | ~Q(reason=""),
                name="fair_cancelled_has_reason",
            ),
            # Two events of a host never use one place at the same time.
            ExclusionConstraint(
                name="fair_place_free",
                expressions=[
                    ("school", RangeOperators.EQUAL),
                    ("place", RangeOperators.EQUAL),
                    (
                        Func(
                            F("starts_at"), F("ends_at"), function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(
                    state__in=[FairState.OPEN, FairState.CLOSED, FairState.RUNNING],
                    school__isnull=False,
                )
                & ~Q(place=""),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["-starts_at", "-id"], name="fair_by_time")]

    def __str__(self) -> str:
        return self.title


class Booth(models.Model):
    """A unit's registration for a fair."""

    fair = models.ForeignKey(Fair, models.PROTECT, related_name="booths")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="booths")
    member = models.ForeignKey(UnitMember, models.PROTECT, related_name="+")
    postings = models.ManyToManyField(Posting, related_name="booths")
    state = models.CharField("状态", max_length=10, choices=BoothState, default=BoothState.WAITING)
    number = models.CharField("展位号", max_length=10, default="", blank=True)
    people = models.PositiveSmallIntegerField("参会人数", default=2)
    # Until when a unit that moved up from the waiting list has to confirm.
    confirm_by = models.DateTimeField(null=True, blank=True)
    reason = models.CharField("原因", max_length=200, default="", blank=True)
    created_at = models.DateTimeField("报名时间", db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=80, default="", blank=True)

    class Meta:
        verbose_name = "展位"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=BoothState.values), name="booth_state_known"
            ),
            models.UniqueConstraint(
                fields=["fair", "unit"], condition=Q(state__in=LIVE_BOOTH), name="booth_one_live"
            ),
            models.UniqueConstraint(
                fields=["fair", "number"],
                condition=Q(state__in=[BoothState.APPROVED, BoothState.ATTENDED]) & ~Q(number=""),
                name="booth_number_once",
            ),
            models.CheckConstraint(
                condition=Q(state=BoothState.OFFERED, confirm_by__isnull=False)
                | (~Q(state=BoothState.OFFERED) & Q(confirm_by__isnull=True)),
                name="booth_offer_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.fair}"


class Booking(models.Model):
    """A graduate's booking for a fair or a talk."""

    fair = models.ForeignKey(Fair, models.PROTECT, related_name="bookings", db_index=False)
    graduate = models.ForeignKey(Graduate, models.PROTECT, related_name="bookings")
    school = models.ForeignKey(School, models.PROTECT, db_constraint=False, db_index=False)
    slot = models.DateTimeField("入场时段", null=True, blank=True)
    state = models.CharField(
        "状态", max_length=10, choices=BookingState, default=BookingState.BOOKED
    )
    checked_in_at = models.DateTimeField("签到时间", null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "参会预约"
        constraints = [
            models.UniqueConstraint(fields=["fair", "graduate"], name="booking_once"),
            models.CheckConstraint(
                condition=Q(state__in=BookingState.values), name="booking_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=BookingState.CHECKED_IN, checked_in_at__isnull=False)
                | (~Q(state=BookingState.CHECKED_IN) & Q(checked_in_at__isnull=True)),
                name="booking_checked_in_paired",
            ),
        ]
        indexes = [models.Index(fields=["fair", "slot", "state"], name="booking_by_slot")]

    def __str__(self) -> str:
        return f"预约 {self.pk}"
