"""An e-signed destination is shown as one, and its reviewer has licence, identity and agreement at hand."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from core.models import Event
from destinations.actions import dispute, review
from destinations.models import Destination, Dispute
from destinations.resources import DestinationResource
from esign.actions import documents
from esign.models import Agreement
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db
WORDS, WRONG = "网签就业协议", "纸质就业协议书"


@pytest.fixture
def agreement(graduate: Graduate) -> Agreement:
    return signing.sign_agreement(graduate, penalty_notes="提前30日\n书面告知")


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_the_graduates_pages_name_the_agreement_that_was_signed_online(
    world: World, agreement: Agreement
) -> None:
    client = client_of(signing.account_of(agreement.graduate))
    shown = page(client, "/destination/")
    assert WORDS in shown
    assert WRONG not in shown
    review.approve(graduate_id=agreement.graduate_id, by=world.school_admin)
    for address in ("/", "/destination/touch-up/", "/agreements/", "/dispute/"):
        response = client.get(address)
        assert "纸质" not in response.content.decode(), address


def test_the_consoles_pages_and_exports_name_it_so(world: World, agreement: Agreement) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    of_destination = ["", "queue/", f"{agreement.graduate_id}/"]
    for address in [f"/console/destinations/{end}" for end in of_destination]:
        shown = page(client, address)
        assert WORDS in shown, address
        assert WRONG not in shown, address
    dispute.raise_dispute(
        graduate_id=agreement.graduate_id, reason="不是我签的",
        by=signing.account_of(agreement.graduate),
    )  # fmt: skip
    assert WORDS in page(client, f"/console/disputes/{Dispute.objects.get().pk}/")
    row = DestinationResource().export(Destination.objects.filter(pk=agreement.graduate_id)).dict[0]
    assert row["形式"] == WORDS


def test_a_paper_agreement_keeps_its_name(world: World) -> None:
    graduate = factories.make_graduate(world)
    Destination.objects.filter(pk=graduate.pk).update(
        category="10", form="agreement", state="pending"
    )
    assert WRONG in page(world.client(Role.SCHOOL_ADMIN), f"/console/destinations/{graduate.pk}/")


def test_a_dispute_from_before_says_nothing_of_the_form(world: World, agreement: Agreement) -> None:
    dispute.raise_dispute(
        graduate_id=agreement.graduate_id,
        reason="不是我签的",
        by=signing.account_of(agreement.graduate),
    )
    row = Dispute.objects.get()
    del row.snapshot["agreement_no"]
    row.save()
    shown = page(world.client(Role.SCHOOL_ADMIN), f"/console/disputes/{row.pk}/")
    assert WORDS not in shown
    assert WRONG not in shown


# --- the review page ---------------------------------------------------------------------------


def looks(agreement: Agreement) -> int:
    return Event.objects.filter(action="esign.view_identity", object_id=agreement.pk).count()


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN])
def test_the_reviewer_sees_licence_identity_signatures_and_terms(
    world: World, agreement: Agreement, role: str
) -> None:
    client = world.client(role)
    shown = page(client, f"/console/destinations/{agreement.graduate_id}/")
    image = f"/console/agreements/{agreement.pk}/image"
    for words in (
        f'src="{image}/certificate/"', f'href="{image}/id_front/"', f'href="{image}/id_back/"',
        f"/console/agreements/{agreement.pk}/signature/1/employer/", "身份证人像面",
        agreement.number, "违约金（元）", "提前30日<br>书面告知", "初次合同期限（年）",
    ):  # fmt: skip
        assert words in shown, words
    assert f'src="{image}/id_front/"' not in shown, "an identity card is shown when it is chosen"
    assert looks(agreement) == 0
    assert client.get(f"{image}/id_front/").status_code == 200
    assert looks(agreement) == 1


def test_the_agreements_pages_are_shown_once_it_can_be_printed(
    world: World, agreement: Agreement, signing_key: Any
) -> None:
    client, address = (
        world.client(Role.SCHOOL_ADMIN),
        f"/console/destinations/{agreement.graduate_id}/",
    )
    assert "查看协议书" not in page(client, address)
    review.approve(graduate_id=agreement.graduate_id, by=world.school_admin)
    documents.make_waiting()
    shown = page(client, address)
    assert f"/console/agreements/{agreement.pk}/pages/" in shown
    picture = f"/console/agreements/{agreement.pk}/pages/1/"
    assert f'href="{picture}"' in shown
    assert client.get(picture).status_code == 200


def test_another_schools_staff_see_neither_page_nor_pictures(agreement: Agreement) -> None:
    client = factories.make_world().client(Role.SCHOOL_ADMIN)
    assert client.get(f"/console/destinations/{agreement.graduate_id}/").status_code == 404
    for slot in ("certificate", "id_front"):
        address = f"/console/agreements/{agreement.pk}/image/{slot}/"
        assert client.get(address).status_code == 404
    assert looks(agreement) == 0


def test_a_destination_without_agreement_shows_only_its_evidence(world: World) -> None:
    graduate = factories.make_graduate(world)
    factories.register_contract(graduate, factories.activate(graduate))
    shown = page(world.client(Role.COUNSELLOR), f"/console/destinations/{graduate.pk}/")
    assert WORDS not in shown
    assert "/console/agreements/" not in shown.partition('class="review"')[2]
