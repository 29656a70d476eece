"""What hosts do with fairs and talks: write, change, open, cancel; and what the clock does with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, QuerySet
from django.utils import timezone

from accounts.models import User
from core import audit
from core.clock import database_now
from core.errors import DomainError, Invalid, NotPermitted
from recruiting.actions import bookings, booths
from recruiting.actions.fair_base import (
    RELATED,
    check_unit_free,
    enter,
    read_reason,
    save,
    take_step,
    tell_units,
    when,
)
from recruiting.fair_queries import highest_number, taken_booths
from recruiting.models import Booking, Fair
from recruiting.rules.fairs import TALKS, check_ahead, check_terms
from recruiting.states import FairState
from recruiting.visiting import HAS_PLACE
from schools.models import School
from schools.roles import Level
from schools.scope import staff_of

_AT_ONCE = 1000
# What everybody registered is told of when it changes.
_TOLD = ("starts_at", "ends_at", "place", "link")


def create(*, typed: Mapping[str, Any], by: User) -> Fair:
    """Write a new event of the person's school, or of the province. Raises `Invalid`."""
    staff = staff_of(by)
    if staff is None or staff.role_level not in (Level.SCHOOL, Level.PROVINCE):
        raise NotPermitted("role", "只有学校和省级可以举办招聘活动。")
    values = check_terms({**typed, "school_ids": known_schools(typed["school_ids"])})
    with transaction.atomic():
        fair = Fair.objects.create(school_id=staff.school_id, created_by=by.label, **values)
        fair = Fair.objects.select_related(*RELATED).get(pk=fair.pk)
        audit.record("recruiting.create_fair", by=by, obj=fair)
    return fair


def known_schools(ids: list[int]) -> list[int]:
    return sorted(School.objects.filter(pk__in=ids, is_open=True).values_list("pk", flat=True))


def open_registration(*, fair_id: int, by: User, version: int | None = None) -> Fair:
    """Units and graduates register from now on. Refused while another event has the place."""
    with take_step("open", fair_id, by, version=version) as fair:
        check_ahead({"starts_at": fair.starts_at, "apply_until": fair.apply_until})
        enter(fair, FairState.OPEN)
        audit.record("recruiting.open_fair", by=by, obj=fair)
    return fair


def edit(*, fair_id: int, typed: Mapping[str, Any], version: int, by: User) -> Fair:
    """Change an event. Those registered are told of another time or place. Later slots of visitors move
    with the start. If registration had ended and its new end is ahead, it opens again.

    Raises `Invalid` with what does not fit those who are registered already.
    """
    values = check_terms({**typed, "school_ids": known_schools(typed["school_ids"])})
    with take_step("edit", fair_id, by, version=version) as fair:
        drafted = fair.state == FairState.DRAFT
        if not drafted:
            _check_ahead_of(fair, values)
            if errors := _misfits(fair, values):
                raise Invalid(errors)
        told = [key for key in _TOLD if values[key] != getattr(fair, key)]
        more_booths = values["booths_offered"] > fair.booths_offered
        _move_slots(fair, values)
        for key, value in values.items():
            setattr(fair, key, value)
        check_unit_free(fair)
        if drafted:
            save(fair)
        else:
            enter(fair, _state_after(fair))
        audit.record("recruiting.edit_fair", by=by, obj=fair, data={"told": told})
        if told and not drafted:
            place = fair.place or fair.link
            title, text = f"“{fair.title}”的时间或地点有变化", f"现为{when(fair)}，{place}。"
            key = f"moved:{fair.version}"
            tell_units(fair, title, text=text, key=key)
            mailed = f"您预约的{fair.get_kind_display()}的时间或地点有变化"
            bookings.tell_booked(fair, title, text=text, key=key, mail_title=mailed)
        if more_booths:
            booths.fill(fair)
    return fair


def _check_ahead_of(fair: Fair, values: Mapping[str, Any]) -> None:
    """The start lies ahead; the end of registration does, too, if it is another one than before."""
    until = values["apply_until"]
    if until == fair.apply_until:
        until = max(until, values["starts_at"])
    check_ahead({"starts_at": values["starts_at"], "apply_until": until})


def _state_after(fair: Fair) -> FairState:
    return FairState.OPEN if fair.apply_until > database_now() else FairState.CLOSED


