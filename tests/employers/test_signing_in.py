"""By one-time code, whether or not there is an account; passwords only once they are set."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import OneTimeCode, Realm, User
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


def ask(mobile: str) -> str:
    answer = Client().post("/employer/", {"mobile": mobile, "send": "1"})
    assert answer.status_code == 200
    return answer.content.decode().replace(mobile, "")


def enter(client: Client, mobile: str, code: str) -> int:
    return client.post("/employer/", {"mobile": mobile, "code": code}).status_code


def come_in(mobile: str = MOBILE) -> Client:
    client = Client()
    client.post("/employer/", {"mobile": mobile, "send": "1"})
    assert enter(client, mobile, signing.last_code(mobile)) == 302
    return client


def plain(page: str) -> str:
    """Without what differs from request to request."""
    return "\n".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_a_code_opens_the_account(employer: User) -> None:
    page = come_in().get("/employer/home/").content.decode()
    assert "示例招聘人员" in page


def test_whoever_asks_does_not_learn_who_has_an_account(employer: User) -> None:
    assert plain(ask(MOBILE)) == plain(ask(NOBODY))
    assert OutboxMessage.objects.filter(address=MOBILE).count() == 1
    assert not OutboxMessage.objects.filter(address=NOBODY).exists()
    both = [Client().post("/employer/", {"mobile": m, "code": "x"}) for m in (MOBILE, NOBODY)]
    first, second = (plain(a.content.decode().replace(m, ""))
                     for a, m in zip(both, (MOBILE, NOBODY), strict=True))  # fmt: skip
    assert first == second
    assert {a.status_code for a in both} == {422}


def test_the_limits_hold_for_both(employer: User) -> None:
    for mobile in (MOBILE, NOBODY):
        ask(mobile)
        again = Client().post("/employer/", {"mobile": mobile, "send": "1"})
        assert again.status_code == 429
        assert "60秒" in again.content.decode()


def test_even_a_guessed_code_opens_no_account_that_is_not_there() -> None:
    ask(NOBODY)
    row = OneTimeCode.objects.get(phone=NOBODY)
    from accounts.one_time_codes import _digest

    OneTimeCode.objects.filter(pk=row.pk).update(digest=_digest(row.nonce, "123456"))
    assert enter(Client(), NOBODY, "123456") == 422
    assert not User.objects.filter(login=NOBODY).exists()


def test_a_code_serves_once_and_five_tries(employer: User) -> None:
    client = come_in()
    assert enter(Client(), MOBILE, signing.last_code(MOBILE)) == 422
    signing.forget_pauses()
    ask(MOBILE)
    code = signing.last_code(MOBILE)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        enter(Client(), MOBILE, wrong)
    assert enter(Client(), MOBILE, code) == 422
    assert client.get("/employer/home/").status_code == 200


def test_guessing_is_throttled_like_passwords(employer: User) -> None:
    client = Client()
    answers = [enter(client, MOBILE, "000000") for _ in range(12)]
    assert answers[0] == 422
    assert answers[-1] == 429


def test_no_number_is_no_number() -> None:
    answer = Client().post("/employer/", {"mobile": "123", "send": "1"})
    assert answer.status_code == 422
    assert "手机号码应为11位数字" in answer.content.decode()
    assert 'value="123"' in answer.content.decode()


def test_an_account_has_no_password_until_one_is_set(employer: User) -> None:
    for tried in (MOBILE, "", "123456", MOBILE[-6:]):
        answer = Client().post("/employer/", {"mobile": MOBILE, "password": tried})
        assert answer.status_code == 422
    client = come_in()
    page = client.get("/employer/password/").content.decode()
    assert "old_password" not in page
    assert client.post("/employer/password/", NEW).status_code == 302
    entered = Client().post("/employer/", {"mobile": MOBILE, "password": NEW["new_password"]})
    assert entered.status_code == 302


def test_whoever_came_by_password_types_the_old_one(employer: User) -> None:
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
    client = come_in()
    assert client.post("/employer/password/", NEW).status_code == 302


def test_a_weak_password_is_refused(employer: User) -> None:
    client = come_in()
    answer = client.post("/employer/password/", {"new_password": MOBILE, "repeated": MOBILE})
    assert answer.status_code == 422
    employer.refresh_from_db()
    assert not employer.has_usable_password()


def test_ending_all_sessions(employer: User) -> None:
    first, second = client_of(employer), client_of(employer)
    assert first.post("/employer/sessions/").status_code == 302
    for client in (first, second):
        assert client.get("/employer/home/")["Location"] == "/employer/"


def test_the_chosen_unit_and_the_one_that_was_left(employer: User) -> None:
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


def test_a_strangers_membership_is_not_chosen(employer: User) -> None:
    factories.make_member(factories.make_unit(name="甲虚构公司"), employer)
    other = factories.make_member(
        factories.make_unit(factories.make_unit_code(body="MA2N0DEF"), name="乙虚构公司")
    )
    client = client_of(employer)
    client.post("/employer/choose/", {"member": other.pk})
    assert "甲虚构公司" in client.get("/employer/unit/").content.decode()
