"""The unit's change on the graduate's phone: old beside new, reading time, code, signature."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from destinations.actions import review
from esign.actions import amend
from esign.models import Agreement, Amendment, Reading
from esign.states import AmendmentState
from tests import factories
from tests.esign import signing
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def proposal(world: World) -> Amendment:
    agreement = signing.sign(factories.make_graduate(world))
    return amend.propose(
        agreement=agreement, member=agreement.member, typed={"wage": "7000"}, reason="工资填写有误"
    )


def phone(proposal: Amendment) -> Client:
    return client_of(signing.account_of(proposal.agreement.graduate))


def address(proposal: Amendment) -> str:
    return f"/amendments/{proposal.pk}/"


def answer(client: Client, proposal: Amendment, **changes: Any) -> Any:
    ink = SimpleUploadedFile("s.png", signing.make_signature(3), "image/png")
    typed = {
        "terms_hash": proposal.terms_hash,
        "code": signing.last_code(proposal.agreement.graduate.mobile),
        "signature": ink,
    }
    return client.post(f"{address(proposal)}confirm/", typed | changes)


def ready(client: Client, proposal: Amendment) -> None:
    client.get(address(proposal))
    signing.backdate(proposal.terms_hash)
    signing.forget_pauses()
    assert client.post(f"{address(proposal)}code/").status_code == 200


def test_old_beside_new_and_the_home_page_leads_there(proposal: Amendment) -> None:
    client = phone(proposal)
    home = client.get("/").content.decode()
    assert "用人单位提出修改签约信息" in home
    assert address(proposal) in home
    assert address(proposal) in client.get(f"/agreements/{proposal.agreement_id}/").content.decode()
    page = client.get(address(proposal)).content.decode()
    assert "<del>6000</del>" in page
    assert "<ins>7000</ins>" in page
    assert "工资填写有误" in page


def test_the_server_counts_the_reading_time(proposal: Amendment) -> None:
    client = phone(proposal)
    client.get(address(proposal))
    assert Reading.objects.filter(terms_hash=proposal.terms_hash).count() == 1
    early = client.post(f"{address(proposal)}code/")
    assert (early.status_code, "请仔细阅读" in early.content.decode()) == (409, True)
    ready(client, proposal)


def test_confirming_twice_is_one_version(proposal: Amendment) -> None:
    client = phone(proposal)
    ready(client, proposal)
    for _ in range(2):
        done = answer(client, proposal)
        assert (done.status_code, done["Location"]) == (
            302,
            f"/agreements/{proposal.agreement_id}/",
        )
    agreement = Agreement.objects.get(pk=proposal.agreement_id)
    assert (agreement.version, agreement.versions.count()) == (2, 2)
    assert "此修改已确认" in client.get(address(proposal)).content.decode()
    assert "用人单位提出修改" not in client.get("/").content.decode()


def test_a_wrong_code_keeps_the_page(proposal: Amendment) -> None:
    client = phone(proposal)
    ready(client, proposal)
    wrong = answer(client, proposal, code="000000")
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert 'value="000000"' in page
    assert "<ins>7000</ins>" in page
    other = answer(client, proposal, terms_hash="0" * 64)
    assert (other.status_code, "请重新阅读" in other.content.decode()) == (409, True)
    assert Agreement.objects.get(pk=proposal.agreement_id).version == 1


def test_refusing_leaves_the_old_terms(proposal: Amendment) -> None:
    client = phone(proposal)
    for _ in range(2):
        assert client.post(f"{address(proposal)}refuse/").status_code == 302
    proposal.refresh_from_db()
    assert proposal.state == AmendmentState.REFUSED
    assert "<del>6000" not in client.get(address(proposal)).content.decode()
    ready_too_late = client.post(f"{address(proposal)}code/")
    assert ready_too_late.status_code == 409


def test_after_the_schools_approval_the_page_says_why_not(
    world: World, proposal: Amendment
) -> None:
    review.approve(graduate_id=proposal.agreement.graduate_id, by=world.school_admin)
    page = phone(proposal).get(address(proposal)).content.decode()
    assert "学校已审核通过, 签约信息不能再修改" in page
    assert "获取验证码" not in page


def test_nobody_elses_change_is_seen_or_answered(world: World, proposal: Amendment) -> None:
    stranger = client_of(factories.activate(factories.make_graduate(world)))
    assert stranger.get(address(proposal)).status_code == 404
    for what in ("code", "confirm", "refuse"):
        assert stranger.post(f"{address(proposal)}{what}/").status_code == 404
    proposal.refresh_from_db()
    assert proposal.state == AmendmentState.PROPOSED
    assert stranger.get("/amendments/99999999/").status_code == 404
