"""Several decisions on one termination at the same instant."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Conflict, DomainError
from core.models import Event
from destinations.models import DestinationEvent
from esign.actions import terminate
from esign.models import Agreement, Termination
from esign.states import AgreementState, Ground, TerminationState
from tests import factories
from tests.esign import signing
from tests.esign.test_races import run_at_once
from tests.factories import World


def make_termination_to_review(world: World) -> tuple[Agreement, Termination]:
    agreement = signing.sign_agreement(factories.make_graduate(world))
    terminate.start(
        agreement=agreement, by=agreement.member.user, ground=Ground.MUTUAL, reason="岗位取消"
    )
    owner = signing.account_of(agreement.graduate)
    return agreement, signing.agree_to_terminate(agreement, owner)


@pytest.mark.parametrize("round_", range(3))
def test_of_two_reviewers_at_once_one_decides_and_the_other_is_told(
    committed_world: World, round_: int
) -> None:
    agreement, t = make_termination_to_review(committed_world)
    call: dict[str, Any] = {"agreement": agreement, "seen": t.pk}
    answers = run_at_once(
        lambda: terminate.pass_on(**call, by=committed_world.counsellor),
        lambda: terminate.turn_down(**call, by=committed_world.department_admin, reason="材料不全"),
    )
    done = [a for a in answers if isinstance(a, Termination)]
    told = [a for a in answers if isinstance(a, Conflict)]
    assert (len(done), len(told)) == (1, 1), answers
    assert "您的操作没有执行" in told[0].message
    t.refresh_from_db()
    assert t.state == done[0].state


def test_agreeing_several_times_at_once_ends_the_agreement_once(committed_world: World) -> None:
    agreement, t = make_termination_to_review(committed_world)
    terminate.pass_on(agreement=agreement, by=committed_world.counsellor)
    call: dict[str, Any] = {"agreement": agreement, "seen": t.pk}
    answers = run_at_once(*[lambda: terminate.agree(**call, by=committed_world.school_admin)] * 4)
    assert sum(isinstance(a, Termination) for a in answers) == 1, answers
    assert all(isinstance(a, Termination | DomainError) for a in answers), answers
    t.refresh_from_db()
    agreement.refresh_from_db()
    assert (t.state, agreement.state) == (TerminationState.AGREED, AgreementState.TERMINATED)
    assert DestinationEvent.objects.filter(
        graduate_id=agreement.graduate_id, action="release"
    ).count() == 1  # fmt: skip
    assert Event.objects.filter(action="esign.terminate", object_id=agreement.pk).count() == 1
