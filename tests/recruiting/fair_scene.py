"""Fairs, talks and booths, built by the actions that the pages call."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from employers.models import UnitMember
from graduates.models import Graduate
from recruiting import fair_queries
from recruiting.actions import booths, fairs, talks
from recruiting.models import Booking, Booth, Fair
from recruiting.states import BoothState, FairKind, PostingState
from schools.roles import Role
from tests.factories import World
from tests.recruiting import scene


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
    move(fair, by)
    return fair


def end_now(fair: Fair) -> Fair:
    """Move an event so that it has just ended; the clock has not noticed it yet."""
    move(fair, timezone.now() - datetime.timedelta(minutes=5) - fair.ends_at)
    return fair


def move(fair: Fair, by: datetime.timedelta) -> None:
    """Move an event with the end of its registration, unseen by anybody."""
    Fair.objects.filter(pk=fair.pk).update(
        starts_at=fair.starts_at + by, ends_at=fair.ends_at + by, apply_until=fair.apply_until + by
    )
    fair.refresh_from_db()


def make_exhibitor(world: World, **values: Any) -> UnitMember:
    """A verified person of a unit that may recruit and has a published posting."""
    member = scene.make_recruiter(**values)
    scene.make_posting(member, PostingState.PUBLISHED, by=world)
    return member


def register(fair: Fair, member: UnitMember, **changes: Any) -> Booth:
    """The person's unit registers with all of its published postings."""
    ids = list(fair_queries.published_by(member.unit_id).values_list("pk", flat=True))
    return booths.register(
        **{"fair_id": fair.pk, "member": member, "posting_ids": ids, "people": 2} | changes
    )


def make_booth(world: World, fair: Fair, state: str = BoothState.WAITING) -> Booth:
    """A new unit's registration for the fair as far as `state`: waiting, approved or reserve. A reserve
    takes a fair without a free booth."""
    booth = register(fair, make_exhibitor(world))
    if state == BoothState.APPROVED:
        return booths.approve(booth_id=booth.pk, by=host_of(world, fair))
    if state == BoothState.RESERVE:
        return booths.reserve(booth_id=booth.pk, by=host_of(world, fair))
    return booth


def host_of(world: World, fair: Fair) -> User:
    return world.user(Role.PROVINCE if fair.school_id is None else Role.SCHOOL_ADMIN)


def typed_talk(**changes: Any) -> dict[str, Any]:
    """Valid, made-up terms of a talk that a unit applies for, in three weeks."""
    day = timezone.localtime() + datetime.timedelta(days=21)
    start = day.replace(hour=14, minute=0, second=0, microsecond=0)
    return {
        "kind": FairKind.TALK, "title": "虚构公司校园宣讲会", "starts_at": start,
        "ends_at": start + datetime.timedelta(hours=2), "place": "", "link": "",
        "text": "介绍公司和岗位。", "capacity": 100,
    } | changes  # fmt: skip


def apply_for_talk(world: World, member: UnitMember | None = None, **changes: Any) -> Fair:
    """A talk at the school that a unit applied for."""
    return talks.apply(
        school_id=world.school.pk, member=member or make_exhibitor(world),
        typed=typed_talk(**changes),
    )  # fmt: skip


def approve_talk(world: World, talk: Fair, **changes: Any) -> Fair:
    """The school approves the talk in the lecture hall."""
    terms = {
        "kind": talk.kind, "title": talk.title, "starts_at": talk.starts_at, "ends_at": talk.ends_at,
        "place": "报告厅", "link": talk.link, "text": talk.text, "capacity": talk.capacity,
        "booths_offered": None, "slot_minutes": None, "slot_cap": None,
        "apply_until": talk.apply_until, "school_ids": talk.school_ids,
    }  # fmt: skip
    return talks.approve(
        fair_id=talk.pk, typed=terms | changes, version=talk.version, by=world.school_admin
    )


def edit(world: World, fair: Fair, **changes: Any) -> Fair:
    """The host changes some terms of the event, as its form is filled in."""
    fair.refresh_from_db()
    keys = typed_fair()
    terms = {key: getattr(fair, key) for key in keys}
    return fairs.edit(
        fair_id=fair.pk, typed=terms | changes, version=fair.version, by=host_of(world, fair)
    )


def book(fair: Fair, graduate: Graduate, slot: datetime.datetime | None = None) -> Booking:
    """A booking as a graduate's page makes it."""
    return Booking.objects.create(
        fair=fair, graduate=graduate, school_id=graduate.school_id, slot=slot
    )
