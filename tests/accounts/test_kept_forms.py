"""What is sent after the session has ended is kept, and can be sent on after signing in."""

from __future__ import annotations

import html
import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts import kept_forms, own_sessions
from accounts.models import User
from accounts.signin import BACKEND
from schools.models import Department
from schools.roles import Role
from tests import factories
from tests.factories import PASSWORD, World, make_world

pytestmark = pytest.mark.django_db
DEPARTMENTS = "/console/setup/departments/"


@pytest.fixture
def world() -> World:
    return make_world()


def end_session(client: Client) -> None:
    """Let the session be older than sessions may get."""
    session = client.session
    session[own_sessions.STARTED] -= settings.SESSION_LIMIT.total_seconds() + 60
    session.save()


def started(client: Client, page: str) -> Client:
    assert client.get(page).status_code == 200
    end_session(client)
    return client


def sign_in(client: Client, user: User) -> HttpResponse:
    """Sign in on the staff's page and follow to where it leads."""
    typed = {"login": user.login, "password": PASSWORD}
    return client.post(reverse("console:login"), typed, follow=True)  # type: ignore[return-value]


def fields_of(page: str) -> dict[str, str]:
    found = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, re.S)
    return {name: html.unescape(value) for name, value in found}


def test_a_form_of_staff_is_sent_on_after_signing_in(world: World) -> None:
    client = started(world.client(Role.SCHOOL_ADMIN), DEPARTMENTS)
    answer = client.post(DEPARTMENTS, {"name": "<新>学院", "more": "一\n二"}, follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("console:login"))
    assert "刚才填写的内容已保留" in answer.content.decode()
    page = sign_in(client, world.school_admin)
    assert page.redirect_chain[-1][0] == reverse("kept-form")
    content = page.content.decode()
    assert f'action="{DEPARTMENTS}"' in content
    typed = fields_of(content)
    assert typed == {"name": "<新>学院", "more": "一\n二"}
    assert client.get(reverse("console:home")).status_code == 200, "led there once only"
    assert client.get(reverse("kept-form")).status_code == 200, "and still there"
    assert client.post(DEPARTMENTS, {"name": "新学院"}).status_code == 302
    assert Department.objects.filter(school=world.school, name="新学院").exists()
    assert client.get(reverse("kept-form"))["Location"] == reverse("console:home"), (
        "sent: forgotten"
    )


def test_an_invalid_form_comes_back_filled_in(world: World) -> None:
    client = started(world.client(Role.SCHOOL_ADMIN), DEPARTMENTS)
    client.post(DEPARTMENTS, {"name": world.departments[0].name})
    typed = fields_of(sign_in(client, world.school_admin).content.decode())
    answer = client.post(DEPARTMENTS, typed)
    assert answer.status_code == 422
    assert f'value="{world.departments[0].name}"' in answer.content.decode()


def test_somebody_else_does_not_get_it(world: World) -> None:
    client = started(world.client(Role.SCHOOL_ADMIN), DEPARTMENTS)
    client.post(DEPARTMENTS, {"name": "新学院"})
    page = sign_in(client, world.department_admin)
    assert page.redirect_chain[-1][0] == reverse("console:home")
    assert client.get(reverse("kept-form"))["Location"] == reverse("console:home")


def test_a_graduates_form_is_kept_and_not_shown_to_another_realm(world: World) -> None:
    graduate = factories.make_graduate(world)
    user = factories.activate(graduate)
    client = started(factories.client_of(user), reverse("home"))
    address = reverse("origin")
    answer = client.post(address, {"home_address": "虚构路1号"})
    assert answer["Location"] == reverse("login")
    typed = {"school": world.school.name, "student_no": graduate.student_no, "password": "wrong"}
    assert client.post(reverse("login"), typed).status_code != 302, "a wrong try loses nothing"
    client.force_login(user, backend=BACKEND)
    page = client.get(reverse("home"), follow=True)
    assert page.redirect_chain == [(reverse("kept-form"), 302)]
    assert fields_of(page.content.decode()) == {"home_address": "虚构路1号"}
    client.force_login(world.school_admin, backend=BACKEND)
    assert client.get(reverse("kept-form"))["Location"] == reverse("console:home")


def test_an_employers_form_is_kept(world: World) -> None:
    member = factories.make_member(factories.make_unit(), state="verified")
    client = started(factories.client_of(member.user), reverse("employer-home"))
    address = reverse("employer-unit")
    assert client.post(address, {"address": "虚构路2号"})["Location"] == reverse("employer")
    client.force_login(member.user, backend=BACKEND)
    page = client.get(reverse("employer-home"), follow=True).content.decode()
    assert fields_of(page) == {"address": "虚构路2号"}


def test_passwords_and_files_are_not_kept(world: World) -> None:
    page = reverse("console:password")
    client = started(world.client(Role.SCHOOL_ADMIN), page)
    picture = SimpleUploadedFile("a.jpg", factories.make_photo(), content_type="image/jpeg")
    typed = {"old_password": PASSWORD, "new_password": "another-secret-9", "repeated": "x",
             "note": "留下", "picture": picture}  # fmt: skip
    client.post(page, typed)
    stored = client.session[kept_forms._KEPT]
    assert "留下" not in stored, "encrypted"
    content = sign_in(client, world.school_admin).content.decode()
    assert fields_of(content) == {"note": "留下"}
    assert "选择的图片和文件没有保留" in content


def test_what_is_too_much_or_read_by_a_script_is_not_kept(world: World) -> None:
    for typed, headers in (
        ({"name": "字" * 100_001}, {}),
        ({"name": "新学院"}, {"Sec-Fetch-Mode": "cors"}),
    ):
        client = started(world.client(Role.SCHOOL_ADMIN), DEPARTMENTS)
        assert client.post(DEPARTMENTS, typed, headers=headers).status_code == 302
        assert kept_forms._KEPT not in client.session


def test_a_stranger_makes_no_session(world: World) -> None:
    answer = Client().post(DEPARTMENTS, {"name": "新学院"})
    assert answer.status_code == 302
    assert settings.SESSION_COOKIE_NAME not in answer.cookies


def test_signing_out_is_not_kept(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    client.post(reverse("console:logout"))
    assert sign_in(client, world.school_admin).redirect_chain[-1][0] == reverse("console:home")


def test_it_is_kept_for_an_hour(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = started(world.client(Role.SCHOOL_ADMIN), DEPARTMENTS)
    client.post(DEPARTMENTS, {"name": "新学院"})
    monkeypatch.setattr(kept_forms, "_WITHIN", -1)
    assert sign_in(client, world.school_admin).redirect_chain[-1][0] == reverse("console:home")


def test_nobody_signed_in_sees_no_kept_form() -> None:
    assert Client().get(reverse("kept-form"))["Location"] == reverse("home")
