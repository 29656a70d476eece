"""Units register for fairs; hosts give booths, keep a waiting list and note who came.

Every step locks the fair first, so the number of free booths can't change between being counted and a
booth being given. Reserves exist only while no booth is free: as soon as one becomes free, it is offered
to the first of them.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core import audit
from core.clock import database_now
from core.errors import DomainError, Invalid, Refused
from employers.models import Unit, UnitMember
from recruiting.actions.fair_base import lock, read_reason, tell_host, when
from recruiting.actions.posting_base import tell_recruiters, unit_actor
from recruiting.fair_queries import (
    COMING,
    ON_THE_LIST,
    TAKES_BOOTH,
    open_for_units,
    published_by,
    taken_booths,
)
from recruiting.fair_steps import BOOTH, CORRECT_WITHIN
from recruiting.models import Booth, Fair, RecruitingRules
from recruiting.models.fairs import LIVE_BOOTH
from recruiting.rules.fairs import ON_SITE
from recruiting.states import BoothState, FairState
from recruiting.unit_standing import (
    barred_from_fairs_until,
    check_recruits_for,
    recruiting_refusals,
)

MOST_PEOPLE = 20
CONFIRM_WITHIN = datetime.timedelta(hours=24)
_AT_ONCE = 1000
_S = BoothState


def registration_refusals(fair: Fair, unit: Unit) -> list[DomainError]:
    """Every reason why the unit can't register for the fair now, for its page."""
    refusals: list[DomainError] = []
    if not open_for_units().filter(pk=fair.pk).exists():
        refusals.append(Refused("closed", "活动没有开放单位报名，或报名已截止。"))
    if fair.booths.filter(unit=unit, state__in=LIVE_BOOTH).exists():
        refusals.append(Refused("registered", "单位已报名，每个单位一个展位。"))
    refusals += recruiting_refusals(unit)
    until = barred_from_fairs_until(unit)
    if until is not None:
        refusals.append(
            Refused(
                "barred",
                f"单位一年内{RecruitingRules.current().absences}次报名后未到场，"
                f"{until.year}年{until.month}月{until.day}日以前不能报名。",
            )
        )
    return refusals


def register(
    *, fair_id: int, member: UnitMember, posting_ids: Collection[int], people: int | None
) -> Booth:
    """Register the person's unit for a fair with some of its published postings. Raises `Invalid`, and
    the first reason why the unit can't register."""
    check_recruits_for(member.user, member.unit_id)
    with transaction.atomic():
        # The unit first: a sanction locks it, too, before it drops the unit's booths.
        unit = Unit.objects.select_for_update(no_key=True).get(pk=member.unit_id)
        fair = lock(fair_id)
        for refusal in registration_refusals(fair, unit):
            raise refusal
        booth = _create(fair, unit, member, posting_ids, people)
        audit.record("recruiting.register_booth", by=unit_actor(member), obj=booth)
        day = timezone.localdate().isoformat()
        tell_host(fair, f"“{fair.title}”收到新的单位报名", key=f"registered:{day}")
    return booth


def _create(
    fair: Fair, unit: Unit, member: UnitMember, posting_ids: Collection[int], people: int | None
) -> Booth:
    postings = published_by(unit.pk).filter(pk__in=posting_ids)
    found = list(postings.values_list("pk", flat=True))
    errors: dict[str, list[str]] = {}
    if not found:
        errors["postings"] = ["请选择至少一个正在发布的职位。"]
    elif len(found) < len(set(posting_ids)):
        errors["postings"] = ["所选的职位有的已停止发布，请重新选择。"]
    if not 1 <= (people or 0) <= MOST_PEOPLE:
        errors["people"] = [f"参会人数为1至{MOST_PEOPLE}。"]
    if errors:
        raise Invalid(errors)
    booth = Booth.objects.create(fair=fair, unit=unit, member=member, people=people or 0)
    booth.postings.set(found)
    return booth


