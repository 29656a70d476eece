"""Bookings and check-ins at the same instant, on parallel database connections."""

from __future__ import annotations

import datetime

import pytest
from django.db import transaction

from core.errors import DomainError
from core.models import Event
from recruiting import visiting
from recruiting.actions import bookings
from recruiting.models import Booking, Fair
from recruiting.states import BookingState, FairState
from tests import factories
from tests.esign.test_races import run_at_once
from tests.factories import World
from tests.recruiting import booking_scene, scene

S = BookingState


def codes(answers: list[object]) -> list[str]:
    assert not [
        a for a in answers if isinstance(a, BaseException) and not isinstance(a, DomainError)
    ]
    return [a.code for a in answers if isinstance(a, DomainError)]


def test_the_last_places_are_given_once(committed_world: World) -> None:
    world = committed_world
    fair = booking_scene.make_fair(world, capacity=2)
    people = [factories.make_graduate(world) for _ in range(5)]
    users = [scene.account_of(graduate) for graduate in people]
    answers = run_at_once(
        *[lambda g=g, u=u: bookings.book(fair_id=fair.pk, graduate=g, by=u)
          for g, u in zip(people, users, strict=True)]
    )  # fmt: skip
    assert codes(answers) == ["full"] * 3
    assert Booking.objects.filter(fair=fair, state=S.BOOKED).count() == 2


def test_the_last_place_of_a_slot_is_given_once_also_to_those_who_move(
    committed_world: World,
) -> None:
    world = committed_world
    fair = booking_scene.make_fair(world, slot_minutes=30, slot_cap=1)
    wanted = fair.starts_at + datetime.timedelta(minutes=60)
    people = [factories.make_graduate(world) for _ in range(4)]
    users = [scene.account_of(graduate) for graduate in people]
    booking_scene.book(fair, people[0], fair.starts_at)
    booking_scene.book(fair, people[1], fair.starts_at + datetime.timedelta(minutes=30))
    answers = run_at_once(
        *[lambda g=g, u=u: bookings.book(fair_id=fair.pk, graduate=g, slot=wanted, by=u)
          for g, u in zip(people, users, strict=True)]
    )  # fmt: skip
    assert codes(answers) == ["slot_full"] * 3
    assert Booking.objects.filter(fair=fair, slot=wanted, state=S.BOOKED).count() == 1


def test_a_double_click_books_once(committed_world: World) -> None:
    fair = booking_scene.make_fair(committed_world)
    graduate = factories.make_graduate(committed_world)
    user = scene.account_of(graduate)
    answers = run_at_once(*[lambda: bookings.book(fair_id=fair.pk, graduate=graduate, by=user)] * 4)
    assert codes(answers) == []
    assert len({answer.pk for answer in answers}) == 1
    assert Event.objects.filter(action="recruiting.book_event").count() == 1


def test_the_place_of_one_who_cancels_is_given_once(committed_world: World) -> None:
    world = committed_world
    fair = booking_scene.make_fair(world, capacity=1)
    first, *others = [factories.make_graduate(world) for _ in range(3)]
    booking_scene.book(fair, first)
    users = [scene.account_of(graduate) for graduate in others]
    user = scene.account_of(first)
    run_at_once(
        lambda: bookings.cancel(fair_id=fair.pk, graduate=first, by=user),
        *[lambda g=g, u=u: bookings.book(fair_id=fair.pk, graduate=g, by=u)
          for g, u in zip(others, users, strict=True)],
    )  # fmt: skip
    assert Booking.objects.filter(fair=fair, state=S.BOOKED).count() <= 1


@pytest.mark.parametrize("booked", [True, False])
def test_who_checks_in_twice_at_once_comes_once(committed_world: World, booked: bool) -> None:
    fair = booking_scene.make_fair(committed_world)
    graduate = factories.make_graduate(committed_world)
    user = scene.account_of(graduate)
    if booked:
        booking_scene.book(fair, graduate)
    booking_scene.begin_now(fair)
    answers = run_at_once(
        *[lambda: bookings.check_in(fair_id=fair.pk, graduate=graduate, by=user)] * 4
    )
    assert sorted(answer.again for answer in answers) == [False, True, True, True], answers
    assert Event.objects.filter(action="recruiting.check_in").count() == 1
    assert Booking.objects.get(fair=fair).state == S.CHECKED_IN


def test_the_last_place_on_the_spot_is_given_once(committed_world: World) -> None:
    world = committed_world
    fair = booking_scene.begin_now(booking_scene.make_fair(world, capacity=1))
    people = [factories.make_graduate(world) for _ in range(3)]
    users = [scene.account_of(graduate) for graduate in people]
    answers = run_at_once(
        *[lambda g=g, u=u: bookings.check_in(fair_id=fair.pk, graduate=g, by=u)
          for g, u in zip(people, users, strict=True)]
    )  # fmt: skip
    assert codes(answers) == ["full"] * 2
    assert visiting.occupancy(fair).checked_in == 1


def _end(fair: Fair) -> int:
    """End the event as the clock does, holding its lock."""
    with transaction.atomic():
        locked = Fair.objects.select_for_update(no_key=True).get(pk=fair.pk)
        absent = bookings.mark_absent(locked)
        locked.state = FairState.ENDED
        locked.save(update_fields=["state"])
    return absent


def test_whoever_checks_in_while_the_event_ends_is_present_or_absent(
    committed_world: World,
) -> None:
    world = committed_world
    fair = booking_scene.make_fair(world)
    came, late = factories.make_graduate(world), factories.make_graduate(world)
    for graduate in (came, late):
        booking_scene.book(fair, graduate)
    booking_scene.begin_now(fair)
    user = scene.account_of(late)
    bookings.check_in(fair_id=fair.pk, graduate=came, by=scene.account_of(came))
    absent, arrival = run_at_once(
        lambda: _end(fair),
        lambda: bookings.check_in(fair_id=fair.pk, graduate=late, by=user),
    )
    state = Booking.objects.get(fair=fair, graduate=late).state
    assert (absent, state) == (
        (1, S.ABSENT) if isinstance(arrival, DomainError) else (0, S.CHECKED_IN)
    )
