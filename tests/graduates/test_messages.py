"""The message centre of graduates and of staff."""

from __future__ import annotations

import pytest

from accounts import inbox
from accounts.models import Message
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db


def test_a_graduate_reads_the_messages_to_the_person(world: World) -> None:
    graduate, other = (factories.make_graduate(world) for _ in range(2))
    client = client_of(factories.activate(graduate))
    assert "没有消息" in client.get("/messages/").content.decode()
    inbox.tell(f"person:{graduate.person_id}", "有新的邀约", link="/invitations/", key="a")
    inbox.tell(f"person:{graduate.person_id}", "又一条", key="b")
    inbox.tell(f"person:{other.person_id}", "别人的消息", key="a")
    assert 'unread-count">2<' in client.get("/").content.decode()
    page = client.get("/messages/").content.decode()
    assert "有新的邀约" in page
    assert "别人的消息" not in page
    mine = Message.objects.get(title="有新的邀约")
    assert client.post("/messages/", {"open": mine.pk})["Location"] == "/invitations/"
    assert 'unread-count">1<' in client.get("/").content.decode()
    hidden = Message.objects.get(title="别人的消息")
    assert client.post("/messages/", {"open": hidden.pk})["Location"] == "/messages/"
    assert client.post("/messages/")["Location"] == "/messages/"
    assert "unread-count" not in client.get("/").content.decode()
    hidden.refresh_from_db()
    assert hidden.read_at is None


def test_a_message_cannot_link_to_another_site(world: World) -> None:
    graduate = factories.make_graduate(world)
    client = client_of(factories.activate(graduate))
    inbox.tell(f"person:{graduate.person_id}", "外链", link="https://example.org/", key="a")
    message = Message.objects.get(title="外链")
    assert client.post("/messages/", {"open": message.pk})["Location"] == "/messages/"


def test_messages_to_a_school_are_read_by_its_admins(world: World) -> None:
    inbox.tell(f"school:{world.school.pk}", "有解约申请等待终审", key="a")
    admin = world.client(Role.SCHOOL_ADMIN)
    assert "有解约申请等待终审" in admin.get("/console/messages/").content.decode()
    counts = admin.get("/console/counts/").content.decode()
    assert 'id="count-consolemessages" hx-swap-oob="true">1<' in counts
    for client in (world.client(Role.COUNSELLOR), factories.make_world().client(Role.SCHOOL_ADMIN)):
        assert "有解约申请" not in client.get("/console/messages/").content.decode()
    admin.post("/console/messages/")
    assert 'hx-swap-oob="true"></b>' in admin.get("/console/counts/").content.decode()


def test_older_messages_are_on_the_next_page(world: World) -> None:
    for n in range(35):
        inbox.tell(f"school:{world.school.pk}", f"消息{n:02d}号", key=str(n))
    client = world.client(Role.SCHOOL_ADMIN)
    page = client.get("/console/messages/")
    assert "消息34号" in page.content.decode()
    assert "消息04号" not in page.content.decode()
    older = client.get("/console/messages/", {"before": page.context["older"]}).content.decode()
    assert "消息04号" in older
    assert client.get("/console/messages/", {"before": "²"}).status_code == 200
