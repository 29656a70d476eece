"""A review is undone while the next level reviews: one of them happens, and the other is told."""

from __future__ import annotations

from core.errors import DomainError
from destinations.actions import review
from destinations.models import DestinationEvent
from destinations.states import State
from tests import factories
from tests.esign.test_races import run_at_once
from tests.factories import World, destination_of


def test_undoing_and_the_next_level_at_once(committed_world: World) -> None:
    world = committed_world
    graduate = factories.make_graduate(world)
    factories.register_contract(graduate, factories.activate(graduate))
    department, school = world.counsellor, world.school_admin
    review.approve(graduate_id=graduate.pk, by=department)
    version = destination_of(graduate).version
    results = run_at_once(
        lambda: review.undo(graduate_id=graduate.pk, by=department, version=version),
        lambda: review.approve(graduate_id=graduate.pk, by=school, version=version),
    )
    assert len([r for r in results if isinstance(r, DomainError)]) == 1
    assert destination_of(graduate).state in (State.PENDING, State.SCHOOL_APPROVED)
    last = DestinationEvent.objects.filter(graduate_id=graduate.pk).latest("id")
    assert last.to_state == destination_of(graduate).state


def test_undoing_twice_at_once(committed_world: World) -> None:
    world = committed_world
    graduate = factories.make_graduate(world)
    factories.register_contract(graduate, factories.activate(graduate))
    department = world.counsellor
    review.approve(graduate_id=graduate.pk, by=department)
    one = lambda: review.undo(graduate_id=graduate.pk, by=department)  # noqa: E731
    results = run_at_once(one, one)
    assert len([r for r in results if isinstance(r, DomainError)]) == 1
    assert destination_of(graduate).state == State.PENDING
