"""What was refused of signing is said where the graduate signs, since the page lands there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from esign.actions import amend
from graduates.models import Graduate
from tests import factories
from tests.esign import signing

pytestmark = pytest.mark.django_db


class SignedPage:
    """A page under which a graduate signs, read and ready for a code."""

    def __init__(self, client: Client, address: str, last: str, terms_hash: str) -> None:
        self.client, self.address, self.last, self.hash = client, address, last, terms_hash

    def get(self) -> str:
        return self.client.get(self.address).content.decode()

    def ask(self) -> Any:
        return self.client.post(f"{self.address}code/")

    def sign(self, code: str, *, drawn: bool = True) -> Any:
        typed: dict[str, Any] = {"terms_hash": self.hash, "code": code}
        if drawn:
            typed["signature"] = SimpleUploadedFile("s.png", signing.make_signature(), "image/png")
        return self.client.post(f"{self.address}{self.last}/", typed)


@pytest.fixture(params=["invitation", "amendment"])
def page(request: pytest.FixtureRequest, graduate: Graduate) -> SignedPage:
    if request.param == "invitation":
        user = signing.confirm_origin(graduate)
        row = signing.send_invitation(graduate)
        signing.read_notice(row, user)
        address, last = f"/invitations/{row.pk}/", "accept"
        client = factories.client_of(user)
    else:
        agreement = signing.sign_agreement(graduate)
        row = amend.propose(
            agreement=agreement, member=agreement.member, typed={"wage": "7000"}, reason="有误"
        )
        address, last = f"/amendments/{row.pk}/", "confirm"
        client = factories.client_of(signing.account_of(graduate))
        client.get(address)
        signing.backdate_reading(row.terms_hash)
    signing.allow_new_codes()
    return SignedPage(client, address, last, row.terms_hash)


def parts(response: Any) -> tuple[str, str]:
    """The page before the block of the signature, and the block."""
    above, _, block = response.content.decode().partition('id="sign"')
    assert block
    return above, block.partition("</section>")[0]


def test_a_wrong_code_is_said_beside_the_code(page: SignedPage, graduate: Graduate) -> None:
    page.ask()
    wrong = "000000" if signing.last_code(graduate.mobile) != "000000" else "111111"
    response = page.sign(wrong)
    above, block = parts(response)
    assert response.status_code == 422
    assert "验证码不正确" not in above
    field = block.partition('id="field-code"')[2].partition('id="field-signature"')[0]
    assert re.search(r'role="alert">验证码不正确，还可以试 \d 次。', field)
    assert f'value="{wrong}"' in field


def test_a_missing_signature_is_said_beside_the_signature(
    page: SignedPage, graduate: Graduate
) -> None:
    page.ask()
    response = page.sign(signing.last_code(graduate.mobile), drawn=False)
    above, block = parts(response)
    assert response.status_code == 409
    assert "手写签名" not in above
    assert "请在框内手写签名" in block.partition('id="field-signature"')[2]


def test_a_code_that_was_sent_is_said_where_it_is_typed(page: SignedPage) -> None:
    response = page.ask()
    above, block = parts(response)
    assert "验证码已发送" not in above
    assert "验证码已发送到" in block
    assert 'name="code"' in block
    again = page.ask()
    above, block = parts(again)
    assert again.status_code == 429
    assert "验证码已发送" not in above
    assert "验证码已发送，请在60秒后再获取" in block
    assert 'name="code"' in block


def test_the_page_opened_again_still_asks_for_the_code_that_was_sent(page: SignedPage) -> None:
    assert 'name="code"' not in page.get()
    page.ask()
    again = page.get()
    assert "验证码已发送到" in again
    assert 'name="code"' in again


@pytest.mark.parametrize("act", ["code", "last"])
def test_a_get_on_an_address_that_takes_a_post_goes_back_to_the_page(
    page: SignedPage, act: str
) -> None:
    response = page.client.get(f"{page.address}{page.last if act == 'last' else act}/")
    assert (response.status_code, response["Location"]) == (302, f"{page.address}#sign")
