"""Signing in as an employer with a one-time code, and setting a password."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import OneTimeCode, Realm, User
from accounts.throttle import ACCOUNT_LIMIT
from core.models import OutboxMessage
from employers.models import Membership
from tests import factories
from tests.esign import signing
from tests.factories import client_of

pytestmark = pytest.mark.django_db

MOBILE, NOBODY = "13911112222", "13911113333"
NEW = {"new_password": "made-up-secret-8", "repeated": "made-up-secret-8"}


@pytest.fixture
def employer() -> User:
    return User.objects.create_user(Realm.EMPLOYER, MOBILE, label="示例招聘人员", mobile=MOBILE)


def request_code(mobile: str) -> str:
    answer = Client().post("/employer/", {"mobile": mobile, "send": "1"})
    assert answer.status_code == 200
    return answer.content.decode().replace(mobile, "")


def post_code(client: Client, mobile: str, code: str) -> int:
    return client.post("/employer/", {"mobile": mobile, "code": code}).status_code


def sign_in_by_code(mobile: str = MOBILE) -> Client:
    client = Client()
    client.post("/employer/", {"mobile": mobile, "send": "1"})
    assert post_code(client, mobile, signing.last_code(mobile)) == 302
    return client


def without_token(page: str) -> str:
    """The page without the line that differs between requests."""
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_a_code_signs_the_person_in(employer: User) -> None:
    page = sign_in_by_code().get("/employer/home/").content.decode()
    assert "示例招聘人员" in page


def test_the_page_does_not_reveal_which_numbers_have_an_account(employer: User) -> None:
    assert without_token(request_code(MOBILE)) == without_token(request_code(NOBODY))
    assert OutboxMessage.objects.filter(address=MOBILE).count() == 1
    assert not OutboxMessage.objects.filter(address=NOBODY).exists()
    both = [Client().post("/employer/", {"mobile": m, "code": "x"}) for m in (MOBILE, NOBODY)]
    first, second = (without_token(a.content.decode().replace(m, ""))
                     for a, m in zip(both, (MOBILE, NOBODY), strict=True))  # fmt: skip
    assert first == second
    assert {a.status_code for a in both} == {422}


def test_the_limits_apply_with_and_without_an_account(employer: User) -> None:
    for mobile in (MOBILE, NOBODY):
        request_code(mobile)
        again = Client().post("/employer/", {"mobile": mobile, "send": "1"})
        assert again.status_code == 429
        assert "60秒" in again.content.decode()


def test_a_right_code_does_not_create_an_account() -> None:
    request_code(NOBODY)
    row = OneTimeCode.objects.get(phone=NOBODY)
    from accounts.one_time_codes import _digest

    OneTimeCode.objects.filter(pk=row.pk).update(digest=_digest(row.nonce, "123456"))
    assert post_code(Client(), NOBODY, "123456") == 422
    assert not User.objects.filter(login=NOBODY).exists()


def test_a_code_is_valid_once_and_for_five_tries(employer: User) -> None:
    client = sign_in_by_code()
    assert post_code(Client(), MOBILE, signing.last_code(MOBILE)) == 422
    signing.allow_new_codes()
    request_code(MOBILE)
    code = signing.last_code(MOBILE)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        post_code(Client(), MOBILE, wrong)
    assert post_code(Client(), MOBILE, code) == 422
    assert client.get("/employer/home/").status_code == 200


def test_guessing_codes_asks_for_a_proof(employer: User) -> None:
    client = Client()
    for _ in range(ACCOUNT_LIMIT):
        post_code(client, MOBILE, "000000")
    asked = client.post("/employer/", {"mobile": MOBILE, "code": "000000"})
    assert asked.context["form"].errors["proof"]


def test_something_that_is_no_mobile_number_is_refused() -> None:
    answer = Client().post("/employer/", {"mobile": "123", "send": "1"})
    assert answer.status_code == 422
    assert "手机号码应为11位数字" in answer.content.decode()
    assert 'value="123"' in answer.content.decode()


def test_an_account_has_no_password_until_one_is_set(employer: User) -> None:
    for tried in (MOBILE, "", "123456", MOBILE[-6:]):
        answer = Client().post("/employer/", {"mobile": MOBILE, "password": tried})
        assert answer.status_code == 422
    client = sign_in_by_code()
    page = client.get("/employer/password/").content.decode()
    assert "old_password" not in page
    assert client.post("/employer/password/", NEW).status_code == 302
    entered = Client().post("/employer/", {"mobile": MOBILE, "password": NEW["new_password"]})
    assert entered.status_code == 302


def test_after_a_password_sign_in_the_old_password_is_required(employer: User) -> None:
    employer.set_password(factories.PASSWORD)
    employer.save()
    client = Client()
    client.post("/employer/", {"mobile": MOBILE, "password": factories.PASSWORD})
    assert client.post("/employer/password/", NEW).status_code == 422
    done = client.post("/employer/password/", NEW | {"old_password": factories.PASSWORD})
    assert done.status_code == 302
    assert client.get("/employer/home/").status_code == 200


def test_a_forgotten_password_is_replaced_right_after_a_code(employer: User) -> None:
    employer.set_password("forgotten-secret-1")
    employer.save()
    client = sign_in_by_code()
    assert client.post("/employer/password/", NEW).status_code == 302


def test_a_weak_password_is_refused(employer: User) -> None:
    client = sign_in_by_code()
    answer = client.post("/employer/password/", {"new_password": MOBILE, "repeated": MOBILE})
    assert answer.status_code == 422
    employer.refresh_from_db()
    assert not employer.has_usable_password()


def test_ending_all_sessions_signs_every_device_out(employer: User) -> None:
    first, second = client_of(employer), client_of(employer)
    assert first.post("/employer/sessions/").status_code == 302
    for client in (first, second):
        assert client.get("/employer/home/")["Location"] == "/employer/"


def test_the_chosen_unit_is_shown_until_the_person_leaves_it(employer: User) -> None:
    one = factories.make_member(factories.make_unit(name="甲虚构公司"), employer)
    two = factories.make_member(
        factories.make_unit(factories.make_unit_code(body="MA2N0DEF"), name="乙虚构公司"), employer
    )
    client = client_of(employer)
    assert "乙虚构公司" in client.get("/employer/unit/").content.decode()
    client.post("/employer/choose/", {"member": one.pk})
    assert "甲虚构公司" in client.get("/employer/unit/").content.decode()
    one.state, one.ended_at = Membership.ENDED, one.created_at
    one.save()
    assert "甲虚构公司" not in client.get("/employer/unit/").content.decode()
    client.post("/employer/choose/", {"member": one.pk})
    assert "甲虚构公司" not in client.get("/employer/unit/").content.decode()
    two.state, two.ended_at = Membership.ENDED, two.created_at
    two.save()
    assert client.get("/employer/unit/")["Location"] == "/employer/home/"
    assert "还没有签约记录" in client.get("/employer/home/").content.decode()


def test_another_persons_membership_cannot_be_chosen(employer: User) -> None:
    factories.make_member(factories.make_unit(name="甲虚构公司"), employer)
    other = factories.make_member(
        factories.make_unit(factories.make_unit_code(body="MA2N0DEF"), name="乙虚构公司")
    )
    client = client_of(employer)
    client.post("/employer/choose/", {"member": other.pk})
    assert "甲虚构公司" in client.get("/employer/unit/").content.decode()
