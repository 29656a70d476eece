"""The pages of notices: the console's list, one notice and its form, and the graduate's."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from graduates import home, hooks
from graduates.hooks import Rank
from notices.actions import notices
from notices.models import Notice, Receipt
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of, make_world
from tests.notices import scene

pytestmark = pytest.mark.django_db
LIST = "/console/notices/"


@pytest.fixture
def world() -> World:
    return make_world()


def _shown_version(client: Client, pk: int) -> str:
    page = client.get(f"{LIST}{pk}/").content.decode()
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def test_a_school_writes_looks_and_publishes(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    sent = {
        "title": "双选会安排", "body": "# 时间\n\n**周五**", "readers": "graduates",
        "must_read": "on", "departments": [world.departments[0].pk], "years": [world.cohort.year],
        "uploads": SimpleUploadedFile("安排.png", factories.make_photo(), "image/png"),
    }  # fmt: skip
    made = client.post(f"{LIST}add/", sent)
    notice = Notice.objects.get()
    assert made.headers["Location"] == f"{LIST}{notice.pk}/"
    page = client.get(made.headers["Location"]).content.decode()
    assert "<h2>时间</h2>" in page
    assert "<strong>周五</strong>" in page
    assert "安排.jpg" in page
    client.post(f"{LIST}{notice.pk}/publish/", {"version": _shown_version(client, notice.pk)})
    notice.refresh_from_db()
    assert notice.state == "published"
    assert notice.years == [world.cohort.year]
    assert "双选会安排" in client.get(LIST).content.decode()


def test_a_refused_form_keeps_what_was_typed(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    answer = client.post(f"{LIST}add/", {"title": "", "body": "写了很多", "readers": "graduates"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "写了很多" in page
    assert "请填写标题" in page
    assert not Notice.objects.exists()


def test_a_draft_with_attachments_is_changed(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    files = [SimpleUploadedFile(f"{n}.png", factories.make_photo()) for n in range(2)]
    draft = notices.write(typed=scene.typed(), uploads=files, by=world.school_admin)
    _, second = draft.attachments.all()
    assert client.get(f"{LIST}{draft.pk}/edit/").content.decode().count(' name="kept"') == 2
    client.post(f"{LIST}{draft.pk}/edit/", {
        "title": "改后", "body": "改后", "readers": "graduates", "kept": [second.pk],
        "version": draft.version,
    })  # fmt: skip
    draft.refresh_from_db()
    assert draft.title == "改后"
    assert list(draft.attachments.all()) == [second]


def test_two_who_edit_one_draft_do_not_overwrite_each_other(world: World) -> None:
    client, draft = world.client(Role.SCHOOL_ADMIN), scene.write(world.school_admin)
    sent = {"body": "甲", "readers": "graduates", "version": draft.version}
    client.post(f"{LIST}{draft.pk}/edit/", sent | {"title": "甲"})
    answer = client.post(f"{LIST}{draft.pk}/edit/", sent | {"title": "乙的标题"})
    assert answer.status_code in (409, 422)
    assert "乙的标题" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.title == "甲"


def test_withdrawing_asks_for_a_reason(world: World) -> None:
    client, shown = world.client(Role.SCHOOL_ADMIN), scene.publish_as(world)
    answer = client.post(f"{LIST}{shown.pk}/withdraw/", {"reason": ""})
    assert answer.status_code == 422
    assert "撤回的原因" in answer.content.decode()
    client.post(f"{LIST}{shown.pk}/withdraw/", {"reason": "时间有误"})
    shown.refresh_from_db()
    assert shown.reason == "时间有误"
    assert "已撤回：时间有误" in client.get(f"{LIST}{shown.pk}/").content.decode()


def test_the_list_of_readers_shows_who_has_not_read(world: World) -> None:
    read, unread = (factories.make_graduate(world) for _ in range(2))
    shown = scene.publish_as(world, must_read=True)
    client_of(factories.activate(read)).get(f"/notices/{shown.pk}/")
    client = world.client(Role.SCHOOL_ADMIN)
    readers = f"{LIST}{shown.pk}/readers/"
    page = client.get(readers).content.decode()
    assert read.student_no in page and unread.student_no in page
    page = client.get(f"{readers}?reading=unread").content.decode()
    assert unread.student_no in page
    assert read.student_no not in page
    page = client.get(f"{readers}?reading=read").content.decode()
    assert read.student_no in page
    assert unread.student_no not in page


def test_the_list_counts_who_read_and_who_confirmed(world: World) -> None:
    shown = scene.publish_as(world, must_read=True)
    scene.publish_as(world, title="没有人读过")
    readers = [factories.activate(factories.make_graduate(world)) for _ in range(3)]
    for user in readers:
        client_of(user).get(f"/notices/{shown.pk}/")
    client_of(readers[0]).post(f"/notices/{shown.pk}/confirm/")
    page = world.client(Role.SCHOOL_ADMIN).get(LIST).content.decode()
    rows = re.findall(r"<tr data-key.*?</tr>", page, re.S)
    numbers = [re.findall(r">\s*(\d+)\s*</td>", row) for row in rows]
    assert sorted(numbers) == [["0", "0"], ["3", "1"]]


def test_a_graduate_reads_and_confirms(world: World) -> None:
    user = factories.activate(factories.make_graduate(world))
    shown = scene.publish_as(world, title="请核对", must_read=True)
    client = client_of(user)
    page = client.get("/").content.decode()
    assert "请阅读并确认" in page
    page = client.get(f"/notices/{shown.pk}/").content.decode()
    assert "我已阅读" in page
    receipt = Receipt.objects.get(notice=shown, user=user)
    assert receipt.confirmed_at is None
    client.post(f"/notices/{shown.pk}/confirm/")
    receipt.refresh_from_db()
    assert receipt.confirmed_at is not None
    assert "请阅读并确认" not in client.get("/").content.decode()
    assert "我已阅读" not in client.get(f"/notices/{shown.pk}/").content.decode()


def test_an_attachment_opens_for_readers_only(world: World) -> None:
    picture = SimpleUploadedFile("安排.png", factories.make_photo(), "image/png")
    draft = notices.write(
        typed=scene.typed(department_ids=[world.departments[0].pk]), uploads=[picture],
        by=world.school_admin,
    )  # fmt: skip
    file = draft.attachments.get()
    inside, outside = (
        client_of(factories.activate(factories.make_graduate(world, department=n))) for n in (0, 1)
    )
    address = f"/notices/{draft.pk}/files/{file.pk}/"
    assert inside.get(address).status_code == 404  # a draft
    notices.publish(notice_id=draft.pk, version=draft.version, by=world.school_admin)
    answer = inside.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert outside.get(address).status_code == 404
    other = scene.publish_as(world)
    assert inside.get(f"/notices/{other.pk}/files/{file.pk}/").status_code == 404


def test_old_notices_are_on_further_pages(world: World) -> None:
    client = client_of(factories.activate(factories.make_graduate(world)))
    for number in range(25):
        scene.publish_as(world, title=f"第{number}条")
    first = client.get("/notices/").content.decode()
    assert first.count("feed-line") == 20
    after = re.search(r"\?after=(\d+)", first)
    assert after
    assert client.get(f"/notices/?after={after[1]}").content.decode().count("feed-line") == 5


def test_without_notices_the_pages_say_so(world: World) -> None:
    client = client_of(factories.activate(factories.make_graduate(world)))
    assert "没有通知" in client.get("/notices/").content.decode()
    assert "没有符合条件的通知" in world.client(Role.COUNSELLOR).get(LIST).content.decode()


def test_the_home_page_keeps_the_order_of_the_feed(world: World) -> None:
    graduate = factories.make_graduate(world)
    factories.activate(graduate)
    graduate.refresh_from_db()
    admin = world.school_admin
    plain, pinned = scene.publish(admin, title="普通"), scene.publish(admin, title="置顶的")
    notices.pin(notice_id=pinned.pk, by=admin)
    must = scene.publish(admin, title="要确认的", must_read=True)
    cards, lists = home.feed_of(graduate)
    titles = [c.title for c in cards if c.title in ("置顶的", "要确认的")]
    assert titles == ["要确认的", "置顶的"]
    assert [c.rank for c in cards] == sorted(c.rank for c in cards)
    notice_list = next(one for one in lists if one.rank == Rank.NOTICE)
    assert [line.title for line in notice_list.lines] == ["置顶的", must.title, plain.title]


def test_the_feed_needs_eight_queries_at_most(world: World) -> None:
    graduate = factories.make_graduate(world)
    factories.activate(graduate)
    graduate = (
        type(graduate)
        .objects.select_related("cohort", "school", "person__user")
        .get(pk=graduate.pk)
    )
    for _ in range(8):
        scene.publish_as(world, must_read=True)
    home.feed_of(graduate)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        hooks.home_feed.run(graduate=graduate)
    assert len(captured) <= 8
