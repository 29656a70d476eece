"""Terminating an agreement: who may ask when, the answer, the deadline, the reviews, signing again."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from core.errors import DomainError
from destinations.models import DestinationEvent
from destinations.states import State
from esign.actions import terminate
from esign.models import Agreement, SigningRules, Termination
from esign.states import AgreementState, Ground, TerminationState
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreement(graduate: Graduate) -> Agreement:
    return signing.sign_agreement(graduate)


def graduate_user(agreement: Agreement) -> Any:
    return signing.account_of(agreement.graduate)


def start(agreement: Agreement, by: Any, **changes: Any) -> Termination:
    values = {"ground": Ground.MUTUAL, "reason": "双方协商一致"} | changes
    return terminate.start(agreement=agreement, by=by, **values)


def refused(code: str, call: Any, **values: Any) -> None:
    with pytest.raises(DomainError) as refusal:
        call(**values)
    assert refusal.value.code == code


def rules(world: World, **values: Any) -> SigningRules:
    base = {
        "signing_from": factories.today(), "termination_from": factories.today(),
    }  # fmt: skip
    return SigningRules.objects.create(cohort=world.cohort, **(base | values))


def terminate_agreement(world: World, agreement: Agreement) -> Termination:
    start(agreement, graduate_user(agreement))
    signing.agree_to_terminate(agreement, agreement.member.user)
    terminate.pass_on(agreement=agreement, by=world.counsellor)
    return terminate.agree(agreement=agreement, by=world.school_admin)


def test_an_agreed_termination_ends_the_agreement_after_two_reviews(
    world: World, agreement: Agreement
) -> None:
    done = terminate_agreement(world, agreement)
    assert done.state == TerminationState.AGREED
    agreement.refresh_from_db()
    assert (agreement.state, agreement.ended_at is not None) == (AgreementState.TERMINATED, True)
    d = factories.destination_of(agreement.graduate)
    assert (d.state, d.category, d.agreement_no) == (State.UNSUBMITTED, "70-1", "")
    assert DestinationEvent.objects.filter(graduate_id=d.pk, action="release").exists()


def test_the_graduate_may_sign_again_with_another_unit(world: World, agreement: Agreement) -> None:
    terminate_agreement(world, agreement)
    again = signing.sign_agreement(
        agreement.graduate, mobile="13900000002", unit_name="另一虚构有限公司",
        unit_code=factories.make_unit_code(body="MA2N0DEF"),
    )  # fmt: skip
    assert again.state == AgreementState.ACTIVE
    assert Agreement.objects.filter(graduate=agreement.graduate).count() == 2


def test_the_unit_may_start_and_the_graduate_consents(world: World, agreement: Agreement) -> None:
    start(agreement, agreement.member.user)
    refused("own_request", signing.consent_to_termination,
            agreement=agreement, by=agreement.member.user)  # fmt: skip
    done = signing.agree_to_terminate(agreement, graduate_user(agreement))
    assert done.state == TerminationState.WAITING_DEPARTMENT


def test_a_refusal_ends_the_request_and_leaves_the_agreement(agreement: Agreement) -> None:
    start(agreement, graduate_user(agreement))
    refused("reason", terminate.refuse, agreement=agreement, by=agreement.member.user, reason="")
    done = terminate.refuse(agreement=agreement, by=agreement.member.user, reason="不同意")
    assert done.state == TerminationState.REFUSED
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.ACTIVE


def test_only_one_termination_is_open(agreement: Agreement) -> None:
    start(agreement, graduate_user(agreement))
    refused("state", start, agreement=agreement, by=agreement.member.user)


def test_after_the_deadline_a_stamped_release_replaces_the_answer(
    world: World, agreement: Agreement
) -> None:
    row = start(agreement, graduate_user(agreement))
    photo = [factories.make_photo()]
    call = {"agreement": agreement, "by": graduate_user(agreement), "materials": photo}
    refused("still_waiting", terminate.upload_release, **call)
    Termination.objects.filter(pk=row.pk).update(
        answer_by=timezone.now() - datetime.timedelta(seconds=1)
    )
    refused("role", signing.consent_to_termination, agreement=agreement, by=world.counsellor)
    done = terminate.upload_release(**call)
    assert done.state == TerminationState.WAITING_DEPARTMENT
    terminate.pass_on(agreement=agreement, by=world.counsellor)
    refused("not_called_back", terminate.agree, agreement=agreement, by=world.school_admin)
    terminate.note_call(agreement=agreement, by=world.school_admin, note="已电话核实")
    assert terminate.agree(agreement=agreement, by=world.school_admin).called_back_note


def test_the_school_sets_the_deadline_of_the_answer(world: World, agreement: Agreement) -> None:
    rules(world, silence_days=3)
    row = start(agreement, graduate_user(agreement))
    last = timezone.localtime(row.answer_by).date()
    assert last == factories.today() + datetime.timedelta(days=3)


def test_one_sided_grounds_need_proof_and_written_notice(agreement: Agreement) -> None:
    by = graduate_user(agreement)
    refused("invalid", start, agreement=agreement, by=by, ground=Ground.BANKRUPT)
    row = start(
        agreement, by, ground=Ground.BANKRUPT, notified_on=factories.today(),
        materials=[factories.make_photo()],
    )  # fmt: skip
    assert row.state == TerminationState.WAITING_DEPARTMENT
    assert row.materials.count() == 1


def test_no_termination_starts_before_the_schools_date(world: World, agreement: Agreement) -> None:
    rules(world, termination_from=factories.today() + datetime.timedelta(days=1))
    refused("too_early", start, agreement=agreement, by=graduate_user(agreement))


def test_no_termination_starts_beyond_the_schools_maximum(world: World, graduate: Graduate) -> None:
    rules(world, most_terminations=1)
    first = signing.sign_agreement(graduate)
    terminate_agreement(world, first)
    second = signing.sign_agreement(graduate, mobile="13900000002")
    refused("too_often", start, agreement=second, by=graduate_user(second))


def test_only_the_side_that_asked_may_withdraw(agreement: Agreement) -> None:
    start(agreement, graduate_user(agreement))
    refused("not_own_request", terminate.withdraw, agreement=agreement, by=agreement.member.user)
    done = terminate.withdraw(agreement=agreement, by=graduate_user(agreement))
    assert done.state == TerminationState.WITHDRAWN


def test_a_school_may_leave_the_decision_to_the_department(
    world: World, agreement: Agreement
) -> None:
    rules(world, department_decides=True)
    start(agreement, graduate_user(agreement))
    signing.agree_to_terminate(agreement, agreement.member.user)
    refused("department_decides", terminate.pass_on,
            agreement=agreement, by=world.counsellor)  # fmt: skip
    done = terminate.agree(agreement=agreement, by=world.department_admin)
    assert done.state == TerminationState.AGREED


def test_staff_refuses_a_termination_with_a_reason(world: World, agreement: Agreement) -> None:
    start(agreement, graduate_user(agreement))
    signing.agree_to_terminate(agreement, agreement.member.user)
    refused("state", terminate.agree, agreement=agreement, by=world.school_admin)
    done = terminate.turn_down(agreement=agreement, by=world.counsellor, reason="材料不全")
    assert (done.state, done.refusal) == (TerminationState.REFUSED, "材料不全")


def test_only_the_two_sides_may_start_a_termination(world: World, agreement: Agreement) -> None:
    other = signing.account_of(factories.make_graduate(world))
    refused("not_yours", start, agreement=agreement, by=other)
    refused("not_yours", start, agreement=agreement, by=factories.make_employer())
    refused("role", start, agreement=agreement, by=world.school_admin)


def test_after_a_reset_or_a_new_number_the_graduate_cannot_terminate(
    world: World, agreement: Agreement
) -> None:
    """After a reset by staff or a new number the graduate can neither ask nor consent for 72 hours.
    The unit is not affected."""
    user = graduate_user(agreement)
    person = agreement.graduate.person
    person.code_counter, person.activated_at = 1, timezone.now()
    person.save(update_fields=["code_counter", "activated_at"])
    refused("account_reset", start, agreement=agreement, by=user)
    start(agreement, agreement.member.user)
    refused("account_reset", signing.consent_to_termination, agreement=agreement, by=user)
    person.activated_at = timezone.now() - datetime.timedelta(hours=73)
    person.save(update_fields=["activated_at"])
    Graduate.objects.filter(pk=agreement.graduate_id).update(mobile="13811112222")
    refused("mobile_changed", signing.consent_to_termination, agreement=agreement, by=user)
