"""Conclusions: who may take which step in which state, what the database guarantees, and races."""

from __future__ import annotations

import datetime

import pytest
from django.db import IntegrityError, transaction

from core.errors import Conflict
from core.models import Event
from esign.actions import conclude
from esign.conclusion_steps import CONCLUSION
from esign.models import Agreement, Conclusion
from esign.states import AgreementState, ConclusionState
from esign.termination_steps import EMPLOYER, GRADUATE
from schools.roles import Level, Role
from tests import factories
from tests.esign import signing
from tests.esign.concluding import (
    approved,
    confirm,
    graduate_user,
    state,
)
from tests.esign.test_races import run_at_once
from tests.factories import World


@pytest.fixture
def agreement(world: World) -> Agreement:
    return approved(world)


_ADMINS = {Level.DEPARTMENT, Level.SCHOOL}
ALLOWED: dict[str, dict[str, set[str]]] = {
    "propose": {role: {"none"} for role in (EMPLOYER, Level.SCHOOL)},
    "confirm": {role: {"proposed"} for role in (GRADUATE, *_ADMINS)},
    "refuse": {role: {"proposed"} for role in (GRADUATE, *_ADMINS)},
    "withdraw": {role: {"proposed"} for role in (EMPLOYER, Level.SCHOOL)},
}


@pytest.mark.parametrize("action", CONCLUSION.actions())
def test_the_table_allows_each_role_exactly_these_states(action: str) -> None:
    found: dict[str, set[str]] = {}
    for step in CONCLUSION.steps_of(action):
        for role in step.roles:
            found.setdefault(role, set()).update(step.sources)
    assert found == ALLOWED[action]


@pytest.mark.django_db
def test_a_decided_conclusion_keeps_its_decision_and_its_proof(
    world: World, agreement: Agreement
) -> None:
    made = signing.propose_conclusion(agreement, world.school_admin)
    conclude.refuse(agreement=agreement, by=graduate_user(agreement), seen=made.pk, reason="没有")
    for changes in (
        {"state": ConclusionState.CONFIRMED},
        {"contract_on": factories.today() - datetime.timedelta(days=3)},
    ):
        with pytest.raises(IntegrityError, match="keeps its proof"), transaction.atomic():
            Conclusion.objects.filter(pk=made.pk).update(**changes)


def test_of_two_confirmations_at_once_one_counts_and_the_other_is_told(
    committed_world: World,
) -> None:
    world = committed_world
    agreement = approved(world)
    made = signing.propose_conclusion(agreement, world.school_admin)
    second, user = factories.make_staff(Role.SCHOOL_ADMIN, world), graduate_user(agreement)
    answers = run_at_once(lambda: confirm(made, second), lambda: confirm(made, user))
    done = [a for a in answers if isinstance(a, Conclusion)]
    told = [a for a in answers if isinstance(a, Conflict)]
    assert (len(done), len(told)) == (1, 1), answers
    assert state(agreement) == AgreementState.ENDED
    assert Event.objects.filter(action="esign.conclude", object_id=agreement.pk).count() == 1


def test_of_confirming_and_withdrawing_at_once_one_happens(committed_world: World) -> None:
    agreement = approved(committed_world)
    made = signing.propose_conclusion(agreement, agreement.member.user)
    user = graduate_user(agreement)
    answers = run_at_once(
        lambda: confirm(made, user),
        lambda: conclude.withdraw(agreement=agreement, by=agreement.member.user, seen=made.pk),
    )
    assert sum(isinstance(a, Conclusion) for a in answers) == 1, answers
    made.refresh_from_db()
    expected = AgreementState.ENDED if made.state == "confirmed" else AgreementState.ACTIVE
    assert state(agreement) == expected
