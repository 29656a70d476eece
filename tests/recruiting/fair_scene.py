"""Fairs, talks and booths, built by the actions that the pages call."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from recruiting.actions import fairs
from recruiting.models import Fair
from recruiting.states import FairKind
from schools.roles import Role
from tests.factories import World


def typed_fair(**changes: Any) -> dict[str, Any]:
    """Valid, made-up terms of a fair in ten days, from 9 to 12 o'clock."""
    day = timezone.localtime() + datetime.timedelta(days=10)
    start = day.replace(hour=9, minute=0, second=0, microsecond=0)
    return {
        "kind": FairKind.FAIR, "title": "春季双选会", "starts_at": start,
        "ends_at": start + datetime.timedelta(hours=3), "place": "体育馆", "link": "",
        "text": "请携带简历。", "capacity": 500, "booths_offered": 20, "slot_minutes": None,
        "slot_cap": None, "apply_until": start - datetime.timedelta(days=2), "school_ids": [],
    } | changes  # fmt: skip


def make_fair(world: World, *, role: str = Role.SCHOOL_ADMIN, **changes: Any) -> Fair:
    """A draft of the school's, or with `role` of the province's."""
    return fairs.create(typed=typed_fair(**changes), by=world.user(role))


def open_fair(world: World, *, role: str = Role.SCHOOL_ADMIN, **changes: Any) -> Fair:
    """A fair for which units and graduates register now."""
    fair = make_fair(world, role=role, **changes)
    return fairs.open_registration(fair_id=fair.pk, by=world.user(role))


def open_talk(world: World, **changes: Any) -> Fair:
    """A talk of the school's for which graduates register now."""
    of_talk = {"kind": FairKind.TALK, "title": "虚构公司宣讲会", "place": "报告厅"}
    return open_fair(world, **of_talk | changes)


def begin_now(fair: Fair, *, hours: float = 0.5) -> Fair:
    """Move an event so that it began `hours` ago; the clock has not noticed it yet."""
    by = timezone.now() - datetime.timedelta(hours=hours) - fair.starts_at
    _move(fair, by)
    return fair


def end_now(fair: Fair) -> Fair:
    """Move an event so that it has just ended; the clock has not noticed it yet."""
    _move(fair, timezone.now() - datetime.timedelta(minutes=5) - fair.ends_at)
    return fair


def _move(fair: Fair, by: datetime.timedelta) -> None:
    Fair.objects.filter(pk=fair.pk).update(
        starts_at=fair.starts_at + by, ends_at=fair.ends_at + by, apply_until=fair.apply_until + by
    )
    fair.refresh_from_db()
