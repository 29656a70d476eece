"""Amendments on the graduate's pages: old beside new, reading time, code and signature."""

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
    agreement = signing.sign_agreement(factories.make_graduate(world))
    return amend.propose(
        agreement=agreement, member=agreement.member, typed={"wage": "7000"}, reason="工资填写有误"
    )


def graduate_client(proposal: Amendment) -> Client:
    return client_of(signing.account_of(proposal.agreement.graduate))


def page_of(proposal: Amendment) -> str:
    return f"/amendments/{proposal.pk}/"


def post_confirmation(client: Client, proposal: Amendment, **changes: Any) -> Any:
    ink = SimpleUploadedFile("s.png", signing.make_signature(3), "image/png")
    typed = {
        "terms_hash": proposal.terms_hash,
        "code": signing.last_code(proposal.agreement.graduate.mobile),
        "signature": ink,
    }
    return client.post(f"{page_of(proposal)}confirm/", typed | changes)


def request_code(client: Client, proposal: Amendment) -> None:
    client.get(page_of(proposal))
    signing.backdate_reading(proposal.terms_hash)
    signing.allow_new_codes()
    assert client.post(f"{page_of(proposal)}code/").status_code == 200


def test_the_page_shows_old_beside_new_and_the_home_page_links_to_it(proposal: Amendment) -> None:
    client = graduate_client(proposal)
    home = client.get("/").content.decode()
    assert "用人单位提出修改签约信息" in home
    assert page_of(proposal) in home
    assert page_of(proposal) in client.get(f"/agreements/{proposal.agreement_id}/").content.decode()
    page = client.get(page_of(proposal)).content.decode()
    assert "<del>6000</del>" in page
    assert "<ins>7000</ins>" in page
    assert "工资填写有误" in page


def test_no_code_is_sent_before_the_reading_time_is_over(proposal: Amendment) -> None:
    client = graduate_client(proposal)
    client.get(page_of(proposal))
    assert Reading.objects.filter(terms_hash=proposal.terms_hash).count() == 1
    early = client.post(f"{page_of(proposal)}code/")
    assert (early.status_code, "请仔细阅读" in early.content.decode()) == (409, True)
    request_code(client, proposal)


def test_confirming_twice_makes_one_version(proposal: Amendment) -> None:
    client = graduate_client(proposal)
    request_code(client, proposal)
    for _ in range(2):
        done = post_confirmation(client, proposal)
        assert (done.status_code, done["Location"]) == (
            302,
            f"/agreements/{proposal.agreement_id}/",
        )
    agreement = Agreement.objects.get(pk=proposal.agreement_id)
    assert (agreement.version, agreement.versions.count()) == (2, 2)
    assert "您已确认" in client.get(page_of(proposal)).content.decode()
    assert "用人单位提出修改" not in client.get("/").content.decode()


def test_a_wrong_code_shows_the_page_again_with_what_was_typed(proposal: Amendment) -> None:
    client = graduate_client(proposal)
    request_code(client, proposal)
    wrong = post_confirmation(client, proposal, code="000000")
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert 'value="000000"' in page
    assert "<ins>7000</ins>" in page
    other = post_confirmation(client, proposal, terms_hash="0" * 64)
    assert (other.status_code, "请重新阅读" in other.content.decode()) == (409, True)
    assert Agreement.objects.get(pk=proposal.agreement_id).version == 1


def test_refusing_a_change_leaves_the_old_terms(proposal: Amendment) -> None:
    client = graduate_client(proposal)
    for _ in range(2):
        assert client.post(f"{page_of(proposal)}refuse/").status_code == 302
    proposal.refresh_from_db()
    assert proposal.state == AmendmentState.REFUSED
    assert "<del>6000" not in client.get(page_of(proposal)).content.decode()
    ready_too_late = client.post(f"{page_of(proposal)}code/")
    assert ready_too_late.status_code == 409


def test_after_the_schools_approval_the_page_says_why_not(
    world: World, proposal: Amendment
) -> None:
    review.approve(graduate_id=proposal.agreement.graduate_id, by=world.school_admin)
    page = graduate_client(proposal).get(page_of(proposal)).content.decode()
    assert "学校已审核通过，签约信息不能再修改" in page
    assert "获取验证码" not in page


def test_another_graduates_change_is_not_found(world: World, proposal: Amendment) -> None:
    stranger = client_of(factories.activate(factories.make_graduate(world)))
    assert stranger.get(page_of(proposal)).status_code == 404
    for what in ("code", "confirm", "refuse"):
        assert stranger.post(f"{page_of(proposal)}{what}/").status_code == 404
    proposal.refresh_from_db()
    assert proposal.state == AmendmentState.PROPOSED
    assert stranger.get("/amendments/99999999/").status_code == 404
