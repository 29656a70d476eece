"""Fairs and talks, as their hosts write and open them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Message
from core.errors import Conflict, DomainError, Invalid, NotPermitted, Refused
from core.models import Event, OutboxMessage
from graduates.models import Graduate
from recruiting import tasks
from recruiting.actions import booths, fair_base, fairs, talks
from recruiting.models import Booking, Booth, Fair
from recruiting.states import BookingState, BoothState, FairKind, FairState
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.recruiting import fair_scene, scene

pytestmark = pytest.mark.django_db
S = FairState


def hours(number: float) -> datetime.timedelta:
    return datetime.timedelta(hours=number)


# --- writing and opening ----------------------------------------------------------------------


def test_a_school_and_the_province_write_and_open_their_events(world: World) -> None:
    mine = fair_scene.make_fair(world, title="  春季   双选会 ")
    assert (mine.state, mine.title, mine.school) == (S.DRAFT, "春季 双选会", world.school)
    opened = fairs.open_registration(fair_id=mine.pk, by=world.school_admin)
    assert (opened.state, opened.version) == (S.OPEN, 2)
    of_province = fair_scene.open_fair(world, role=Role.PROVINCE)
    assert (of_province.school, of_province.state) == (None, S.OPEN)
    assert Event.objects.filter(action="recruiting.open_fair").count() == 2


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"kind": "party"}, "kind", "请选择类型。"),
        ({"title": " "}, "title", "请填写名称。"),
        ({"title": "长" * 61}, "title", "名称最多60个字，现有61个字。"),
        ({"place": ""}, "place", "线下活动请填写地点。"),
        ({"kind": FairKind.ONLINE_FAIR, "link": "http://a.example"}, "link",
         "网络活动请填写 https:// 开头的网络地址。"),
        ({"kind": FairKind.ONLINE_FAIR, "link": "https:// 入会密码见公告"}, "link",
         "网络活动请填写 https:// 开头的网络地址。"),
        ({"booths_offered": 0}, "booths_offered", "双选会的展位数为1至2000。"),
        ({"capacity": 0}, "capacity", "容纳人数为1至100000，不限的不填。"),
        ({"slot_minutes": 30}, "slot_cap", "每时段人数为1至100000，不分时段的都不填。"),
        ({"slot_minutes": 5, "slot_cap": 10}, "slot_minutes",
         "入场时段为10至240分钟，不分时段的都不填。"),
        ({"starts_at": None}, "starts_at", "请填写开始时间。"),
        ({"apply_until": None}, "apply_until", "请填写报名截止时间。"),
    ],
)  # fmt: skip
def test_terms_that_do_not_hold_are_refused_beside_their_field(
    world: World, changes: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        fair_scene.make_fair(world, **changes)
    assert refused.value.errors[field] == [sentence]
    assert not Fair.objects.exists()


def test_times_stand_in_order(world: World) -> None:
    start = fair_scene.typed_fair()["starts_at"]
    for changes, field, sentence in (
        ({"ends_at": start}, "ends_at", "结束时间应在开始时间以后。"),
        ({"ends_at": start + hours(24 * 8)}, "ends_at", "活动最长7天。"),
        ({"apply_until": start + hours(1)}, "apply_until", "报名截止不能晚于开始时间。"),
        ({"ends_at": start + hours(24), "slot_minutes": 30, "slot_cap": 9}, "slot_minutes",
         "分时段入场的活动应在同一天内结束。"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            fair_scene.make_fair(world, **changes)
        assert refused.value.errors == {field: [sentence]}


def test_what_the_kind_does_not_have_is_left_out(world: World) -> None:
    online = fair_scene.make_fair(
        world, kind=FairKind.ONLINE_TALK, link="https://live.example/1", slot_minutes=30, slot_cap=5
    )
    assert (online.place, online.booths_offered, online.slot_minutes) == ("", 0, None)
    assert fair_scene.make_fair(world, link="https://live.example/1").link == ""


def test_an_event_whose_registration_would_be_over_is_not_opened(world: World) -> None:
    fair = fair_scene.make_fair(world)
    Fair.objects.filter(pk=fair.pk).update(apply_until=timezone.now() - hours(1))
    with pytest.raises(Invalid) as refused:
        fairs.open_registration(fair_id=fair.pk, by=world.school_admin)
    assert refused.value.errors == {"apply_until": ["报名截止时间已过，请改为以后的时间。"]}


def test_only_the_host_and_the_province_open_an_event(world: World) -> None:
    fair = fair_scene.make_fair(world)
    other = factories.make_world()
    for user, code in (
        (other.school_admin, "other_host"),
        (world.counsellor, "role"),
        (factories.make_employer(), "role"),
    ):
        with pytest.raises(DomainError) as refused:
            fairs.open_registration(fair_id=fair.pk, by=user)
        assert refused.value.code == code
    fairs.open_registration(fair_id=fair.pk, by=other.user(Role.PROVINCE))


# --- places -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.SCHOOL_ADMIN, Role.PROVINCE])
def test_a_place_that_is_taken_is_refused_with_the_other_events_name(
    world: World, role: str
) -> None:
    first = fair_scene.open_fair(world, role=role, title="第一场")
    draft = fair_scene.make_fair(world, role=role, starts_at=first.starts_at + hours(1))
    with pytest.raises(Refused) as refused:
        fairs.open_registration(fair_id=draft.pk, by=world.user(role))
    assert (refused.value.code, refused.value.field) == ("place_taken", "place")
    assert "“体育馆”在" in refused.value.message
    assert "已安排“第一场”，请另选时间或地点。" in refused.value.message
    draft.refresh_from_db()
    assert draft.state == S.DRAFT


def test_a_place_is_free_elsewhere_before_and_afterwards(world: World) -> None:
    first = fair_scene.open_fair(world)
    fair_scene.open_fair(world, place="报告厅")
    fair_scene.open_fair(factories.make_world())
    after = {"starts_at": first.ends_at, "ends_at": first.ends_at + hours(1)}
    assert fair_scene.open_fair(world, **after).state == S.OPEN


def test_a_place_given_away_at_that_very_moment_is_refused_by_the_constraint(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the check had looked before the other event was saved."""
    first = fair_scene.open_fair(world, title="第一场")
    draft = fair_scene.make_fair(world)
    asked: list[int] = []
    really = fair_base.check_place

    def blind_once(fair: Fair) -> None:
        asked.append(fair.pk)
        if len(asked) > 1:
            really(fair)

    monkeypatch.setattr(fair_base, "check_place", blind_once)
    with pytest.raises(Refused) as refused:
        fairs.open_registration(fair_id=draft.pk, by=world.school_admin)
    assert f"已安排“{first.title}”" in refused.value.message
    assert asked == [draft.pk, draft.pk]


