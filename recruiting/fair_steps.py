"""The transition tables of fairs and talks, booths and bookings (DOMAIN-AROUND §2)."""

from __future__ import annotations

import datetime

from django.utils import timezone

from accounts.models import User
from core.clock import database_now
from core.errors import Refused
from core.states import Machine, Step, roles, states
from recruiting.acting import CLOCK, GRADUATE, UNIT, role_of
from recruiting.fair_queries import COMING
from recruiting.models import Booking, Booth, Fair
from recruiting.rules.fairs import ON_SITE
from recruiting.states import BookingState, BoothState, FairState
from recruiting.unit_standing import check_may_recruit, check_recruits_for
from recruiting.visiting import CHECK_IN_BEFORE
from schools.roles import Level
from schools.scope import staff_of

# So long after its end a host may still note that a unit came.
CORRECT_WITHIN = datetime.timedelta(days=7)


def by_the_host(row: Fair | Booth, actor: User) -> None:
    """A school runs its own events, the province its own and all others."""
    fair = row.fair if isinstance(row, Booth) else row
    staff = staff_of(actor)
    if staff is None or staff.role_level == Level.PROVINCE:
        return
    if fair.school_id != staff.school_id:
        raise Refused("other_host", "只能办理本校主办的活动。")


def by_recruiter(row: Fair | Booth, actor: User) -> None:
    if row.unit_id is None:
        raise Refused("not_yours", "只有申请单位可以操作。")
    check_recruits_for(actor, row.unit_id)


def unit_may_recruit(row: Fair | Booth, actor: User) -> None:
    if row.unit is not None:
        check_may_recruit(row.unit)


def still_on(booth: Booth, actor: User) -> None:
    if booth.fair.state not in COMING:
        raise Refused("over", f"活动{booth.fair.get_state_display()}，不能再办理。")


def before_cut_off(booth: Booth, actor: User) -> None:
    if booth.state == BoothState.APPROVED and database_now() >= booth.fair.apply_until:
        raise Refused("too_late", "报名已截止，不能取消；确实不能参会的，请联系主办方。")


def in_time(booth: Booth, actor: User) -> None:
    if booth.confirm_by is None or database_now() >= booth.confirm_by:
        raise Refused("too_late", "确认时间已过，展位已让给下一个候补单位。")


def time_to_arrive(booth: Booth, actor: User) -> None:
    fair, now = booth.fair, database_now()
    if fair.kind not in ON_SITE:
        raise Refused("online", "网络活动不用标记到场。")
    if fair.state == FairState.CANCELLED:
        raise Refused("over", "活动已取消，不能标记到场。")
    if timezone.localdate(now) < timezone.localdate(fair.starts_at):
        raise Refused("early", "活动当天起可以标记到场。")
    if now > fair.ends_at + CORRECT_WITHIN:
        raise Refused("late", f"活动结束满{CORRECT_WITHIN.days}天后不能再标记到场。")


_F = FairState
_HOSTS = roles(Level.SCHOOL, Level.PROVINCE)
FAIR = Machine(
    name="招聘活动",
    labels=dict(FairState.choices),
    state_of=lambda fair: fair.state,
    role_of=role_of,
    steps=(
        Step("edit", "修改", _HOSTS, states(_F.DRAFT, _F.OPEN, _F.CLOSED), None, (by_the_host,)),
        Step("open", "开放报名", _HOSTS, states(_F.DRAFT), _F.OPEN, (by_the_host,),
             "refused while another event has the place at that time"),
        Step("approve", "批准", _HOSTS, states(_F.APPLIED), _F.OPEN, (by_the_host, unit_may_recruit),
             "a unit's talk, with time and room"),
        Step("refuse", "不批准", _HOSTS, states(_F.APPLIED), _F.REFUSED, (by_the_host,),
             needs_reason=True),
        Step("withdraw", "撤回", roles(UNIT), states(_F.APPLIED), _F.CANCELLED, (by_recruiter,)),
        Step("expire", "逾期未批", roles(CLOCK), states(_F.APPLIED), _F.REFUSED, (),
             "when the talk would begin"),
        Step("close", "报名截止", roles(CLOCK), states(_F.OPEN), _F.CLOSED),
        Step("run", "开始", roles(CLOCK), states(_F.OPEN, _F.CLOSED), _F.RUNNING),
        Step("end", "结束", roles(CLOCK), states(_F.RUNNING), _F.ENDED, (),
             "units and graduates who did not come are marked"),
        Step("cancel", "取消", _HOSTS, states(_F.DRAFT, _F.OPEN, _F.CLOSED, _F.RUNNING),
             _F.CANCELLED, (by_the_host,), "everybody registered is told", needs_reason=True),
        Step("bar", "因处理取消", roles(CLOCK), states(_F.APPLIED, _F.OPEN, _F.CLOSED), _F.CANCELLED, (),
             "the talk of a unit that was suspended or blacklisted"),
    ),
)  # fmt: skip