def _misfits(fair: Fair, values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What does not fit the units and graduates that are registered, by field."""
    errors: dict[str, list[str]] = {}
    if values["kind"] != fair.kind and not {values["kind"], fair.kind} <= set(TALKS):
        errors["kind"] = ["开放报名后不能更改类型，请取消后另行发布。"]
    booked = Booking.objects.filter(fair=fair, state__in=HAS_PLACE)
    number = booked.count()
    if values["capacity"] is not None and values["capacity"] < number:
        errors["capacity"] = [f"已有{number}人预约，容纳人数不能少于{number}。"]
    taken = max(taken_booths(fair), highest_number(fair))
    if values["booths_offered"] < taken:
        errors["booths_offered"] = [f"已安排到{taken}个展位，展位数不能少于{taken}。"]
    return errors | _slot_misfits(fair, values, booked)


def _slot_misfits(
    fair: Fair, values: Mapping[str, Any], booked: QuerySet[Booking]
) -> dict[str, list[str]]:
    if not booked.exists():
        return {}
    if values["slot_minutes"] != fair.slot_minutes:
        return {"slot_minutes": ["已有毕业生预约，不能更改入场时段。"]}
    if not fair.slot_minutes:
        return {}
    counts = booked.order_by().values("slot").annotate(number=Count("pk"))
    most = max(counts.values_list("number", flat=True))
    if most > values["slot_cap"]:
        return {"slot_cap": [f"有的时段已有{most}人预约，每时段人数不能少于{most}。"]}
    last = booked.aggregate(last=Max("slot"))["last"]
    if last is not None and last + (values["starts_at"] - fair.starts_at) >= values["ends_at"]:
        return {"ends_at": ["有毕业生预约了更晚的入场时段，请延后结束时间。"]}
    return {}


def _move_slots(fair: Fair, values: Mapping[str, Any]) -> None:
    by = values["starts_at"] - fair.starts_at
    if by and fair.slot_minutes:
        Booking.objects.filter(fair=fair, slot__isnull=False).update(slot=F("slot") + by)


def cancel(*, fair_id: int, reason: str, by: User) -> Fair:
    """Call an event off, and tell every unit and graduate that is registered."""
    reason = read_reason(reason)
    with take_step("cancel", fair_id, by) as fair:
        call_off(fair, reason)
        audit.record("recruiting.cancel_fair", by=by, obj=fair, reason=reason)
    return fair


def call_off(fair: Fair, reason: str) -> None:
    """Bring a locked event to its end before its time, and tell everybody registered."""
    fair.reason, fair.cancelled_at, fair.state = reason, timezone.now(), FairState.CANCELLED
    save(fair)
    tell_units(
        fair, f"“{fair.title}”已取消", text=f"原定{when(fair)}。原因：{reason}", key="cancelled"
    )
    booths.drop_of_fair(fair)
    bookings.tell_cancelled(fair)


# --- the clock ---------------------------------------------------------------------------------


def move_due() -> int:
    """End registrations, begin events and end them, each at its time; returns how many steps were
    taken. An event that was missed for long takes several at once. Run twice, it changes nothing."""
    now, rows = database_now(), Fair.objects.order_by("id")
    return (
        _move(
            "close", rows.filter(state=FairState.OPEN, apply_until__lte=now), "apply_until", _close
        )
        + _move(
            "run",
            rows.filter(state__in=[FairState.OPEN, FairState.CLOSED], starts_at__lte=now),
            "starts_at",
            _run,
        )
        + _move("end", rows.filter(state=FairState.RUNNING, ends_at__lte=now), "ends_at", _end)
    )


def _move(
    action: str, due: QuerySet[Fair], time: str, change: Callable[[Fair], dict[str, int]]
) -> int:
    moved = 0
    for pk in due.values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            with take_step(action, pk, None) as fair:
                if getattr(fair, time) > database_now():
                    continue  # the host put it off at the last moment
                counts = change(fair)
                save(fair)
                audit.record(f"recruiting.{action}_fair", by=None, obj=fair, data=counts)
                moved += 1
        except DomainError:
            continue  # it was cancelled, or another worker was first
    return moved


def _close(fair: Fair) -> dict[str, int]:
    fair.state = FairState.CLOSED
    return {}


def _run(fair: Fair) -> dict[str, int]:
    fair.state = FairState.RUNNING
    return {}


def _end(fair: Fair) -> dict[str, int]:
    fair.state = FairState.ENDED
    return {"absent_units": booths.end(fair), "absent_graduates": bookings.mark_absent(fair)}
