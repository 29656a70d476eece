"""Events that graduates book, and what they do there."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from employers.models import UnitMember
from graduates.models import Graduate
from recruiting.actions import bookings
from recruiting.models import Booking, Booth, Fair, Posting
from recruiting.states import BookingState, BoothState, FairState
from schools.roles import Role
from tests.factories import World
from tests.recruiting import fair_scene, scene


def make_fair(world: World, *, role: str = Role.SCHOOL_ADMIN, **changes: Any) -> Fair:
    """A fair in ten days from 9 to 12 o'clock that graduates book now, without a limit; of the school or
    with `role` of the province. What the host does not type, such as another state, is set in the row."""
    typed = {key: changes.pop(key) for key in fair_scene.typed_fair() if key in changes}
    fair = fair_scene.make_fair(world, role=role, **{"capacity": None} | typed)
    Fair.objects.filter(pk=fair.pk).update(**{"state": FairState.OPEN} | changes)
    return Fair.objects.select_related("school", "unit").get(pk=fair.pk)


def begin_now(fair: Fair, *, minutes: int = 30, state: str = FairState.RUNNING) -> Fair:
    """Move an event so that it began so many minutes ago; booked slots move along."""
    by = timezone.now() - datetime.timedelta(minutes=minutes) - fair.starts_at
    for booking in Booking.objects.filter(fair=fair, slot__isnull=False):
        Booking.objects.filter(pk=booking.pk).update(slot=booking.slot + by)
    Fair.objects.filter(pk=fair.pk).update(
        starts_at=fair.starts_at + by, ends_at=fair.ends_at + by,
        apply_until=fair.apply_until + by, state=state,
    )  # fmt: skip
    fair.refresh_from_db()
    return fair


def book(fair: Fair, graduate: Graduate, slot: datetime.datetime | None = None) -> Booking:
    return bookings.book(
        fair_id=fair.pk, graduate=graduate, slot=slot, by=scene.account_of(graduate)
    )


def add_booking(fair: Fair, graduate: Graduate, state: str = BookingState.BOOKED) -> Booking:
    """A booking as a row, for tests that need many of them."""
    came = timezone.now() if state == BookingState.CHECKED_IN else None
    return Booking.objects.create(
        fair=fair, graduate=graduate, school_id=graduate.school_id, state=state, checked_in_at=came
    )


def add_booth(fair: Fair, member: UnitMember, *postings: Posting, number: str = "") -> Booth:
    booth = Booth.objects.create(
        fair=fair, unit=member.unit, member=member, state=BoothState.APPROVED, number=number
    )
    booth.postings.set(postings)
    return booth
