"""Signing in as an employer with mobile number and password."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Realm, User
from tests import factories

pytestmark = pytest.mark.django_db

MOBILE = "13911112222"


@pytest.fixture
def employer() -> User:
    return User.objects.create_user(
        Realm.EMPLOYER, MOBILE, factories.PASSWORD, label="示例招聘人员", mobile=MOBILE
    )


def test_sign_in_and_out(employer: User) -> None:
    client = Client()
    answer = client.post("/employer/", {"mobile": f"+86 {MOBILE}", "password": factories.PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"] == "/employer/home/"
    assert "示例招聘人员" in client.get("/employer/", follow=True).content.decode()
    client.post("/employer/logout/")
    assert "用人单位登录" in client.get("/employer/").content.decode()


def test_a_wrong_password_keeps_the_typed_number(employer: User) -> None:
    answer = Client().post("/employer/", {"mobile": MOBILE, "password": "wrong"})
    assert answer.status_code == 422
    assert "手机号码或密码不正确" in answer.content.decode()
    assert MOBILE in answer.content.decode()


def test_an_employers_session_opens_no_other_realm(employer: User) -> None:
    client = Client()
    client.force_login(employer, backend="accounts.backends.RealmBackend")
    assert client.get("/console/").status_code == 403
    assert client.get("/").status_code == 302
