"""Concluding (转为劳动合同): an agreement ends because a labour contract followed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from accounts.models import Message
from core.errors import DomainError
from core.models import Event
from destinations.actions import review
from destinations.states import State
from esign.actions import amend, conclude, printing, terminate
from esign.models import Agreement
from esign.states import AgreementState, AmendmentState, Ground
from esign.verification import public_facts
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import World

pytestmark = pytest.mark.django_db
WHY = "2027年7月1日已签订劳动合同"


@pytest.fixture
def agreement(world: World) -> Agreement:
    made = signing.sign_agreement(factories.make_graduate(world))
    review.approve(graduate_id=made.graduate_id, by=world.school_admin)
    return made


def refused(code: str, agreement: Agreement, by: Any, reason: str = WHY) -> None:
    with pytest.raises(DomainError) as refusal:
        conclude.conclude(agreement=agreement, by=by, reason=reason)
    assert refusal.value.code == code
    assert Agreement.objects.get(pk=agreement.pk).state == AgreementState.ACTIVE


def test_the_agreement_ends_and_the_destination_stays_approved(
    world: World, agreement: Agreement
) -> None:
    before = factories.destination_of(agreement.graduate_id)
    done = conclude.conclude(agreement=agreement, by=world.school_admin, reason=WHY)
    assert (done.state, done.ended_at is not None) == (AgreementState.ENDED, True)
    d = factories.destination_of(agreement.graduate_id)
    assert (d.state, d.category, d.form) == (State.SCHOOL_APPROVED, "11", "")
    assert (d.agreement_no, d.locked_at) == ("", None)
    assert (d.unit_name, d.unit_code, d.school_at) == (
        before.unit_name, before.unit_code, before.school_at,
    )  # fmt: skip
    assert Event.objects.filter(action="esign.conclude", object_id=agreement.pk).get().reason == WHY
    told = Message.objects.filter(dedupe_key__endswith=":concluded").values_list("to", flat=True)
    assert set(told) == {
        f"person:{agreement.graduate.person_id}", f"user:{agreement.member.user_id}",
    }  # fmt: skip
    assert public_facts(done)["state"] == "已终止"
    assert printing.print_refusal(done) == "协议已终止，不能打印。"
    with transaction.atomic():  # run the deferred triggers now
        from django.db import connection

        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_only_an_admin_of_the_same_school_may_conclude(world: World, agreement: Agreement) -> None:
    refused("role", agreement, world.counsellor)
    refused("role", agreement, world.department_admin)
    refused("role", agreement, signing.account_of(agreement.graduate))
    refused("scope", agreement, factories.make_world().school_admin)


def test_concluding_needs_a_reason_an_approval_and_no_open_termination(
    world: World, agreement: Agreement
) -> None:
    refused("reason", agreement, world.school_admin, "  ")
    terminate.start(
        agreement=agreement, by=agreement.member.user, ground=Ground.MUTUAL, reason="协商"
    )
    refused("termination_open", agreement, world.school_admin)
    terminate.withdraw(agreement=agreement, by=agreement.member.user)
    review.reject(graduate_id=agreement.graduate_id, reason="行业不符", by=world.school_admin)
    refused("not_approved", agreement, world.school_admin)


def test_concluding_closes_a_proposed_change_and_happens_once(world: World) -> None:
    made = signing.sign_agreement(factories.make_graduate(world))
    proposal = amend.propose(
        agreement=made, member=made.member, typed={"wage": "7000"}, reason="填写有误"
    )
    review.approve(graduate_id=made.graduate_id, by=world.counsellor)
    conclude.conclude(agreement=made, by=world.school_admin, reason=WHY)
    proposal.refresh_from_db()
    assert proposal.state == AmendmentState.CLOSED
    with pytest.raises(DomainError) as refusal:
        conclude.conclude(agreement=made, by=world.school_admin, reason=WHY)
    assert refusal.value.code == "state"


def test_the_school_admin_concludes_on_the_page(world: World, agreement: Agreement) -> None:
    address = f"/console/agreements/{agreement.pk}/"
    client = world.client(Role.SCHOOL_ADMIN)
    assert "终止协议，转为劳动合同" in client.get(address).content.decode()
    assert (
        "终止协议，转为劳动合同" not in world.client(Role.COUNSELLOR).get(address).content.decode()
    )
    empty = client.post(f"{address}conclude/", {"reason": " "})
    assert (empty.status_code, "请填写劳动合同的签订情况" in empty.content.decode()) == (409, True)
    assert client.post(f"{address}conclude/", {"reason": WHY}).status_code == 302
    page = client.get(address).content.decode()
    assert "已终止" in page
    assert WHY in page


def test_after_concluding_the_graduate_cannot_sign_again(
    world: World, agreement: Agreement
) -> None:
    conclude.conclude(agreement=agreement, by=world.school_admin, reason=WHY)
    graduate = Graduate.objects.get(pk=agreement.graduate_id)
    with pytest.raises(DomainError) as refusal:
        signing.sign_agreement(graduate, mobile="13900000002")
    assert refusal.value.code == "not_seeking"
