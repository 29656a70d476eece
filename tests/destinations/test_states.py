"""Every action by every role in every state, compared with a table written by hand from DOMAIN §3."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from core.errors import DomainError, NotPermitted
from destinations.actions import enter
from destinations.models import Destination, DestinationEvent
from destinations.states import State
from destinations.steps import AGREEMENT, GRADUATE, MACHINE, NATIONAL
from graduates.models import Graduate
from tests import factories
from tests.destinations.take_step import C, D, P, S, actor_of_role, take_step
from tests.factories import CONTRACT, World, destination_of

pytestmark = pytest.mark.django_db

# A state with a star has an active agreement. Without one the destination has category 11, was never
# opened, was rejected (if it is) by the school, has nothing flagged and no release proposed.
PLAIN = {"unsubmitted", "pending", "department_approved", "school_approved", "rejected"}
SIGNED = {"esigned*", "department_approved*", "school_approved*", "rejected*"}
ROLES = (GRADUATE, C, D, S, P, NATIONAL, AGREEMENT)

ALLOWED: dict[str, dict[str, set[str]]] = {
    "register": {GRADUATE: {"unsubmitted", "pending", "rejected"}},
    "take_back": {GRADUATE: {"pending"}},
    "touch_up": {
        GRADUATE: {
            "department_approved", "school_approved", "department_approved*", "school_approved*",
        }
    },
    "enter": {
        C: {"unsubmitted", "pending", "rejected", "department_approved"},
        D: {"unsubmitted", "pending", "rejected", "department_approved"},
        S: PLAIN,
    },
    "approve": {
        C: {"pending", "esigned*"},
        D: {"pending", "esigned*"},
        S: {"pending", "esigned*", "department_approved", "department_approved*"},
    },
    "reject": {
        C: {"pending", "esigned*", "department_approved", "department_approved*"},
        D: {"pending", "esigned*", "department_approved", "department_approved*"},
        S: {"pending", "esigned*", "department_approved", "department_approved*",
            "school_approved", "school_approved*"},
    },
    "undo_review": {},  # only at once after one's own review, before the evidence changed
    "reject_national": {
        NATIONAL: {"department_approved", "school_approved", "rejected",
                   "department_approved*", "school_approved*", "rejected*"},
    },
    "resume": {},  # only after a rejection by the national system
    "tick": {},  # only after a touch-up
    "correct_codes": {C: SIGNED, D: SIGNED, S: SIGNED},
    "amend": {AGREEMENT: {"esigned*", "department_approved*", "rejected*"}},
    "sign": {AGREEMENT: {"unsubmitted"}},
    "propose_release": {
        GRADUATE: {"department_approved", "school_approved"},
        C: {"pending", "department_approved", "school_approved", "rejected"},
        D: {"pending", "department_approved", "school_approved", "rejected"},
    },
    "withdraw_release": {},  # only of what was proposed, as the two below
    "endorse_release": {},
    "refuse_release": {},
    "release": {AGREEMENT: SIGNED},  # the school only releases what somebody else proposed
    "conclude": {AGREEMENT: {"department_approved*", "school_approved*"}},
}  # fmt: skip


def test_the_expected_table_names_every_action_and_state() -> None:
    assert set(MACHINE.actions()) == set(ALLOWED)
    assert {s.rstrip("*") for s in PLAIN | SIGNED} == set(State.values)


@pytest.mark.parametrize("situation", sorted(PLAIN | SIGNED))
def test_each_action_is_allowed_to_the_expected_roles_only(
    situation: str, world: World, graduate: Graduate
) -> None:
    user = factories.activate(graduate)
    state, agreement = situation.rstrip("*"), situation.endswith("*")
    factories.put_in_state(graduate, state, world, user, agreement=agreement)
    factories.attach(graduate, world.counsellor)
    wrong = []
    for role in ROLES:
        offered = {s.action for s in MACHINE.available(destination_of(graduate), actor_of_role(role, world, user))}  # fmt: skip
        for action, by_role in ALLOWED.items():
            expected = situation in by_role.get(role, set())
            if (action in offered) != expected:
                wrong.append(f"{role} {action}: button {action in offered}")
            happened = _try(action, graduate.pk, actor_of_role(role, world, user))
            if (happened == "done") != expected:
                wrong.append(f"{role} {action}: {happened}")
    assert wrong == []


def _try(action: str, pk: int, by: Any) -> str:
    """Try an action and roll it back. Returns "done", the code of the refusal, or what is wrong with
    the event that it wrote."""
    before = destination_of(pk)
    events = DestinationEvent.objects.filter(graduate_id=pk).count()
    try:
        with transaction.atomic():
            take_step(action, pk, by)
            after = destination_of(pk)
            event = DestinationEvent.objects.filter(graduate_id=pk).order_by("-id").first()
            assert event is not None
            raise _Undo(_trace(action, by, before, after, event))
    except _Undo as undo:
        return str(undo)
    except DomainError as refusal:
        same = destination_of(pk).version == before.version
        kept = DestinationEvent.objects.filter(graduate_id=pk).count() == events
        return refusal.code if same and kept else "refused but changed"


def _trace(
    action: str, by: Any, before: Destination, after: Destination, event: DestinationEvent
) -> str:
    if after.version != before.version + 1:
        return "version"
    if (event.action, event.actor_id, event.actor_label) != (action, by.pk, by.label):
        return "event"
    if (event.from_state, event.to_state) != (before.state, after.state):
        return "event states"
    if event.snapshot["before"]["state"] != before.state or event.snapshot["state"] != after.state:
        return "snapshot"
    return "done"


class _Undo(Exception):
    pass


TARGETS = [
    ("register", GRADUATE, "rejected", "pending"),
    ("enter", C, "unsubmitted", "department_approved"),
    ("enter", D, "pending", "department_approved"),
    ("enter", S, "unsubmitted", "school_approved"),
    ("approve", C, "pending", "department_approved"),
    ("approve", S, "pending", "school_approved"),
    ("approve", S, "department_approved", "school_approved"),
    ("reject", D, "department_approved", "rejected"),
    ("reject", S, "school_approved", "rejected"),
    ("reject_national", NATIONAL, "school_approved", "rejected"),
    ("touch_up", GRADUATE, "school_approved", "school_approved"),
    ("correct_codes", C, "esigned*", "esigned"),
    ("correct_codes", C, "rejected*", "esigned"),
    ("correct_codes", C, "school_approved*", "school_approved"),
    ("amend", AGREEMENT, "rejected*", "esigned"),
    ("sign", AGREEMENT, "unsubmitted", "esigned"),
    ("propose_release", C, "school_approved", "school_approved"),
    ("release", AGREEMENT, "school_approved*", "unsubmitted"),
    ("conclude", AGREEMENT, "department_approved*", "department_approved"),
    ("conclude", AGREEMENT, "school_approved*", "school_approved"),
]


@pytest.mark.parametrize(("action", "role", "situation", "target"), TARGETS)
def test_each_action_leads_to_the_expected_state(
    action: str, role: str, situation: str, target: str, world: World, graduate: Graduate
) -> None:
    user = factories.activate(graduate)
    state, agreement = situation.rstrip("*"), situation.endswith("*")
    factories.put_in_state(graduate, state, world, user, agreement=agreement)
    factories.attach(graduate, world.counsellor)
    # Rolled back, because the deferred trigger refuses to commit an agreement's step without one.
    with transaction.atomic():
        take_step(action, graduate.pk, actor_of_role(role, world, user))
        assert destination_of(graduate).state == target
        transaction.set_rollback(True)


def test_the_province_and_strangers_can_take_no_step(world: World, graduate: Graduate) -> None:
    d = destination_of(graduate)
    for by in (world.user(P), factories.make_employer()):
        assert MACHINE.available(d, by) == []
        with pytest.raises(NotPermitted) as refusal:
            enter.enter(graduate_id=graduate.pk, typed=CONTRACT, by=by)
        assert refusal.value.code == "role"
