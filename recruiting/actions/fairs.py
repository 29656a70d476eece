"""What hosts do with fairs and talks: write, change, open, cancel, and decide on the talks that units
apply for; and what the clock does with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from core import audit
from core.errors import Conflict, NotPermitted, Refused
from recruiting.actions.posting_base import STALE
from recruiting.fair_queries import COMING
from recruiting.fair_steps import FAIR
from recruiting.models import Fair
from recruiting.rules.fairs import check_ahead, check_terms
from recruiting.states import FairState
from schools.models import School
from schools.roles import Level
from schools.scope import staff_of

RELATED = ("school", "unit", "member__user")
# Kind of the lock under which a host's events are given their places, one after another. The constraint
# on schools' events stands behind it; of two rows written at once it would end one by a deadlock.
_PLACES = 2_071_026


def lock(fair_id: int) -> Fair:
    """The event, locked in the caller's transaction. Every step on it, its booths and its bookings
    begins here, so that they come one after another."""
    rows = Fair.objects.select_for_update(no_key=True, of=("self",)).select_related(*RELATED)
    return rows.get(pk=fair_id)


@contextmanager
def take_step(
    action: str, fair_id: int, by: User | None, *, version: int | None = None
) -> Iterator[Fair]:
    """A transaction for one step on an event: lock it and ask the transition table. `version` is that
    of the page the person saw. Raises `Conflict` if the event has changed since."""
    with transaction.atomic():
        fair = lock(fair_id)
        FAIR.check(action, fair, by)
        if version is not None and version != fair.version:
            raise Conflict("stale", STALE)
        yield fair


def save(fair: Fair) -> None:
    fair.version += 1
    fair.save()


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
        _enter(fair, FairState.OPEN)
        audit.record("recruiting.open_fair", by=by, obj=fair)
    return fair


# --- places ------------------------------------------------------------------------------------


def _enter(fair: Fair, state: FairState) -> None:
    """Save the event in a state in which it needs its place. Raises `Refused` if another event of the
    host has the place at that time, even if it was given it at this very moment."""
    fair.state = state
    if fair.place:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_PLACES, fair.school_id or 0])
    check_place(fair)
    try:
        with transaction.atomic():
            save(fair)
    except IntegrityError as taken:
        if "fair_place_free" not in str(taken):
            raise
        check_place(fair)
        raise Refused("place_taken", "场地刚刚被其他活动占用，请另选时间或地点。") from taken


def check_place(fair: Fair) -> None:
    """Raise `Refused` if another event of the host has the place at that time."""
    if not fair.place:
        return
    others = Fair.objects.filter(school=fair.school_id, place=fair.place)
    other = _overlapping(others, fair).first()
    if other is not None:
        raise Refused(
            "place_taken", f"“{fair.place}”在{when(other)}已安排“{other.title}”，请另选时间或地点。",
            field="place",
        )  # fmt: skip


def _overlapping(rows: QuerySet[Fair], fair: Fair) -> QuerySet[Fair]:
    """The events of `rows` that are to take place at the same time as another event."""
    rows = rows.filter(
        state__in=COMING, starts_at__lt=fair.ends_at, ends_at__gt=fair.starts_at
    ).exclude(pk=fair.pk)
    return rows.order_by("starts_at", "id")


def when(fair: Fair) -> str:
    """When an event takes place, such as 2027年3月5日 09:00至12:00."""
    start, end = timezone.localtime(fair.starts_at), timezone.localtime(fair.ends_at)
    first = f"{start.year}年{start.month}月{start.day}日 {start:%H:%M}"
    if start.date() == end.date():
        return f"{first}至{end:%H:%M}"
    return f"{first}至{end.month}月{end.day}日 {end:%H:%M}"