_B = BoothState
BOOTH = Machine(
    name="展位",
    labels=dict(BoothState.choices),
    state_of=lambda booth: booth.state,
    role_of=role_of,
    steps=(
        Step("approve", "通过", _HOSTS, states(_B.WAITING, _B.RESERVE), _B.APPROVED,
             (by_the_host, still_on, unit_may_recruit),
             "with a number, while there is a free booth"),
        Step("renumber", "更改展位号", _HOSTS, states(_B.APPROVED), None, (by_the_host, still_on),
             "to a free one"),
        Step("reserve", "候补", _HOSTS, states(_B.WAITING), _B.RESERVE, (by_the_host, still_on),
             "when no booth is free"),
        Step("decline", "谢绝", _HOSTS, states(_B.WAITING, _B.RESERVE), _B.DECLINED, (by_the_host,),
             needs_reason=True),
        Step("promote", "递补", roles(CLOCK), states(_B.RESERVE), _B.OFFERED, (),
             "when a booth becomes free"),
        Step("confirm", "确认参会", roles(UNIT), states(_B.OFFERED), _B.APPROVED,
             (by_recruiter, still_on, in_time, unit_may_recruit), "within 24 hours"),
        Step("lapse", "未确认", roles(CLOCK), states(_B.OFFERED), _B.DECLINED, (),
             "the next one moves up"),
        Step("cancel", "取消报名", roles(UNIT),
             states(_B.WAITING, _B.APPROVED, _B.RESERVE, _B.OFFERED), _B.CANCELLED,
             (by_recruiter, still_on, before_cut_off), "an approved booth until registration ends"),
        Step("arrive", "到场", _HOSTS, states(_B.APPROVED, _B.ABSENT), _B.ATTENDED,
             (by_the_host, time_to_arrive), "from the first day of the fair until 7 days after its end"),
        Step("undo_arrival", "撤销到场", _HOSTS, states(_B.ATTENDED), _B.APPROVED,
             (by_the_host, still_on), "until the end of the fair"),
        Step("miss", "未到场", roles(CLOCK), states(_B.APPROVED), _B.ABSENT, (),
             "twice bars the unit from fairs for a year"),
        Step("pass_over", "活动结束", roles(CLOCK), states(_B.WAITING, _B.RESERVE), _B.DECLINED, (),
             "at the end of the fair"),
        Step("drop", "随活动或处理取消", roles(CLOCK),
             states(_B.WAITING, _B.APPROVED, _B.RESERVE, _B.OFFERED), _B.CANCELLED, (),
             "the fair is called off, or the unit suspended or blacklisted"),
    ),
)  # fmt: skip


def by_the_graduate(booking: Booking, actor: User) -> None:
    if booking.graduate.person.user_id != actor.pk:
        raise Refused("not_yours", "只有本人可以操作。")


def registration_open(booking: Booking, actor: User) -> None:
    fair = booking.fair
    if fair.state == FairState.CANCELLED:
        raise Refused("cancelled", "活动已取消。")
    if fair.state != FairState.OPEN or database_now() > fair.apply_until:
        raise Refused("closed", "报名已截止。")


def not_begun(booking: Booking, actor: User) -> None:
    fair = booking.fair
    if fair.state not in (FairState.OPEN, FairState.CLOSED) or database_now() >= fair.starts_at:
        raise Refused("begun", "活动已开始、结束或取消，不能取消预约。")


def time_to_check_in(booking: Booking, actor: User) -> None:
    fair, now = booking.fair, database_now()
    if fair.kind not in ON_SITE:
        raise Refused("online", "网络活动不用签到。")
    if fair.state == FairState.CANCELLED:
        raise Refused("cancelled", "活动已取消，不能签到。")
    if fair.state == FairState.ENDED or now >= fair.ends_at:
        raise Refused("over", "活动已结束，不能签到。")
    if fair.state not in (FairState.OPEN, FairState.CLOSED, FairState.RUNNING):
        raise Refused("not_open", "活动没有开放，不能签到。")
    if now < fair.starts_at - CHECK_IN_BEFORE:
        raise Refused("early", "活动开始前1小时起可以签到，请届时再扫码。")


_K = BookingState
BOOKING = Machine(
    name="参会预约",
    labels=dict(BookingState.choices),
    state_of=lambda booking: booking.state,
    role_of=role_of,
    steps=(
        Step("book", "预约", roles(GRADUATE), states(), _K.BOOKED, (),
             "the audience, until registration ends, while there is room"),
        Step("move", "更改时段", roles(GRADUATE), states(_K.BOOKED), None,
             (by_the_graduate, registration_open), "into a slot with room"),
        Step("check_in", "签到", roles(GRADUATE), states(_K.BOOKED), _K.CHECKED_IN,
             (by_the_graduate, time_to_check_in),
             "by the code on the spot, once; who has not booked gets a place if there is room"),
        Step("cancel", "取消预约", roles(GRADUATE), states(_K.BOOKED), _K.CANCELLED,
             (by_the_graduate, not_begun), "until the start"),
        Step("book_again", "重新预约", roles(GRADUATE), states(_K.CANCELLED), _K.BOOKED,
             (by_the_graduate, registration_open), "while there is room"),
        Step("miss", "未到", roles(CLOCK), states(_K.BOOKED), _K.ABSENT, (),
             "at the end, if anybody checked in; never for online events"),
    ),
)  # fmt: skip