@contextmanager
def take_step(action: str, booth_id: int, by: User | None) -> Iterator[Booth]:
    """A transaction for one step on a booth: lock the fair, then the booth, and ask the transition
    table."""
    with transaction.atomic():
        fair = lock(Booth.objects.values_list("fair_id", flat=True).get(pk=booth_id))
        rows = Booth.objects.select_for_update(of=("self",)).select_related("unit", "member__user")
        booth = rows.get(pk=booth_id)
        booth.fair = fair
        BOOTH.check(action, booth, by)
        yield booth


# --- the host ----------------------------------------------------------------------------------


def approve(*, booth_id: int, by: User, number: int | None = None) -> Booth:
    """Give the unit a booth: that with the number, or the next free one. Raises `Invalid` if another
    unit has the number."""
    with take_step("approve", booth_id, by) as booth:
        fair = booth.fair
        if free_booths(fair) <= 0:
            raise Refused("full", f"{fair.booths_offered}个展位已全部安排，请列入候补或谢绝。")
        _decide(booth, _S.APPROVED, by, number=_number_for(fair, number))
        _record("approve_booth", booth, by)
        _tell(
            booth, f"“{fair.title}”报名已通过，展位{booth.number}",
            text=f"{when(fair)}，{fair.place or fair.link}。", key="approved",
        )  # fmt: skip
    return booth


def free_booths(fair: Fair) -> int:
    return fair.booths_offered - taken_booths(fair)


def _number_for(fair: Fair, wanted: int | None) -> str:
    """The number as it is stored, with leading zeros, so that lists have them in order."""
    given = fair.booths.filter(state__in=ON_THE_LIST).exclude(number="")
    units = dict(given.values_list("number", "unit__name"))
    if wanted is None:
        numbers = (f"{n:03d}" for n in range(1, fair.booths_offered + 1))
        return next(number for number in numbers if number not in units)
    if not 1 <= wanted <= fair.booths_offered:
        raise Invalid({"number": [f"展位号为1至{fair.booths_offered}。"]})
    number = f"{wanted:03d}"
    if number in units:
        raise Invalid({"number": [f"展位{number}已给“{units[number]}”，请另选。"]})
    return number


def renumber(*, booth_id: int, number: int | None, by: User) -> Booth:
    """Give an approved unit another booth. Raises `Invalid` if another unit has the number."""
    with take_step("renumber", booth_id, by) as booth:
        if number is None:
            raise Invalid({"number": ["请填写展位号。"]})
        if f"{number:03d}" != booth.number:
            booth.number = _number_for(booth.fair, number)
            booth.save(update_fields=["number"])
            _record("renumber_booth", booth, by)
            title = f"“{booth.fair.title}”的展位改为{booth.number}"
            _tell(booth, title, key=f"number:{database_now():%m%d%H%M%S}")
    return booth


def reserve(*, booth_id: int, by: User) -> Booth:
    """Put the unit on the waiting list. Refused while a booth is free."""
    with take_step("reserve", booth_id, by) as booth:
        free = free_booths(booth.fair)
        if free > 0:
            raise Refused("free", f"还有{free}个空展位，可以直接通过。")
        _decide(booth, _S.RESERVE, by)
        _record("reserve_booth", booth, by)
        _tell(
            booth, f"“{booth.fair.title}”报名已列入候补",
            text="有展位空出时按报名先后递补，会通知您确认。", key="reserve",
        )  # fmt: skip
    return booth


def decline(*, booth_id: int, reason: str, by: User) -> Booth:
    reason = read_reason(reason)
    with take_step("decline", booth_id, by) as booth:
        _decide(booth, _S.DECLINED, by, reason=reason)
        _record("decline_booth", booth, by, reason)
        title = f"“{booth.fair.title}”报名未获通过"
        _tell(booth, title, text=f"原因：{reason}", key="declined")
    return booth


def arrive(*, booth_id: int, by: User) -> Booth:
    """Note that the unit has come; within 7 days after the end, too, if that was forgotten."""
    with take_step("arrive", booth_id, by) as booth:
        _decide(booth, _S.ATTENDED, by)
        _record("arrive_booth", booth, by)
    return booth


