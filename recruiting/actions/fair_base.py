"""What all actions on a fair or a talk do: lock it, ask the transition table, give it its place, tell
those who registered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from codes import text as texts
from core.errors import Conflict, Invalid, Refused
from recruiting.actions.posting_base import STALE, tell_recruiters
from recruiting.fair_queries import COMING
from recruiting.fair_steps import FAIR
from recruiting.models import Fair
from recruiting.models.fairs import LIVE_BOOTH
from recruiting.states import FairState

LONGEST_REASON = 200
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


def read_reason(typed: str) -> str:
    """The reason for a refusal or a cancellation. Raises `Invalid` if it is missing or too long."""
    reason = texts.clean_lines(typed)
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid({"reason": [f"请填写原因，最多{LONGEST_REASON}个字。"]})
    return reason


# --- places ------------------------------------------------------------------------------------


def enter(fair: Fair, state: FairState) -> None:
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
    other = overlapping(others, fair).first()
    if other is not None:
        raise Refused(
            "place_taken", f"“{fair.place}”在{when(other)}已安排“{other.title}”，请另选时间或地点。",
            field="place",
        )  # fmt: skip


def check_unit_free(fair: Fair) -> None:
    """Raise `Refused` if the unit of a talk gives another one at that time."""
    if fair.unit_id is None:
        return
    other = overlapping(Fair.objects.filter(unit=fair.unit_id), fair).first()
    if other is not None:
        raise Refused(
            "unit_busy", f"单位在{when(other)}已有“{other.title}”，请另选时间。", field="starts_at"
        )


def overlapping(rows: QuerySet[Fair], fair: Fair) -> QuerySet[Fair]:
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


# --- telling -----------------------------------------------------------------------------------


def tell_host(fair: Fair, title: str, *, text: str = "", key: str) -> None:
    to = "province" if fair.school_id is None else f"school:{fair.school_id}"
    link = reverse("console:fair", args=[fair.pk])
    inbox.tell(to, title, text=text, link=link, key=f"fair:{fair.pk}:{key}")


def tell_units(fair: Fair, title: str, *, text: str = "", key: str) -> None:
    """Tell the units that are registered for a fair, or the one that gives the talk."""
    link, key = reverse("employer-fair", args=[fair.pk]), f"fair:{fair.pk}:{key}"
    if fair.unit is not None:
        tell_recruiters(fair.unit, title, text=text, link=link, key=key)
    for booth in fair.booths.filter(state__in=LIVE_BOOTH).select_related("unit").order_by("id"):
        tell_recruiters(booth.unit, title, text=text, link=link, key=key)
