"""Amendments: the unit proposes, the graduate confirms, and earlier versions stay."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import DomainError
from destinations.actions import review
from destinations.states import State
from esign import terms
from esign.actions import amend, reading, terminate
from esign.models import Agreement, Amendment
from esign.states import AmendmentState
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.factories import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreement(world: World) -> Agreement:
    return signing.sign_agreement(factories.make_graduate(world))


def propose(agreement: Agreement, **typed: Any) -> Amendment:
    return amend.propose(
        agreement=agreement, member=agreement.member, typed=typed or {"wage": "7000"},
        reason="填写有误",
    )  # fmt: skip


def confirm(proposal: Amendment, **changes: Any) -> Any:
    graduate = Graduate.objects.select_related("person").get(pk=proposal.agreement.graduate_id)
    user = signing.account_of(graduate)
    reading.note_reading(graduate=graduate, terms_hash=proposal.terms_hash, by=user)
    signing.backdate_reading(proposal.terms_hash)
    signing.allow_new_codes()
    amend.send_code(amendment=proposal, by=user, address=signing.ADDRESS)
    values = {
        "by": user, "terms_hash": proposal.terms_hash, "code": signing.last_code(graduate.mobile),
        "signature": signing.make_signature(2), "address": signing.ADDRESS,
    }  # fmt: skip
    return amend.confirm(amendment=proposal, **(values | changes))


def refused(code: str, call: Any, *args: Any, **values: Any) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        call(*args, **values)
    assert refusal.value.code == code
    return refusal.value


def test_a_confirmed_change_is_a_new_version_and_waits_for_review(
    world: World, agreement: Agreement
) -> None:
    review.reject(graduate_id=agreement.graduate_id, reason="行业不符", by=world.counsellor)
    version = confirm(propose(agreement, unit_industry="35", wage="7000"))
    agreement.refresh_from_db()
    assert (agreement.version, version.number) == (2, 2)
    d = factories.destination_of(agreement.graduate_id)
    assert (d.state, d.unit_industry) == (State.ESIGNED, "35")
    first = agreement.versions.get(number=1)
    assert terms.read(first.terms)["values"]["wage"] == 6000
    assert terms.read(version.terms)["values"]["wage"] == 7000
    assert agreement.signed_at == Agreement.objects.get(pk=agreement.pk).signed_at


def test_a_proposed_change_has_no_effect_before_the_graduate_confirms(agreement: Agreement) -> None:
    propose(agreement, unit_industry="35")
    agreement.refresh_from_db()
    assert agreement.version == 1
    assert factories.destination_of(agreement.graduate_id).unit_industry == "34"


def test_an_amendment_cannot_change_the_units_code(agreement: Agreement) -> None:
    proposal = propose(agreement, unit_code=factories.make_unit_code(body="MA2N0DEF"), wage="7000")
    assert terms.read(proposal.terms)["values"]["unit_code"] == factories.make_unit_code()


def test_an_amendment_corrects_only_typing_errors_of_the_units_name(agreement: Agreement) -> None:
    error = refused("invalid", propose, agreement, unit_name="完全不同的另一家单位")
    assert "unit_name" in error.errors  # type: ignore[attr-defined]
    assert propose(agreement, unit_name="虚构信息技木有限公司").pk


def test_no_change_can_be_proposed_after_the_schools_approval(
    world: World, agreement: Agreement
) -> None:
    review.approve(graduate_id=agreement.graduate_id, by=world.school_admin)
    refused("not_amendable", propose, agreement)


def test_a_change_cannot_be_confirmed_after_the_schools_approval(
    world: World, agreement: Agreement
) -> None:
    proposal = propose(agreement)
    review.approve(graduate_id=agreement.graduate_id, by=world.school_admin)
    refused("not_amendable", confirm, proposal)
    assert Amendment.objects.get(pk=proposal.pk).state == AmendmentState.PROPOSED


def test_a_refused_change_cannot_be_confirmed(agreement: Agreement) -> None:
    proposal = propose(agreement)
    done = amend.refuse(amendment=proposal, by=signing.account_of(agreement.graduate))
    assert done.state == AmendmentState.REFUSED
    refused("state", confirm, proposal)


def test_only_one_change_is_proposed_at_a_time(agreement: Agreement) -> None:
    proposal = propose(agreement)
    refused("not_amendable", propose, agreement, wage="8000")
    amend.withdraw(amendment=proposal, member=agreement.member)
    assert propose(agreement, wage="8000").pk


def test_a_change_must_be_read_and_answered_by_the_graduate(
    world: World, agreement: Agreement
) -> None:
    proposal = propose(agreement)
    user = signing.account_of(agreement.graduate)
    refused("not_read", amend.send_code, amendment=proposal, by=user, address=signing.ADDRESS)
    refused("not_yours", amend.refuse, amendment=proposal, by=world.school_admin)


def test_confirming_other_terms_than_those_shown_is_refused(agreement: Agreement) -> None:
    refused("terms_changed", confirm, propose(agreement), terms_hash="0" * 64)


def test_a_proposed_change_is_closed_when_the_agreement_ends(
    world: World, agreement: Agreement
) -> None:
    proposal = propose(agreement)
    terminate.end_after_dispute(agreement=agreement, reason="异议成立", by=world.school_admin)
    proposal.refresh_from_db()
    assert proposal.state == AmendmentState.CLOSED


def test_a_new_saved_signature_does_not_change_signed_versions(agreement: Agreement) -> None:
    before = agreement.versions.get().employer_signature_id
    from core import files

    agreement.member.signature = files.store(
        b"x", name="x.png", content_type="image/png", purpose="signature"
    )
    agreement.member.save()
    assert agreement.versions.get().employer_signature_id == before
