"""An agreement has an open termination or a proposed amendment, never both."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from core.errors import DomainError, Refused
from esign.actions import amend, terminate
from esign.models import Agreement, Amendment, Termination
from esign.states import AmendmentState, Ground, Side, TerminationState
from tests import factories
from tests.esign import signing
from tests.esign.test_races import run_at_once
from tests.factories import World, client_of


@pytest.fixture
def agreement(world: World) -> Agreement:
    return signing.sign_agreement(factories.make_graduate(world))


def propose(agreement: Agreement) -> Amendment:
    return amend.propose(
        agreement=agreement, member=agreement.member, typed={"wage": "7000"}, reason="填写有误"
    )


def start(agreement: Agreement, by: Any) -> Termination:
    return terminate.start(agreement=agreement, by=by, ground=Ground.MUTUAL, reason="协商一致")


def insert_termination(agreement: Agreement) -> Termination:
    """An open termination, made without asking any guard."""
    return Termination.objects.create(
        agreement=agreement, school_id=agreement.school_id, cohort_id=agreement.cohort_id,
        graduate_id=agreement.graduate_id, started_by=Side.EMPLOYER,
        started_by_user=agreement.member.user, ground=Ground.MUTUAL, reason="协商一致",
        state=TerminationState.WAITING_OTHER,
    )  # fmt: skip


def insert_amendment(agreement: Agreement) -> Amendment:
    """A proposed amendment, made without asking any guard."""
    version = agreement.versions.get()
    return Amendment.objects.create(
        agreement=agreement, member=agreement.member, terms=version.terms,
        terms_hash=version.terms_hash, signature_id=version.employer_signature_id, reason="测试",
    )  # fmt: skip


@pytest.mark.django_db
def test_no_change_can_be_proposed_while_a_termination_is_open(agreement: Agreement) -> None:
    start(agreement, agreement.member.user)
    with pytest.raises(DomainError, match="解约申请正在办理"):
        propose(agreement)
    page = client_of(agreement.member.user).get(f"/employer/agreements/{agreement.pk}/")
    assert "解约申请正在办理" in page.content.decode()
    terminate.withdraw(agreement=agreement, by=agreement.member.user)
    assert propose(agreement).pk


@pytest.mark.django_db
@pytest.mark.parametrize("side", ["graduate", "employer"])
def test_no_termination_starts_while_a_change_is_proposed(agreement: Agreement, side: str) -> None:
    proposal = propose(agreement)
    graduate = signing.account_of(agreement.graduate)
    by = graduate if side == "graduate" else agreement.member.user
    with pytest.raises(DomainError) as refusal:
        start(agreement, by)
    assert refusal.value.code == "amendment_open"
    amend.refuse(amendment=proposal, by=graduate)
    assert start(agreement, by).pk


@pytest.mark.django_db
def test_confirming_a_change_asks_whether_a_termination_is_open(
    agreement: Agreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only rows from before the database's guarantee can be open together, so the answer is given here."""

    def find_open_termination(_: Agreement) -> None:
        raise Refused("termination_open", "此协议的解约申请正在办理。")

    proposal = propose(agreement)
    user = signing.account_of(agreement.graduate)
    monkeypatch.setattr(amend, "no_open_termination", find_open_termination)
    refusal = amend.confirmation_refusal(proposal, user)
    assert refusal is not None
    assert refusal.code == "termination_open"
    with pytest.raises(DomainError) as refused:
        amend.confirm(
            amendment=proposal, by=user, terms_hash=proposal.terms_hash, code="000000",
            address=signing.ADDRESS,
        )  # fmt: skip
    assert refused.value.code == "termination_open"
    assert amend.refuse(amendment=proposal, by=user).state == AmendmentState.REFUSED


@pytest.mark.django_db
def test_the_database_refuses_a_termination_beside_a_proposed_change(agreement: Agreement) -> None:
    insert_amendment(agreement)
    with pytest.raises(IntegrityError, match="cannot be open together"), transaction.atomic():
        insert_termination(agreement)


@pytest.mark.django_db
def test_the_database_refuses_a_proposed_change_beside_a_termination(agreement: Agreement) -> None:
    insert_termination(agreement)
    with pytest.raises(IntegrityError, match="cannot be open together"), transaction.atomic():
        insert_amendment(agreement)


def test_of_a_termination_and_a_change_at_once_the_database_keeps_one(
    committed_world: World,
) -> None:
    agreement = signing.sign_agreement(factories.make_graduate(committed_world))

    def insert(make: Any) -> Any:
        with transaction.atomic():
            row = make(agreement)
            time.sleep(0.5)  # the other transaction writes meanwhile, before this one commits
        return row

    answers = run_at_once(lambda: insert(insert_termination), lambda: insert(insert_amendment))
    assert sum(isinstance(a, IntegrityError) for a in answers) == 1
    assert Termination.objects.count() + Amendment.objects.count() == 1
