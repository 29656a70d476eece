"""Concluding (转为劳动合同): one person proposes it with proof, and it takes effect when another confirms."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Message
from core.errors import DomainError
from core.models import Event, OutboxMessage
from destinations.actions import dispute, review
from destinations.actions.evidence import standing_evidence
from destinations.models import Dispute
from destinations.states import State
from esign.actions import amend, conclude, printing, terminate
from esign.models import Agreement, Amendment, Conclusion, Termination
from esign.states import AgreementState, ConclusionState, Ground, Side, TerminationState
from esign.verification import public_facts
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.esign.concluding import (
    approved,
    confirm,
    graduate_user,
    let_answer_period_pass,
    refused,
    state,
)
from tests.factories import World


@pytest.fixture
def agreement(world: World) -> Agreement:
    return approved(world)


# --- proposing ---------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("side", ["unit", "school"])
def test_a_proposal_changes_nothing_and_asks_the_graduate(
    world: World, agreement: Agreement, side: str
) -> None:
    by = agreement.member.user if side == "unit" else world.school_admin
    made = signing.propose_conclusion(agreement, by, note="试用期已满")
    assert (made.state, state(agreement)) == (ConclusionState.PROPOSED, AgreementState.ACTIVE)
    assert factories.destination_of(agreement.graduate_id).category == "10"
    told = set(
        Message.objects.filter(dedupe_key__contains=f":{made.pk}:proposed").values_list(
            "to", flat=True
        )
    )
    assert f"person:{agreement.graduate.person_id}" in told
    assert (f"school:{agreement.school_id}" in told) == (side == "school")
    text = OutboxMessage.objects.filter(address=agreement.graduate.mobile).latest("pk").text
    assert "转为劳动合同" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"contract_on": None}, "contract_on"),
        ({"contract_on": factories.today() + datetime.timedelta(days=1)}, "contract_on"),
        ({"contract_on": factories.today() - datetime.timedelta(days=1)}, "contract_on"),
        ({"first_page": b""}, "first_page"),
        ({"signature_page": b""}, "signature_page"),
        ({"signature_page": b"%PDF-1.7"}, "signature_page"),
    ],
)
def test_a_proposal_needs_the_date_and_two_pictures(
    agreement: Agreement, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(DomainError) as refusal:
        signing.propose_conclusion(agreement, agreement.member.user, **changes)
    assert refusal.value.field == field
    assert not Conclusion.objects.exists()


@pytest.mark.django_db
def test_only_the_unit_and_the_schools_admin_may_propose(
    world: World, agreement: Agreement
) -> None:
    propose = signing.propose_conclusion
    refused("role", propose, agreement, world.counsellor)
    refused("role", propose, agreement, world.department_admin)
    refused("role", propose, agreement, graduate_user(agreement))
    refused("scope", propose, agreement, factories.make_world().school_admin)
    refused("not_yours", propose, agreement, factories.make_employer())


@pytest.mark.django_db
def test_a_proposal_needs_an_approved_destination_without_dispute(
    world: World, agreement: Agreement
) -> None:
    review.reject(graduate_id=agreement.graduate_id, reason="行业不符", by=world.school_admin)
    refused("not_approved", signing.propose_conclusion, agreement, world.school_admin)
    other = signing.sign_agreement(factories.make_graduate(world), mobile="13900000003")
    review.approve(graduate_id=other.graduate_id, by=world.school_admin)
    dispute.raise_dispute(graduate_id=other.graduate_id, reason="不是", by=graduate_user(other))
    refused("disputed", signing.propose_conclusion, other, world.school_admin)


@pytest.mark.django_db
def test_an_agreement_has_one_open_proposal(world: World, agreement: Agreement) -> None:
    made = signing.propose_conclusion(agreement, agreement.member.user)
    refused("state", signing.propose_conclusion, agreement, world.school_admin)
    again = Conclusion.objects.get(pk=made.pk)
    again.pk = None
    with pytest.raises(IntegrityError, match="conclusion_one_open"), transaction.atomic():
        again.save(force_insert=True)


# --- confirming --------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("side", ["unit", "school"])
def test_the_graduates_confirmation_ends_the_agreement_and_keeps_the_approval(
    world: World, agreement: Agreement, side: str
) -> None:
    before = factories.destination_of(agreement.graduate_id)
    by = agreement.member.user if side == "unit" else world.school_admin
    made = signing.propose_conclusion(agreement, by)
    done = confirm(made, graduate_user(agreement))
    assert (done.state, state(agreement)) == (ConclusionState.CONFIRMED, AgreementState.ENDED)
    d = factories.destination_of(agreement.graduate_id)
    assert (d.state, d.category, d.form) == (State.SCHOOL_APPROVED, "11", "")
    assert (d.agreement_no, d.locked_at) == ("", None)
    assert (d.unit_name, d.unit_code, d.school_at) == (
        before.unit_name, before.unit_code, before.school_at,
    )  # fmt: skip
    evidence = standing_evidence(d.pk, "11").values_list("file_id", flat=True)
    assert set(evidence) == {made.first_page_id, made.signature_page_id}
    assert "签订劳动合同" in Event.objects.get(action="esign.conclude").reason
    told = Message.objects.filter(dedupe_key__endswith=f":{made.pk}:concluded").values_list(
        "to", flat=True
    )
    assert set(told) == {
        f"person:{agreement.graduate.person_id}", f"user:{agreement.member.user_id}",
    }  # fmt: skip
    agreement.refresh_from_db()
    assert public_facts(agreement)["state"] == "已终止"
    assert printing.print_refusal(agreement) == "协议已终止，不能打印。"
    with transaction.atomic():  # run the deferred triggers now
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DomainError) as refusal:  # of signing again
        signing.sign_agreement(Graduate.objects.get(pk=agreement.graduate_id), mobile="13900000002")
    assert refusal.value.code == "not_seeking"


@pytest.mark.django_db
def test_who_proposed_it_never_confirms_it(world: World, agreement: Agreement) -> None:
    made = signing.propose_conclusion(agreement, world.school_admin)
    refused("same_person", confirm, made, world.school_admin)
    refused("same_person", conclude.refuse, agreement=agreement, by=world.school_admin,
            seen=made.pk, reason="不对")  # fmt: skip
    refused("role", confirm, made, agreement.member.user)
    with pytest.raises(IntegrityError, match="conclusion_second_person"), transaction.atomic():
        Conclusion.objects.filter(pk=made.pk).update(
            state=ConclusionState.CONFIRMED, decided_at=timezone.now(),
            decided_by_user=world.school_admin,
        )  # fmt: skip
    assert state(agreement) == AgreementState.ACTIVE


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN])
def test_a_second_staff_member_confirms_what_the_school_proposed(
    world: World, agreement: Agreement, role: str
) -> None:
    made = signing.propose_conclusion(agreement, world.school_admin)
    second = factories.make_staff(role, world)
    refused("not_read", confirm, made, second, has_read=False)
    assert confirm(made, second).decided_by_user == second
    assert state(agreement) == AgreementState.ENDED


@pytest.mark.django_db
def test_staff_decide_on_the_units_proposal_only_after_the_graduate_was_silent(
    world: World, agreement: Agreement
) -> None:
    made = signing.propose_conclusion(agreement, agreement.member.user)
    refused("still_waiting", confirm, made, world.school_admin)
    assert conclude.tell_schools_of_silence() == 0
    let_answer_period_pass()
    assert [conclude.tell_schools_of_silence() for _ in range(2)] == [1, 0]
    assert Message.objects.filter(
        to=f"school:{agreement.school_id}", title__contains="逾期"
    ).exists()
    assert confirm(made, world.school_admin).state == ConclusionState.CONFIRMED


@pytest.mark.django_db
def test_others_cannot_confirm(world: World, agreement: Agreement) -> None:
    made = signing.propose_conclusion(agreement, world.school_admin)
    refused("role", confirm, made, world.counsellor)
    refused("scope", confirm, made, factories.make_world().school_admin)
    outside = factories.make_staff(
        Role.DEPARTMENT_ADMIN, world, cohorts=[world.cohort], departments=world.departments[1:]
    )
    refused("scope", confirm, made, outside)
    refused("not_yours", confirm, made, signing.account_of(factories.make_graduate(world)))


@pytest.mark.django_db
def test_after_a_reset_of_the_account_the_graduates_confirmation_waits(
    world: World, agreement: Agreement
) -> None:
    user = graduate_user(agreement)
    made = signing.propose_conclusion(agreement, world.school_admin)
    person = agreement.graduate.person
    person.code_counter, person.activated_at = 1, timezone.now()
    person.save(update_fields=["code_counter", "activated_at"])
    refused("account_reset", confirm, made, user)
    done = conclude.refuse(agreement=agreement, by=user, seen=made.pk, reason="没有签过")
    assert done.state == ConclusionState.REFUSED, "saying no needs no waiting"


@pytest.mark.django_db
def test_a_refusal_needs_a_reason_and_leaves_the_agreement(
    world: World, agreement: Agreement
) -> None:
    user = graduate_user(agreement)
    made = signing.propose_conclusion(agreement, world.school_admin)
    refused("reason", conclude.refuse, agreement=agreement, by=user, seen=made.pk, reason=" ")
    conclude.refuse(agreement=agreement, by=user, seen=made.pk, reason="没有签过")
    assert state(agreement) == AgreementState.ACTIVE
    told = Message.objects.filter(dedupe_key__endswith=f":{made.pk}:refused").values_list(
        "to", flat=True
    )
    assert f"school:{agreement.school_id}" in set(told)
    assert signing.propose_conclusion(agreement, world.school_admin).pk != made.pk


@pytest.mark.django_db
def test_only_the_proposing_side_withdraws(world: World, agreement: Agreement) -> None:
    made = signing.propose_conclusion(agreement, agreement.member.user)
    call: dict[str, Any] = {"agreement": agreement, "seen": made.pk}
    refused("not_own_request", conclude.withdraw, **call, by=world.school_admin)
    refused("role", conclude.withdraw, **call, by=graduate_user(agreement))
    assert conclude.withdraw(**call, by=agreement.member.user).state == ConclusionState.WITHDRAWN
    made = signing.propose_conclusion(agreement, world.school_admin)
    call["seen"] = made.pk
    refused("not_own_request", conclude.withdraw, **call, by=agreement.member.user)
    other = factories.make_staff(Role.SCHOOL_ADMIN, world)
    assert conclude.withdraw(**call, by=other).state == ConclusionState.WITHDRAWN


@pytest.mark.django_db
def test_an_old_page_decides_nothing_and_says_what_happened(
    world: World, agreement: Agreement
) -> None:
    old = signing.propose_conclusion(agreement, world.school_admin)
    conclude.withdraw(agreement=agreement, by=world.school_admin, seen=old.pk)
    new = signing.propose_conclusion(agreement, world.school_admin)
    error = refused("changed", confirm, old, graduate_user(agreement))
    assert "您的操作没有执行" in error.message
    new.refresh_from_db()
    assert new.state == ConclusionState.PROPOSED


# --- one procedure at a time -------------------------------------------------------------------


@pytest.mark.django_db
def test_no_termination_and_no_change_begin_while_a_conclusion_is_open(
    world: World, agreement: Agreement
) -> None:
    made = signing.propose_conclusion(agreement, world.school_admin)
    for by in (agreement.member.user, graduate_user(agreement)):
        refused("conclusion_open", terminate.start, agreement=agreement, by=by,
                ground=Ground.MUTUAL, reason="协商")  # fmt: skip
    review.reject(graduate_id=agreement.graduate_id, reason="行业不符", by=world.school_admin)
    error = refused("not_amendable", amend.propose, agreement=agreement, member=agreement.member,
                    typed={"wage": "7000"}, reason="有误")  # fmt: skip
    assert "转为劳动合同" in error.message
    refused("not_approved", confirm, made, graduate_user(agreement))
    version = agreement.versions.get()
    with pytest.raises(IntegrityError, match="a conclusion is open"), transaction.atomic():
        Amendment.objects.create(
            agreement=agreement, member=agreement.member, terms=version.terms,
            terms_hash=version.terms_hash, signature_id=version.employer_signature_id, reason="测试",
        )  # fmt: skip
    with pytest.raises(IntegrityError, match="a conclusion is open"), transaction.atomic():
        Termination.objects.create(
            agreement=agreement, school_id=agreement.school_id, cohort_id=agreement.cohort_id,
            graduate_id=agreement.graduate_id, started_by=Side.EMPLOYER,
            started_by_user=agreement.member.user, ground=Ground.MUTUAL, reason="协商",
            state=TerminationState.WAITING_OTHER,
        )  # fmt: skip


@pytest.mark.django_db
def test_no_conclusion_begins_while_a_termination_or_a_change_is_open(world: World) -> None:
    made = signing.sign_agreement(factories.make_graduate(world))
    proposal = amend.propose(
        agreement=made, member=made.member, typed={"wage": "7000"}, reason="填写有误"
    )
    review.approve(graduate_id=made.graduate_id, by=world.school_admin)
    refused("amendment_open", signing.propose_conclusion, made, world.school_admin)
    amend.withdraw(amendment=proposal, member=made.member)
    terminate.start(agreement=made, by=made.member.user, ground=Ground.MUTUAL, reason="协商")
    refused("termination_open", signing.propose_conclusion, made, world.school_admin)
    signing.consent_to_termination(made, graduate_user(made))
    refused("termination_open", signing.propose_conclusion, made, made.member.user)


@pytest.mark.django_db
def test_an_upheld_dispute_withdraws_the_proposal(world: World) -> None:
    made = signing.sign_agreement(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    proposal = signing.propose_conclusion(made, made.member.user)
    dispute.raise_dispute(graduate_id=made.graduate_id, reason="不是我", by=graduate_user(made))
    refused("disputed", confirm, proposal, graduate_user(made))
    dispute.settle(
        dispute=Dispute.objects.get(), upheld=True, by=world.school_admin, answer="经核实属实"
    )
    proposal.refresh_from_db()
    assert (proposal.state, state(made)) == (ConclusionState.WITHDRAWN, AgreementState.TERMINATED)
