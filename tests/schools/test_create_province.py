"""`create_province` makes the first account of an installation with a one-time password."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from core.models import Event
from schools.roles import Role
from tests import factories
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db


def created() -> str:
    """The password that the command printed."""
    said = io.StringIO()
    call_command("create_province", "shengji", "试用省级", stdout=said)
    return said.getvalue().strip().rpartition("：")[2]


def test_the_first_sign_in_must_change_the_printed_password() -> None:
    clear_own_cache()
    password = created()
    user = User.objects.get(login="shengji")
    assert (user.label, user.staff.role, user.staff.school) == ("试用省级", Role.PROVINCE, None)
    assert password not in user.password
    assert Event.objects.filter(action="schools.create_province", object_id=user.pk).exists()
    client = Client()
    wrong = client.post("/console/login/", {"login": "shengji", "password": "guessed"})
    assert wrong.status_code == 422
    assert client.post("/console/login/", {"login": "shengji", "password": password}).url
    assert client.get("/console/province/schools/")["Location"] == "/console/password/"
    new = {"old_password": password, "new_password": factories.PASSWORD,
           "repeated": factories.PASSWORD}  # fmt: skip
    assert client.post("/console/password/", new).status_code == 302
    assert client.get("/console/province/schools/").status_code == 200


def test_an_existing_account_is_not_changed() -> None:
    created()
    before = User.objects.get(login="shengji").password
    with pytest.raises(CommandError, match="已存在"):
        created()
    assert User.objects.get(login="shengji").password == before