# --- changing and cancelling ------------------------------------------------------------------


def told(*names: str) -> list[str]:
    rows = Message.objects.filter(to__in=names).order_by("id")
    return [f"{message.title} {message.text}" for message in rows]


def test_a_draft_is_changed_and_a_stale_page_is_refused(world: World) -> None:
    fair = fair_scene.make_fair(world)
    fair_scene.edit(world, fair, title="夏季双选会")
    assert Fair.objects.get().title == "夏季双选会"
    with pytest.raises(Conflict):
        fairs.edit(fair_id=fair.pk, typed=fair_scene.typed_fair(), version=1, by=world.school_admin)


def test_everybody_registered_is_told_of_another_time_or_place(world: World) -> None:
    fair = fair_scene.open_fair(world)
    booth = fair_scene.make_booth(world, fair)
    graduate = factories.make_graduate(world)
    Graduate.objects.filter(pk=graduate.pk).update(email="who@example.com")
    fair_scene.book(fair, graduate)
    names = (f"user:{booth.member.user_id}", f"person:{graduate.person_id}")
    before = len(told(*names))
    fair_scene.edit(world, fair, capacity=600)
    assert len(told(*names)) == before
    fair_scene.edit(world, fair, place="大礼堂")
    new = told(*names)[before:]
    assert len(new) == 2
    assert all(words.startswith("“春季双选会”的时间或地点有变化 现为") for words in new)
    assert all(words.endswith("，大礼堂。") for words in new)
    (mail,) = OutboxMessage.objects.filter(address="who@example.com")
    assert mail.subject == "您预约的线下双选会的时间或地点有变化"
    assert "大礼堂" not in mail.text


