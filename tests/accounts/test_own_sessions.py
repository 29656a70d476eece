"""The own sessions: listed and ended, in every realm."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session as FormerSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from redis.exceptions import ConnectionError as NoValkey

from accounts import own_sessions, tasks
from accounts.models import Session
from core.models import Event
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import PASSWORD, World

pytestmark = pytest.mark.django_db

PHONE = (
    "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/116.0 Mobile Safari/537.36 MicroMessenger/8.0.47"
)
COMPUTER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/120.0 Safari/537.36 Edg/120.0"
)


class Realm:
    """How people of one realm sign in, and where their pages are."""

    def __init__(self, sign_in: str, typed: dict[str, str], page: str, home: str) -> None:
        self.sign_in, self.typed, self.page, self.home = sign_in, typed, page, home

    def client(self, agent: str, address: str = "10.20.30.40") -> Client:
        client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=agent)
        assert client.post(self.sign_in, self.typed).status_code == 302
        return client

    def is_signed_in(self, client: Client) -> bool:
        return client.get(self.home).status_code == 200


def _graduate(world: World) -> Realm:
    graduate = factories.make_graduate(world)
    factories.activate(graduate)
    Session.objects.all().delete()
    typed = {"school": world.school.name, "student_no": graduate.student_no, "password": PASSWORD}
    return Realm("/login/", typed, "/me/sessions/", "/")


def _staff(world: World) -> Realm:
    typed = {"login": world.counsellor.login, "password": PASSWORD}
    return Realm("/console/login/", typed, "/console/sessions/", "/console/")


def _employer(world: World) -> Realm:
    typed = {"mobile": factories.make_employer().login, "password": PASSWORD}
    return Realm("/employer/", typed, "/employer/sessions/", "/employer/home/")


@pytest.fixture(params=[_graduate, _staff, _employer], ids=["graduate", "staff", "employer"])
def realm(request: pytest.FixtureRequest, world: World) -> Realm:
    make: Callable[[World], Realm] = request.param
    return make(world)


def marks(client: Client, realm: Realm) -> list[str]:
    page = client.get(realm.page).content.decode()
    return re.findall(r'name="session" value="([0-9a-f]{32})"', page)


def test_sessions_are_listed_with_time_network_and_browser(realm: Realm) -> None:
    realm.client(PHONE, "172.16.5.9")
    client = realm.client(COMPUTER)
    page = client.get(realm.page).content.decode()
    for words in ("微信（安卓）", "Edge（Windows）", "172.16.*.*", "10.20.*.*", "本设备"):
        assert words in page
    for hidden in ("172.16.5.9", client.session.session_key):
        assert hidden not in page
    assert len(marks(client, realm)) == 2


def test_one_session_is_ended(realm: Realm) -> None:
    lost, client, third = (realm.client(agent) for agent in (PHONE, COMPUTER, COMPUTER))
    shown = client.get(realm.page).context["sessions"]
    assert shown[0].is_this
    mark = next(s.mark for s in shown if s.browser.startswith("微信"))
    client.post(realm.page, {"session": mark})
    assert not realm.is_signed_in(lost)
    assert realm.is_signed_in(client)
    assert realm.is_signed_in(third)
    assert mark not in marks(client, realm)
    assert Event.objects.filter(action="accounts.end_session").exists()


def test_all_other_sessions_are_ended(realm: Realm) -> None:
    lost, client = realm.client(PHONE), realm.client(COMPUTER)
    client.post(realm.page, {"do": "others"})
    assert not realm.is_signed_in(lost)
    assert realm.is_signed_in(client)
    assert len(marks(client, realm)) == 1


def test_all_sessions_are_ended(realm: Realm) -> None:
    lost, client = realm.client(PHONE), realm.client(COMPUTER)
    assert client.post(realm.page, {"do": "all"}).status_code == 302
    assert not realm.is_signed_in(lost)
    assert not realm.is_signed_in(client)


def test_ending_this_session_signs_out(realm: Realm) -> None:
    client = realm.client(COMPUTER)
    client.post(realm.page, {"session": marks(client, realm)[0]})
    assert not realm.is_signed_in(client)


def test_a_session_of_somebody_else_cannot_be_ended(realm: Realm, world: World) -> None:
    stranger = _staff(factories.make_world())
    theirs = stranger.client(PHONE)
    mark = marks(theirs, stranger)[0]
    client = realm.client(COMPUTER)
    for made_up in (mark, "x", "0" * 32, theirs.session.session_key):
        assert client.post(realm.page, {"session": made_up}).status_code == 302
    assert stranger.is_signed_in(theirs)


def test_a_request_on_its_way_does_not_bring_an_ended_session_back(world: World) -> None:
    realm = _staff(world)
    lost, client = realm.client(PHONE), realm.client(COMPUTER)
    on_its_way = lost.session
    assert dict(on_its_way.items())  # it is loaded
    mark = next(s.mark for s in client.get(realm.page).context["sessions"] if not s.is_this)
    client.post(realm.page, {"session": mark})
    on_its_way["seen_at"] = 1
    with pytest.raises(UpdateError):
        on_its_way.save()
    assert not realm.is_signed_in(lost)


def test_without_the_cache_a_single_session_is_not_said_to_be_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its copy in the cache would live on. All others can be ended nevertheless."""
    realm = _staff(world)
    lost, client = realm.client(PHONE), realm.client(COMPUTER)
    mark = next(s.mark for s in client.get(realm.page).context["sessions"] if not s.is_this)

    def away(*_: Any, **__: Any) -> None:
        raise NoValkey

    monkeypatch.setattr(own_sessions.SessionStore, "delete", away)
    answer = client.post(realm.page, {"session": mark}, follow=True)
    assert "暂时不能退出单个设备" in answer.content.decode()
    monkeypatch.undo()
    client.post(realm.page, {"do": "others"})
    assert not realm.is_signed_in(lost)