def undo_arrival(*, booth_id: int, by: User) -> Booth:
    """Take back an arrival that was noted by mistake, before the end."""
    with take_step("undo_arrival", booth_id, by) as booth:
        _decide(booth, _S.APPROVED, by)
        _record("undo_arrival", booth, by)
    return booth


# --- the unit ----------------------------------------------------------------------------------


def cancel(*, booth_id: int, by: UnitMember) -> Booth:
    """Give the booth back, or the registration up. An approved booth only until registration ends."""
    with take_step("cancel", booth_id, by.user) as booth:
        fair = booth.fair
        had_booth = booth.state in TAKES_BOOTH
        _end(booth, _S.CANCELLED)
        _record("cancel_booth", booth, by)
        if had_booth:
            title = f"{booth.unit.name}取消了“{fair.title}”的展位"
            tell_host(fair, title, key=f"booth:{booth.pk}:cancelled")
        fill(fair)
    return booth


def confirm(*, booth_id: int, by: UnitMember) -> Booth:
    """Take the booth that became free, before the time given for it is over."""
    with take_step("confirm", booth_id, by.user) as booth:
        booth.number = _number_for(booth.fair, None)
        booth.state, booth.confirm_by = _S.APPROVED, None
        booth.save(update_fields=["state", "number", "confirm_by"])
        _record("confirm_booth", booth, by)
    return booth


# --- the clock ---------------------------------------------------------------------------------


def fill(fair: Fair) -> int:
    """Offer free booths of a locked fair to the reserves that registered first; returns how many. A
    unit that may not recruit at present is left out until it may."""
    now, offered = database_now(), 0
    if fair.state not in (FairState.OPEN, FairState.CLOSED) or fair.starts_at <= now:
        return 0
    free = free_booths(fair)
    rows = fair.booths.filter(state=_S.RESERVE).select_related("unit").order_by("created_at", "id")
    for booth in rows.select_for_update(of=("self",)) if free > 0 else ():
        if offered == free:
            break
        if recruiting_refusals(booth.unit):
            continue
        booth.fair = fair
        BOOTH.check("promote", booth, None)
        booth.state, booth.confirm_by = _S.OFFERED, min(now + CONFIRM_WITHIN, fair.starts_at)
        booth.save(update_fields=["state", "confirm_by"])
        _record("promote_booth", booth, None)
        until = timezone.localtime(booth.confirm_by)
        _tell(
            booth, f"“{fair.title}”有展位空出，请确认参会",
            text=f"请在{until:%m月%d日 %H:%M}前确认，逾期让给下一个候补单位。", key="offered",
        )  # fmt: skip
        offered += 1
    return offered


def lapse_due() -> int:
    """Take back the booths that units did not confirm in time and offer them to the next ones; returns
    how many were taken back."""
    due = Booth.objects.filter(state=_S.OFFERED, confirm_by__lte=Now()).order_by("confirm_by", "id")
    lapsed = 0
    for pk in due.values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            with take_step("lapse", pk, None) as booth:
                _end(booth, _S.DECLINED, reason="没有在规定时间内确认")
                _record("lapse_booth", booth, None)
                _tell(booth, f"“{booth.fair.title}”的展位逾期未确认，已让出", key="lapsed")
                fill(booth.fair)
                lapsed += 1
        except DomainError:
            continue  # the unit confirmed at the last moment
    return lapsed


def fill_due() -> int:
    """Offer the booths that are free while units wait for one, whatever made them free; returns how
    many."""
    waiting = Count("booths", filter=Q(booths__state=_S.RESERVE))
    taken = Count("booths", filter=Q(booths__state__in=TAKES_BOOTH))
    rows = Fair.objects.filter(state__in=[FairState.OPEN, FairState.CLOSED], starts_at__gt=Now())
    rows = rows.annotate(waiting=waiting, taken=taken).filter(
        waiting__gt=0, taken__lt=F("booths_offered")
    )
    offered = 0
    for pk in rows.order_by("id").values_list("pk", flat=True)[:_AT_ONCE]:
        with transaction.atomic():
            offered += fill(lock(pk))
    return offered