def test_another_place_has_to_be_free(world: World) -> None:
    fair_scene.open_fair(world, title="第一场")
    second = fair_scene.open_fair(world, place="报告厅")
    with pytest.raises(Refused) as refused:
        fair_scene.edit(world, second, place="体育馆")
    assert "已安排“第一场”" in refused.value.message


def test_a_later_end_of_registration_opens_it_again(world: World) -> None:
    fair = fair_scene.open_fair(world)
    Fair.objects.filter(pk=fair.pk).update(apply_until=timezone.now() - hours(1))
    fairs.move_due()
    fair.refresh_from_db()
    assert fair.state == S.CLOSED
    assert fair_scene.edit(world, fair, text="新的说明").state == S.CLOSED
    with pytest.raises(Invalid):
        fair_scene.edit(world, fair, apply_until=timezone.now() - hours(2))
    assert fair_scene.edit(world, fair, apply_until=fair.starts_at).state == S.OPEN


def test_what_does_not_fit_those_who_are_registered_is_refused(world: World) -> None:
    fair = fair_scene.open_fair(world, slot_minutes=60, slot_cap=10)
    for slot in (fair.starts_at, fair.starts_at, fair.starts_at + hours(2)):
        fair_scene.book(fair, factories.make_graduate(world), slot)
    booth = fair_scene.make_booth(world, fair)
    booths.approve(booth_id=booth.pk, number=7, by=world.school_admin)
    for changes, field, sentence in (
        ({"capacity": 2}, "capacity", "已有3人预约，容纳人数不能少于3。"),
        ({"booths_offered": 6}, "booths_offered", "已安排到7个展位，展位数不能少于7。"),
        ({"slot_minutes": 30}, "slot_minutes", "已有毕业生预约，不能更改入场时段。"),
        ({"slot_cap": 1}, "slot_cap", "有的时段已有2人预约，每时段人数不能少于2。"),
        ({"ends_at": fair.starts_at + hours(2)}, "ends_at",
         "有毕业生预约了更晚的入场时段，请延后结束时间。"),
        ({"kind": FairKind.TALK}, "kind", "开放报名后不能更改类型，请取消后另行发布。"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            fair_scene.edit(world, fair, **changes)
        assert refused.value.errors[field] == [sentence]
    assert fair_scene.edit(world, fair, capacity=3, slot_cap=2, booths_offered=7).slot_cap == 2


def test_booked_slots_move_with_the_start(world: World) -> None:
    fair = fair_scene.open_fair(world, slot_minutes=60, slot_cap=10)
    booking = fair_scene.book(fair, factories.make_graduate(world), fair.starts_at + hours(1))
    later = {"starts_at": fair.starts_at + hours(24), "ends_at": fair.ends_at + hours(24)}
    fair_scene.edit(world, fair, **later)
    booking.refresh_from_db()
    assert booking.slot == fair.starts_at + hours(25)


def test_a_cancelled_event_tells_everybody_and_ends_the_registrations(world: World) -> None:
    fair = fair_scene.open_fair(world, booths_offered=1)
    given = fair_scene.make_booth(world, fair, BoothState.APPROVED)
    waits = fair_scene.make_booth(world, fair)
    graduate = factories.make_graduate(world)
    fair_scene.book(fair, graduate)
    with pytest.raises(Invalid):
        fairs.cancel(fair_id=fair.pk, reason="", by=world.school_admin)
    fairs.cancel(fair_id=fair.pk, reason="场馆检修", by=world.school_admin)
    names = [f"user:{b.member.user_id}" for b in (given, waits)] + [f"person:{graduate.person_id}"]
    for name in names:
        assert any("“春季双选会”已取消" in words and "场馆检修" in words for words in told(name))
    assert set(Booth.objects.values_list("state", "reason")) == {
        (BoothState.CANCELLED, "活动已取消")
    }
    fair_scene.open_fair(world, title="另一场")  # the place is free again
    with pytest.raises(Refused):
        fairs.cancel(fair_id=fair.pk, reason="再次", by=world.school_admin)


# --- the clock --------------------------------------------------------------------------------


def test_an_event_moves_at_its_times_and_only_once(world: World) -> None:
    fair = fair_scene.open_fair(world)
    assert fairs.move_due() == 0
    moments = ((48, S.CLOSED), (61, S.RUNNING), (80, S.ENDED))
    start = timezone.now() + hours(60)
    fair_scene.move(fair, start - fair.starts_at)
    for number, state in moments:
        fair_scene.move(fair, start - hours(number) - fair.starts_at)
        assert fairs.move_due() == 1
        assert fairs.move_due() == 0
        fair.refresh_from_db()
        assert fair.state == state


def test_an_event_that_was_missed_for_long_ends_in_one_run(world: World) -> None:
    fair = fair_scene.end_now(fair_scene.open_fair(world))
    assert fairs.move_due() == 3
    fair.refresh_from_db()
    assert fair.state == S.ENDED


def test_who_booked_and_did_not_check_in_is_absent_if_anybody_did(world: World) -> None:
    fair = fair_scene.open_fair(world)
    came, missed = (fair_scene.book(fair, factories.make_graduate(world)) for _ in range(2))
    Booking.objects.filter(pk=came.pk).update(
        state=BookingState.CHECKED_IN, checked_in_at=timezone.now()
    )
    fair_scene.end_now(fair)
    fairs.move_due()
    missed.refresh_from_db()
    assert missed.state == BookingState.ABSENT


def test_drafts_and_cancelled_events_do_not_move(world: World) -> None:
    fair_scene.end_now(fair_scene.make_fair(world))
    opened = fair_scene.open_fair(world)
    fairs.cancel(fair_id=opened.pk, reason="场馆检修", by=world.school_admin)
    fair_scene.end_now(opened)
    assert fairs.move_due() == 0


def test_the_periodic_task_takes_every_step(world: World) -> None:
    fair = fair_scene.open_fair(world, booths_offered=1)
    given = fair_scene.make_booth(world, fair, BoothState.APPROVED)
    first, second = (fair_scene.make_booth(world, fair, BoothState.RESERVE) for _ in range(2))
    booths.cancel(booth_id=given.pk, by=given.member)
    Booth.objects.filter(pk=first.pk).update(confirm_by=timezone.now())
    talk = fair_scene.end_now(fair_scene.apply_for_talk(world))
    for _ in range(2):
        tasks.move_fairs()
    talk.refresh_from_db()
    states = [Booth.objects.get(pk=b.pk).state for b in (first, second)]
    assert states == [BoothState.DECLINED, BoothState.OFFERED]
    assert talk.state == S.REFUSED
    assert Event.objects.filter(action="recruiting.expire_talk").count() == 1


# --- talks ------------------------------------------------------------------------------------


def test_a_unit_applies_for_a_talk_and_the_school_gives_it_a_room(world: World) -> None:
    member = fair_scene.make_exhibitor(world)
    talk = fair_scene.apply_for_talk(world, member)
    assert (talk.state, talk.place, talk.unit) == (S.APPLIED, "", member.unit)
    assert talk.school_ids == [world.school.pk]
    assert told(f"school:{world.school.pk}")[0].startswith("虚构信息技术有限公司申请举办宣讲会")
    with pytest.raises(Invalid) as refused:
        fair_scene.approve_talk(world, talk, place="")
    assert refused.value.errors == {"place": ["线下活动请填写地点。"]}
    approved = fair_scene.approve_talk(world, talk)
    assert (approved.state, approved.place) == (S.OPEN, "报告厅")
    assert told(f"user:{member.user_id}")[-1].startswith("宣讲会“虚构公司校园宣讲会”已批准")


def test_a_talk_is_applied_for_five_working_days_ahead(world: World) -> None:
    member = fair_scene.make_exhibitor(world)
    first = talks.earliest_day()
    assert (
        sum(
            (timezone.localdate() + datetime.timedelta(days=n)).weekday() < 5
            for n in range(1, (first - timezone.localdate()).days + 1)
        )
        == 5
    )
    at = timezone.make_aware(datetime.datetime.combine(first, datetime.time(14)))
    early = at - datetime.timedelta(days=1)
    with pytest.raises(Invalid) as refused:
        fair_scene.apply_for_talk(world, member, starts_at=early, ends_at=early + hours(2))
    assert refused.value.errors == {
        "starts_at": [
            f"宣讲会应至少提前5个工作日申请，最早可选{first.year}年{first.month}月{first.day}日。"
        ]
    }
    assert fair_scene.apply_for_talk(world, member, starts_at=at, ends_at=at + hours(2)).pk


def test_a_talk_says_everything_that_is_wrong_at_once(world: World) -> None:
    member = fair_scene.make_exhibitor(world)
    with pytest.raises(Invalid) as refused:
        talks.apply(
            school_id=None, member=member,
            typed=fair_scene.typed_talk(title="只招985院校", kind=FairKind.ONLINE_TALK, link=""),
        )  # fmt: skip
    assert set(refused.value.errors) == {"school", "title", "link"}
    with pytest.raises(Invalid) as refused:
        fair_scene.apply_for_talk(world, member, kind=FairKind.FAIR)
    assert set(refused.value.errors) == {"kind"}
    assert not Fair.objects.exists()


def test_a_room_or_a_unit_that_is_busy_is_refused_with_the_other_events_name(world: World) -> None:
    member = fair_scene.make_exhibitor(world)
    first = fair_scene.approve_talk(world, fair_scene.apply_for_talk(world, member))
    elsewhere = factories.make_world()
    with pytest.raises(Refused) as refused:
        fair_scene.apply_for_talk(elsewhere, member)
    assert refused.value.code == "unit_busy"
    assert f"已有“{first.title}”" in refused.value.message
    with pytest.raises(Refused) as refused:
        fair_scene.apply_for_talk(world, place="报告厅")
    assert refused.value.code == "place_taken"
    second = fair_scene.apply_for_talk(world)
    with pytest.raises(Refused) as refused:
        fair_scene.approve_talk(world, second)
    assert f"已安排“{first.title}”" in refused.value.message
    assert fair_scene.approve_talk(world, second, place="大礼堂").state == S.OPEN
    later = {"starts_at": first.ends_at, "ends_at": first.ends_at + hours(1)}
    third = fair_scene.approve_talk(world, fair_scene.apply_for_talk(world, member, **later))
    with pytest.raises(Refused) as refused:
        moved = {"starts_at": first.starts_at, "apply_until": first.starts_at, "place": "操场"}
        fair_scene.edit(world, third, **moved)
    assert refused.value.code == "unit_busy"


def test_one_application_of_a_unit_waits_at_a_school(world: World) -> None:
    member = fair_scene.make_exhibitor(world)
    talk = fair_scene.apply_for_talk(world, member)
    with pytest.raises(Refused) as refused:
        fair_scene.apply_for_talk(world, member)
    assert refused.value.code == "waiting"
    with pytest.raises(NotPermitted):
        talks.withdraw(fair_id=talk.pk, by=fair_scene.make_exhibitor(world))
    assert talks.withdraw(fair_id=talk.pk, by=member).state == S.CANCELLED
    fair_scene.apply_for_talk(world, member)


def test_a_refused_talk_tells_the_unit_why(world: World) -> None:
    member = fair_scene.make_exhibitor(world)
    talk = fair_scene.apply_for_talk(world, member)
    with pytest.raises(Refused):
        talks.refuse(fair_id=talk.pk, reason="无场地", by=factories.make_world().school_admin)
    talks.refuse(fair_id=talk.pk, reason="无场地", by=world.school_admin)
    assert told(f"user:{member.user_id}")[-1] == "宣讲会“虚构公司校园宣讲会”未获批准 原因：无场地"


def test_a_suspended_units_talk_is_not_approved(world: World) -> None:
    member = fair_scene.make_exhibitor(world)
    talk = fair_scene.apply_for_talk(world, member)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    scene.allow_to_recruit(member.unit, valid_until=yesterday)
    with pytest.raises(Refused) as refused:
        fair_scene.approve_talk(world, talk)
    assert refused.value.code == "verification_ended"
    with pytest.raises(Refused):
        fair_scene.apply_for_talk(factories.make_world(), member)