def test_listing_takes_one_query_by_account(world: World) -> None:
    realm = _staff(world)
    for _ in range(5):
        client = realm.client(PHONE)
    with CaptureQueriesContext(connection) as captured:
        client.get(realm.page)
    of_sessions = [q["sql"] for q in captured if "accounts_session" in (q["sql"] or "")]
    assert (
        len([sql for sql in of_sessions if sql.startswith("SELECT") and '"user_id" = ' in sql]) == 1
    )


def test_expired_sessions_are_deleted_also_in_the_table_they_were_in_before(world: World) -> None:
    realm = _staff(world)
    expired, living = realm.client(PHONE), realm.client(PHONE)
    past = timezone.now() - timedelta(minutes=1)
    Session.objects.filter(pk=expired.session.session_key).update(expire_date=past)
    FormerSession.objects.create(session_key="a" * 32, session_data="", expire_date=past)
    tasks.clear_sessions()
    assert not Session.objects.filter(pk=expired.session.session_key).exists()
    assert not FormerSession.objects.exists()
    assert realm.is_signed_in(living)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (PHONE, "微信（安卓）"),
        (COMPUTER, "Edge（Windows）"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1",
         "Safari（iPhone）"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14.1; rv:120.0) Gecko Firefox/120.0",
         "Firefox（Mac）"),
        ("", "其他浏览器"),
        ("<script>" * 50, "其他浏览器"),
    ],
)  # fmt: skip
def test_the_browser_is_told_in_words(agent: str, words: str) -> None:
    assert own_sessions.browser_in_words(agent) == words


@pytest.mark.parametrize(
    ("address", "shown"),
    [("10.20.30.40", "10.20.*.*"), ("2001:db8:1::2", "2001:0db8:…"), ("", "未知"), ("x<y", "未知")],
)
def test_an_address_is_shortened(address: str, shown: str) -> None:
    assert own_sessions.shorten_address(address) == shown


def test_the_session_row_names_its_owner_only_while_somebody_is_signed_in(
    graduate: Graduate, world: World
) -> None:
    realm = _staff(world)
    client = realm.client(COMPUTER)
    row = Session.objects.get(pk=client.session.session_key)
    assert row.user_id == world.counsellor.pk
    client.post("/console/logout/")
    assert not Session.objects.filter(user_id=world.counsellor.pk).exists()
    assert world.client(Role.COUNSELLOR).get("/console/").status_code == 200
