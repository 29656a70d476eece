"""Fairs and talks, as their hosts write and open them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from core.errors import DomainError, Invalid, Refused
from core.models import Event
from recruiting import fair_queries
from recruiting.actions import fairs
from recruiting.models import Fair
from recruiting.states import FairKind, FairState
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.recruiting import fair_scene

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
    really = fairs.check_place

    def blind_once(fair: Fair) -> None:
        asked.append(fair.pk)
        if len(asked) > 1:
            really(fair)

    monkeypatch.setattr(fairs, "check_place", blind_once)
    with pytest.raises(Refused) as refused:
        fairs.open_registration(fair_id=draft.pk, by=world.school_admin)
    assert f"已安排“{first.title}”" in refused.value.message
    assert asked == [draft.pk, draft.pk]


def test_slots_follow_each_other_until_the_end(world: World) -> None:
    fair = fair_scene.make_fair(world, slot_minutes=50, slot_cap=100)
    begins = [f"{timezone.localtime(at):%H:%M}" for at in fair_queries.slots_of(fair)]
    assert begins == ["09:00", "09:50", "10:40", "11:30"]
    assert fair_queries.slots_of(fair_scene.make_fair(world)) == []