def end(fair: Fair) -> int:
    """What the end of a locked fair means for its units; returns how many were marked as absent.

    Nobody is absent if the fair was online or the host noted no arrival at all.
    """
    rows = fair.booths.select_related("unit").order_by("id")
    undecided = [*BOOTH.sources("pass_over"), *BOOTH.sources("lapse")]
    rows.filter(state__in=undecided).update(
        state=_S.DECLINED, confirm_by=None, decided_at=timezone.now(), reason="活动已结束"
    )
    if fair.kind not in ON_SITE or not rows.filter(state=_S.ATTENDED).exists():
        return 0
    missed = list(rows.filter(state__in=BOOTH.sources("miss")))
    rows.filter(pk__in=[booth.pk for booth in missed]).update(state=_S.ABSENT)
    for booth in missed:
        booth.fair = fair
        most = RecruitingRules.current().absences
        text = f"如有误请在{CORRECT_WITHIN.days}天内联系主办方更正。"
        if most:
            text = f"一年内{most}次未到场的，一年内不能报名招聘会。{text}"
        _tell(booth, f"“{fair.title}”报名后未到场", text=text, key="absent")
    return len(missed)


def drop_of_fair(fair: Fair) -> None:
    """End every registration for a locked fair that is called off. The units have been told."""
    live = fair.booths.filter(state__in=BOOTH.sources("drop"))
    live.update(state=_S.CANCELLED, confirm_by=None, decided_at=timezone.now(), reason="活动已取消")


def drop_of_unit(unit: Unit, *, until: datetime.date) -> int:
    """End the registrations of a unit that may not recruit until a day, for fairs that begin by then;
    returns how many. The caller has locked the unit and tells it of the sanction."""
    live = Booth.objects.filter(unit=unit, state__in=BOOTH.sources("drop"))
    live = live.filter(fair__starts_at__date__lte=until, fair__state__in=COMING)
    dropped = 0
    for pk in live.order_by("fair_id").values_list("pk", flat=True):
        try:
            with take_step("drop", pk, None) as booth:
                _end(booth, _S.CANCELLED, reason="单位被暂停招聘或列入黑名单")
                _record("drop_booth", booth, None)
                title = f"{unit.name}不能参加“{booth.fair.title}”，展位已取消"
                tell_host(booth.fair, title, key=f"booth:{booth.pk}:dropped")
                fill(booth.fair)
                dropped += 1
        except DomainError:
            continue  # it ended at the last moment
    return dropped


# --- shared ------------------------------------------------------------------------------------


def _decide(
    booth: Booth, state: BoothState, by: User, *, number: str | None = None, reason: str = ""
) -> None:
    booth.state, booth.confirm_by, booth.reason = state, None, reason
    booth.decided_at, booth.decided_by = timezone.now(), by.label
    if number is not None:
        booth.number = number
    booth.save()


def _end(booth: Booth, state: BoothState, *, reason: str = "") -> None:
    booth.state, booth.confirm_by, booth.reason = state, None, reason
    booth.decided_at = timezone.now()
    booth.save(update_fields=["state", "confirm_by", "reason", "decided_at"])


def _record(action: str, booth: Booth, by: User | UnitMember | None, reason: str = "") -> None:
    actor = unit_actor(by) if isinstance(by, UnitMember) else by
    data = {"fair": booth.fair_id, "number": booth.number}
    audit.record(
        f"recruiting.{action}", by=actor, obj=booth, reason=reason, data=data,
        school_id=booth.fair.school_id,
    )  # fmt: skip


def _tell(booth: Booth, title: str, *, text: str = "", key: str) -> None:
    tell_recruiters(
        booth.unit, title, text=text, link=reverse("employer-fair", args=[booth.fair_id]),
        key=f"booth:{booth.pk}:{key}",
    )  # fmt: skip
