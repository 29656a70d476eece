"""The hosts' and the units' pages of fairs and talks."""

from __future__ import annotations

import datetime
import io
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.models import Event
from employers.models import Membership
from recruiting.actions import booths, fairs
from recruiting.models import Booth, Fair
from recruiting.states import BoothState, FairKind, FairState
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of
from tests.recruiting import fair_scene

pytestmark = pytest.mark.django_db
S = BoothState


def page(client: Client, name: str, *args: Any, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200, name
    return response.content.decode()


def as_typed(**changes: Any) -> dict[str, Any]:
    """The terms of a fair as its form is sent."""
    terms = fair_scene.typed_fair(**changes)
    terms.pop("school_ids")
    sent = {key: "" if value is None else value for key, value in terms.items()}
    for key in ("starts_at", "ends_at", "apply_until"):
        if isinstance(sent[key], datetime.datetime):
            sent[key] = timezone.localtime(sent[key]).strftime("%Y-%m-%dT%H:%M")
    return (
        {"schools": ""} | sent | {k: v for k, v in changes.items() if k in ("schools", "version")}
    )


@pytest.fixture
def school(world: World) -> Client:
    return client_of(world.school_admin)


# --- the host: events --------------------------------------------------------------------------


def test_a_school_writes_changes_and_opens_a_fair(world: World, school: Client) -> None:
    assert "没有符合条件的活动" in page(school, "console:fairs")
    form = page(school, "console:fair-new")
    assert world.school.name in form, "the own school is the audience at first"
    sent = school.post(reverse("console:fair-new"), as_typed(schools=world.school.name))
    fair = Fair.objects.get()
    assert sent.headers["Location"] == reverse("console:fair", args=[fair.pk])
    assert (fair.school, fair.school_ids) == (world.school, [world.school.pk])
    shown = page(school, "console:fair", fair.pk)
    assert "开放报名" in shown
    edit = reverse("console:fair-edit", args=[fair.pk])
    assert 'value="2' in page(school, "console:fair-edit", fair.pk)
    school.post(edit, as_typed(title="夏季双选会", version="1"))
    assert Fair.objects.get().title == "夏季双选会"
    stale = school.post(edit, as_typed(title="又一场", version="1"))
    assert stale.status_code == 409
    assert "又一场" in stale.content.decode(), "what was typed is kept"
    school.post(reverse("console:fair-open", args=[fair.pk]))
    assert Fair.objects.get().state == FairState.OPEN
    assert "报名中" in page(school, "console:fairs")


def test_what_does_not_hold_is_said_beside_its_field(world: World, school: Client) -> None:
    address = reverse("console:fair-new")
    refused = school.post(
        address,
        as_typed(title="", place="", booths_offered="", starts_at="明天", schools="无此大学"),
    )
    assert refused.status_code == 422
    html = refused.content.decode()
    assert "时间不正确，应如 2027-08-31 14:30。" in html
    assert "没有找到学校“无此大学”，请填写全称。" in html
    html = school.post(address, as_typed(title="", place="", booths_offered="")).content.decode()
    for sentence in ("请填写名称。", "线下活动请填写地点。", "双选会的展位数为1至2000。"):
        assert sentence in html
    for wild in ("0001-01-01T00:00", "9999-12-31T23:59"):
        assert school.post(address, as_typed(starts_at=wild)).status_code == 422
    assert not Fair.objects.exists()


def test_a_taken_place_is_said_with_the_other_event(world: World, school: Client) -> None:
    fair_scene.open_fair(world, title="第一场")
    draft = fair_scene.make_fair(world)
    response = school.post(reverse("console:fair-open", args=[draft.pk]), follow=True)
    assert "已安排“第一场”，请另选时间或地点。" in response.content.decode()


def test_the_list_is_narrowed_by_state_kind_time_and_words(world: World, school: Client) -> None:
    near = fair_scene.open_fair(world, title="近日双选会")
    fair_scene.move(near, datetime.timedelta(days=-6))
    past = fair_scene.open_fair(world, title="以往双选会", place="食堂")
    fair_scene.end_now(past)
    fair_scene.move(past, datetime.timedelta(days=-30))
    talk = fair_scene.apply_for_talk(world)
    fair_scene.make_booth(world, fair_scene.open_fair(world, title="待审双选会", place="操场"))
    for query, found in (
        ({"state": "open"}, ["近日双选会", "以往双选会", "待审双选会"]),
        ({"state": "mine"}, [talk.title, "待审双选会"]),
        ({"kind": "talk"}, [talk.title]),
        ({"when": "week"}, ["近日双选会"]),
        ({"when": "past"}, ["以往双选会"]),
        ({"when": "coming"}, ["近日双选会", talk.title, "待审双选会"]),
        ({"when": "today"}, []),
        ({"q": "食堂"}, ["以往双选会"]),
    ):
        html = page(school, "console:fairs", **query)
        shown = {t for t in ("近日双选会", "以往双选会", "待审双选会", talk.title) if t in html}
        assert shown == set(found), query


def test_a_school_sees_its_own_events_and_the_province_all(world: World, school: Client) -> None:
    other = factories.make_world()
    mine, foreign = fair_scene.make_fair(world), fair_scene.make_fair(other, title="外校的双选会")
    of_province = fair_scene.make_fair(world, role=Role.PROVINCE, title="省级双选会")
    html = page(school, "console:fairs")
    assert "外校的双选会" not in html
    assert "省级双选会" not in html
    for pk in (foreign.pk, of_province.pk):
        assert school.get(reverse("console:fair", args=[pk])).status_code == 404
        assert school.post(reverse("console:fair-open", args=[pk])).status_code == 404
    province = world.client(Role.PROVINCE)
    for fair in (mine, foreign, of_province):
        assert fair.title in page(province, "console:fair", fair.pk)
    assert world.client(Role.COUNSELLOR).get(reverse("console:fairs")).status_code == 403


def test_the_event_page_shows_how_full_the_slots_are_and_what_waits(
    world: World, school: Client
) -> None:
    fair = fair_scene.open_fair(world, slot_minutes=60, slot_cap=10)
    booth = fair_scene.make_booth(world, fair)
    for _ in range(3):
        fair_scene.book(fair, factories.make_graduate(world), fair.starts_at)
    html = page(school, "console:fair", fair.pk)
    assert booth.unit.name in html
    assert "3/10" in html
    assert f"{reverse('console:fair-booths', args=[fair.pk])}?state=waiting" in html
    fragment = page(school, "console:fair-occupancy", fair.pk)
    assert "3/10" in fragment
    assert "<html" not in fragment


def test_an_event_is_cancelled_with_a_reason(world: World, school: Client) -> None:
    fair = fair_scene.open_fair(world)
    address = reverse("console:fair-cancel", args=[fair.pk])
    assert school.post(address, {"reason": ""}).status_code == 422
    response = school.post(address, {"reason": "场馆检修"}, follow=True)
    assert "场馆检修" in response.content.decode()
    assert Fair.objects.get().state == FairState.CANCELLED
    again = school.post(address, {"reason": "再次"})
    assert "当前状态为“已取消”，不能取消。" in again.content.decode()


def test_a_talk_is_approved_with_a_room_or_refused(world: World, school: Client) -> None:
    first, second = fair_scene.apply_for_talk(world), fair_scene.apply_for_talk(world)
    terms = as_typed(
        kind="talk", title=first.title, starts_at=first.starts_at, ends_at=first.ends_at,
        apply_until=first.apply_until, version="1", schools=world.school.name,
    )  # fmt: skip
    address = reverse("console:fair-approve", args=[first.pk])
    assert "审批宣讲会" in page(school, "console:fair", first.pk)
    refused = school.post(address, terms | {"place": ""})
    assert refused.status_code == 422
    assert "线下活动请填写地点。" in refused.content.decode()
    assert school.post(address, terms | {"place": "报告厅"}).status_code == 302
    first.refresh_from_db()
    assert (first.state, first.place) == (FairState.OPEN, "报告厅")
    clash = school.post(
        reverse("console:fair-approve", args=[second.pk]), terms | {"place": "报告厅"}
    )
    assert clash.status_code == 409
    assert f"已安排“{first.title}”" in clash.content.decode()
    school.post(reverse("console:fair-cancel", args=[second.pk]), {"reason": "无场地"})
    second.refresh_from_db()
    assert (second.state, second.reason) == (FairState.REFUSED, "无场地")


# --- the host: booths --------------------------------------------------------------------------


def test_a_host_decides_on_registrations_one_by_one(world: World, school: Client) -> None:
    fair = fair_scene.open_fair(world, booths_offered=1)
    first, second, third = (fair_scene.make_booth(world, fair) for _ in range(3))

    def step(booth: Booth, action: str, **sent: str) -> Any:
        return school.post(reverse("console:fair-booth-step", args=[booth.pk, action]), sent)

    assert "软件开发工程师" in page(school, "console:fair-booth", first.pk)
    wrong = step(first, "approve", number="5")
    assert wrong.status_code == 422
    assert "展位号为1至1。" in wrong.content.decode()
    onwards = step(first, "approve", number="1")
    assert onwards.headers["Location"] == reverse("console:fair-booth", args=[second.pk])
    full = step(second, "approve")
    assert full.status_code == 409
    assert "1个展位已全部安排，请列入候补或谢绝。" in full.content.decode()
    step(second, "reserve")
    assert step(third, "decline", reason="").status_code == 422
    step(third, "decline", reason="展位有限")
    states = [Booth.objects.get(pk=b.pk).state for b in (first, second, third)]
    assert states == [S.APPROVED, S.RESERVE, S.DECLINED]
    fair_scene.begin_now(fair)
    step(first, "arrive")
    assert "撤销到场" in page(school, "console:fair-booth", first.pk)
    step(first, "undo-arrival")
    assert Booth.objects.get(pk=first.pk).state == S.APPROVED
    assert step(first, "vanish").status_code == 404


def test_several_registrations_are_decided_at_once_in_their_order(
    world: World, school: Client
) -> None:
    fair = fair_scene.open_fair(world, booths_offered=2)
    rows = [fair_scene.make_booth(world, fair) for _ in range(3)]
    foreign = fair_scene.make_booth(world, fair_scene.open_fair(world, place="大礼堂"))
    address = reverse("console:fair-booths-bulk", args=[fair.pk, "approve"])
    picked = [row.pk for row in reversed(rows)] + [foreign.pk]
    html = school.post(address, {"pick": picked}).content.decode()
    assert "共 3 条，成功 2 条" in html
    assert "2个展位已全部安排，请列入候补或谢绝。" in html
    numbers = [Booth.objects.get(pk=row.pk).number for row in rows]
    assert numbers == ["001", "002", ""]
    assert Booth.objects.get(pk=foreign.pk).state == S.WAITING


def test_the_units_of_a_fair_are_listed_found_and_exported(world: World, school: Client) -> None:
    fair = fair_scene.open_fair(world)
    given = fair_scene.make_booth(world, fair, S.APPROVED)
    unit = given.unit
    type(unit).objects.filter(pk=unit.pk).update(name="=虚构“公式”有限公司")
    waiting = fair_scene.make_booth(world, fair)
    listed = page(school, "console:fair-booths", fair.pk)
    assert waiting.unit.code in listed
    assert "软件开发工程师" in listed
    assert waiting.unit.code not in page(school, "console:fair-booths", fair.pk, state="approved")
    assert waiting.unit.code not in page(school, "console:fair-booths", fair.pk, q="1")
    assert given.unit.code in page(school, "console:fair-booths", fair.pk, q="1")
    file = school.get(reverse("console:fair-booths", args=[fair.pk]), {"export": "1"})
    assert "no-store" in file.headers["Cache-Control"]
    sheet = openpyxl.load_workbook(io.BytesIO(file.content)).active
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows[0] == [
        "展位号", "单位名称", "统一社会信用代码", "参会人数", "参会职位", "招聘联系人", "联系电话",
        "状态", "报名时间",
    ]  # fmt: skip
    exported = next(row for row in rows if row[0] == "001")
    assert exported[1] == "'=虚构“公式”有限公司"
    assert (exported[2], exported[4], exported[7]) == (unit.code, "软件开发工程师", "已通过")
    assert Event.objects.filter(action="recruiting.export_booths", object_id=fair.pk).count() == 1


def test_more_registrations_need_no_more_queries(world: World, school: Client) -> None:
    fair = fair_scene.open_fair(world, slot_minutes=30, slot_cap=10)
    member = fair_scene.make_exhibitor(world)
    addresses = [
        (school, reverse("console:fairs")),
        (school, reverse("console:fair", args=[fair.pk])),
        (school, reverse("console:fair-booths", args=[fair.pk])),
        (client_of(member.user), reverse("employer-fairs")),
        (client_of(member.user), reverse("employer-fair", args=[fair.pk])),
    ]

    def costs() -> list[int]:
        found = []
        for client, address in addresses:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            found.append(len(queries))
        return found

    fair_scene.make_booth(world, fair, S.APPROVED)
    fair_scene.make_booth(world, fair)
    few = costs()
    for n in range(3):
        fair_scene.make_booth(world, fair, S.APPROVED)
        fair_scene.make_booth(world, fair)
        fair_scene.open_fair(world, place=f"{n}号楼")
        fair_scene.book(fair, factories.make_graduate(world), fair.starts_at)
    assert costs() == few


# --- the unit ----------------------------------------------------------------------------------


def test_a_unit_registers_confirms_and_gives_up(world: World) -> None:
    fair = fair_scene.open_fair(world, booths_offered=1)
    member = fair_scene.make_exhibitor(world)
    client = client_of(member.user)
    assert fair.title in page(client, "employer-fairs")
    posting = member.unit.postings.get()
    assert posting.title in page(client, "employer-fair", fair.pk)
    address = reverse("employer-fair-register", args=[fair.pk])
    refused = client.post(address, {"people": "3"})
    assert refused.status_code == 422
    assert "请选择至少一个正在发布的职位。" in refused.content.decode()
    guessed = fair_scene.make_exhibitor(world).unit.postings.get()
    assert client.post(address, {"people": "3", "postings": [guessed.pk]}).status_code == 422
    client.post(address, {"people": "3", "postings": [posting.pk]})
    booth = Booth.objects.get()
    assert (booth.state, booth.people) == (S.WAITING, 3)
    assert "我的报名" in page(client, "employer-fair", fair.pk)
    assert fair.title in page(client, "employer-fairs", show="mine")
    given = fair_scene.make_booth(world, fair, S.APPROVED)
    booths.reserve(booth_id=booth.pk, by=world.school_admin)
    booths.cancel(booth_id=given.pk, by=given.member)
    assert "确认参会" in page(client, "employer-fair", fair.pk)
    assert f"“{fair.title}”有展位空出" in page(client, "employer-home")
    client.post(reverse("employer-booth-step", args=[fair.pk, "confirm"]))
    assert "有展位空出" not in page(client, "employer-home")
    booth.refresh_from_db()
    assert (booth.state, booth.number) == (S.APPROVED, "001")
    client.post(reverse("employer-booth-step", args=[fair.pk, "cancel"]))
    booth.refresh_from_db()
    assert booth.state == S.CANCELLED
    assert client.post(reverse("employer-booth-step", args=[fair.pk, "vanish"])).status_code == 404


def test_a_unit_sees_who_comes_with_which_postings_but_no_graduates(world: World) -> None:
    fair = fair_scene.open_fair(world)
    given = fair_scene.make_booth(world, fair, S.APPROVED)
    waiting = fair_scene.make_booth(world, fair)
    type(waiting.unit).objects.filter(pk=waiting.unit_id).update(name="虚构待审有限公司")
    graduate = factories.make_graduate(world)
    fair_scene.book(fair, graduate)
    html = page(client_of(fair_scene.make_exhibitor(world).user), "employer-fair", fair.pk)
    assert given.unit.name in html
    assert "虚构待审有限公司" not in html
    assert graduate.name not in html
    assert "预约" not in html


def test_a_unit_without_postings_is_led_to_publish_one(world: World) -> None:
    fair = fair_scene.open_fair(world)
    member = fair_scene.make_exhibitor(world)
    member.unit.postings.update(valid_until=timezone.localdate() - datetime.timedelta(days=1))
    html = page(client_of(member.user), "employer-fair", fair.pk)
    assert "报名需要至少一个正在发布的职位。" in html
    assert reverse("employer-posting-new") in html


def test_people_who_are_not_verified_see_no_events(world: World) -> None:
    fair = fair_scene.open_fair(world)
    member = fair_scene.make_exhibitor(world)
    claimed = client_of(factories.make_member(member.unit, state=Membership.CLAIMED).user)
    html = page(claimed, "employer-fairs")
    assert fair.title not in html
    assert "只有单位的已认证人员可以办理招聘" in html
    assert claimed.get(reverse("employer-fair", args=[fair.pk])).status_code == 404


def test_a_unit_sees_a_cancelled_fair_only_if_it_had_registered(world: World) -> None:
    fair = fair_scene.open_fair(world)
    booth = fair_scene.make_booth(world, fair)
    fairs.cancel(fair_id=fair.pk, reason="场馆检修", by=world.school_admin)
    assert "场馆检修" in page(client_of(booth.member.user), "employer-fair", fair.pk)
    stranger = client_of(fair_scene.make_exhibitor(world).user)
    assert stranger.get(reverse("employer-fair", args=[fair.pk])).status_code == 404


def test_a_unit_applies_for_a_talk_and_withdraws_it(world: World) -> None:
    member = fair_scene.make_exhibitor(world)
    client = client_of(member.user)
    typed = fair_scene.typed_talk()
    moments = {
        key: timezone.localtime(typed[key]).strftime("%Y-%m-%dT%H:%M")
        for key in ("starts_at", "ends_at")
    }
    address, sent = reverse("employer-talk-new"), typed | moments | {"school": world.school.pk}
    assert world.school.name in page(client, "employer-talk-new")
    soon = timezone.localtime() + datetime.timedelta(days=1)
    early = client.post(address, sent | {"starts_at": soon.strftime("%Y-%m-%dT%H:%M")})
    assert early.status_code == 422
    assert "宣讲会应至少提前5个工作日申请" in early.content.decode()
    assert "请选择学校。" in client.post(address, sent | {"school": "999999"}).content.decode()
    client.post(address, sent)
    talk = Fair.objects.get()
    assert (talk.state, talk.unit, talk.school) == (FairState.APPLIED, member.unit, world.school)
    assert talk.title in page(client, "employer-fairs", show="talks")
    assert "撤回申请" in page(client, "employer-fair", talk.pk)
    stranger = client_of(fair_scene.make_exhibitor(world).user)
    assert stranger.post(reverse("employer-talk-withdraw", args=[talk.pk])).status_code == 404
    client.post(reverse("employer-talk-withdraw", args=[talk.pk]))
    talk.refresh_from_db()
    assert talk.state == FairState.CANCELLED


def test_the_unit_hears_what_the_school_made_of_its_talk(world: World) -> None:
    member = fair_scene.make_exhibitor(world)
    talk = fair_scene.approve_talk(world, fair_scene.apply_for_talk(world, member))
    html = page(client_of(member.user), "employer-fair", talk.pk)
    assert "报告厅" in html
    assert "撤回申请" not in html
    assert FairKind(talk.kind) == FairKind.TALK
