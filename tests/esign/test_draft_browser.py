"""A draft opens in the browser that proved the phone, and nowhere once it is sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from employers.models import Membership
from esign import draft_browser
from esign.actions import drafts, invite
from esign.fields import IMAGES
from esign.models import Draft
from graduates.models import Graduate
from tests import factories
from tests.esign import signing
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db
MOBILE, OTHER = "13900000001", "13900000002"


@pytest.fixture
def draft(graduate: Graduate) -> Draft:
    clear_own_cache()
    return signing.fill_draft(signing.begin_draft(graduate), MOBILE)


def text_of(response: Any) -> str:
    return response.content.decode()


def assert_closed(client: Client, draft: Draft) -> None:
    """Nothing of the draft is shown or changed."""
    base = f"/invite/{draft.key}"
    for page in ("1/", "4/", "preview/", "sent/"):
        for answer in (client.get(f"{base}/{page}"), client.post(f"{base}/{page}")):
            assert answer["Location"] == f"{base}/phone/"
    for slot in (*IMAGES, "signature"):
        assert client.get(f"{base}/image/{slot}/").status_code == 404
    upload = {"image": SimpleUploadedFile("a.jpg", factories.make_photo())}
    assert client.post(f"{base}/upload/id_front/", upload).status_code == 409
    assert client.post(f"{base}/save/", {"wage": "1"}).status_code == 409
    assert client.get(f"{base}/units/", {"q": "虚构"}).status_code == 403


def test_whoever_has_the_link_sees_nothing_of_it(draft: Draft) -> None:
    assert_closed(Client(), draft)
    page = Client().get(f"/invite/{draft.key}/phone/")
    assert "尾号0001" in text_of(page)
    assert MOBILE not in text_of(page)


def test_a_cookie_of_another_draft_or_a_made_up_one_opens_nothing(
    draft: Draft, graduate: Graduate
) -> None:
    other = signing.fill_draft(signing.begin_draft(graduate), OTHER)
    for value in (draft_browser.proof_of(other), "made-up", str(draft.pk)):
        client = Client()
        client.cookies.load({draft_browser.COOKIE: value})
        assert_closed(client, draft)


def test_the_browser_that_proves_the_phone_goes_on(draft: Draft) -> None:
    """The owner opens the link on another device."""
    client, where = Client(), f"/invite/{draft.key}/phone/"
    signing.allow_new_codes()
    assert client.post(where, {"mobile": MOBILE, "send": "1"}).status_code == 200
    done = client.post(where, {"mobile": MOBILE, "code": signing.last_code(MOBILE)})
    assert done["Location"] == f"/invite/{draft.key}/1/"
    cookie = client.cookies[draft_browser.COOKIE]
    assert (cookie["path"], cookie["httponly"]) == (f"/invite/{draft.key}/", True)
    assert client.get(f"/invite/{draft.key}/image/id_front/").status_code == 200
    assert client.get(f"/invite/{draft.key}/4/").status_code == 200


def test_a_colleague_with_another_phone_cannot_take_the_draft_over(draft: Draft) -> None:
    client, where = Client(), f"/invite/{draft.key}/phone/"
    signing.allow_new_codes()
    answer = client.post(where, {"mobile": OTHER, "send": "1"})
    assert answer.status_code == 409
    assert "请验证同一手机号码" in text_of(answer)
    draft.refresh_from_db()
    assert draft.mobile == MOBILE


def test_sending_closes_the_draft(draft: Draft) -> None:
    own = signing.browser_of(draft)
    assert own.get(f"/invite/{draft.key}/image/id_front/").status_code == 200
    invite.send(draft=draft)
    for slot in (*IMAGES, "signature"):
        assert own.get(f"/invite/{draft.key}/image/{slot}/").status_code == 404
    for page in ("1/", "preview/"):
        assert own.get(f"/invite/{draft.key}/{page}")["Location"] == f"/invite/{draft.key}/sent/"
    assert "已发送给" in text_of(own.get(f"/invite/{draft.key}/sent/"))
    assert_closed(Client(), draft)
    page = Client().get(f"/invite/{draft.key}/phone/")
    assert page.status_code == 403
    assert "登录用人单位端" in text_of(page)
    assert draft.graduate.name not in text_of(page)


def test_a_draft_of_a_signed_in_person_opens_in_their_account_only(graduate: Graduate) -> None:
    unit = factories.make_unit()
    member, colleague = (factories.make_member(unit, state=Membership.VERIFIED) for _ in range(2))
    draft = drafts.begin_as_member(graduate=graduate, member=member, address="127.0.0.1")
    assert_closed(factories.client_of(colleague.user), draft)
    assert_closed(Client(), draft)
    owner = factories.client_of(member.user)
    assert owner.get(f"/invite/{draft.key}/1/").status_code == 200
    assert owner.get(f"/invite/{draft.key}/image/id_front/").status_code == 200
