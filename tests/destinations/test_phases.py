"""What can be done with a destination in each phase of its cohort."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from core.errors import DomainError
from destinations.states import State
from destinations.steps import GRADUATE
from graduates.models import Graduate
from tests import factories
from tests.destinations.take_step import C, D, S, actor_of_role, take_step
from tests.factories import World

pytestmark = pytest.mark.django_db


def shift(world: World, phase: str) -> None:
    cohort, day = world.cohort, datetime.timedelta(days=1)
    today = factories.today()
    if phase == "preparing":
        cohort.opens_on = today + day
    elif phase == "ended":
        cohort.ends_on = today - day
    elif phase == "sealed":
        cohort.sealed_at = timezone.now()
    cohort.save()


def code_of(action: str, pk: int, by: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        take_step(action, pk, by)
    return refusal.value.code


def test_only_staff_can_enter_while_a_cohort_is_prepared(
    world: World, graduate: Graduate, user: User
) -> None:
    shift(world, "preparing")
    assert code_of("register", graduate.pk, user) == "cohort_preparing"
    assert take_step("enter", graduate.pk, world.counsellor).state == "department_approved"


def test_nothing_can_be_registered_after_a_cohorts_end(
    world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.PENDING, world, user)
    shift(world, "ended")
    for action, by in (
        ("register", user),
        ("take_back", user),
        ("enter", world.counsellor),
        ("enter", world.school_admin),
    ):
        assert code_of(action, graduate.pk, by) == "cohort_ended"
    assert take_step("approve", graduate.pk, world.counsellor).state == "department_approved"


def test_a_reopened_record_can_be_registered_until_its_last_day(
    world: World, graduate: Graduate, user: User
) -> None:
    shift(world, "ended")
    graduate.reopened_until = factories.today()
    graduate.save()
    assert factories.register_contract(graduate, user).state == "pending"
    graduate.reopened_until = factories.today() - datetime.timedelta(days=1)
    graduate.save()
    assert code_of("register", graduate.pk, user) == "cohort_ended"


@pytest.mark.parametrize(
    ("action", "role"),
    [("approve", C), ("reject", S), ("propose_release", D), ("enter", S), ("register", GRADUATE)],
)
def test_a_destination_of_a_sealed_cohort_cannot_be_changed(
    action: str, role: str, world: World, graduate: Graduate, user: User
) -> None:
    factories.put_in_state(graduate, State.PENDING, world, user)
    graduate.reopened_until = factories.today()
    graduate.save()
    shift(world, "sealed")
    code = code_of(action, graduate.pk, actor_of_role(role, world, user))
    assert code in ("cohort_sealed", "cohort_ended")
