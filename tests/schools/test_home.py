"""The console's home page is a worklist, and the menu has the order of the work."""

from __future__ import annotations

import datetime
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.frame import console_menu
from core.menu import SECTIONS, TOPBAR
from destinations.states import State
from national_sync.models import Feedback
from national_sync.states import Owner
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world, put_in_state
from tests.national_sync import reporting

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def tiles(client: Client) -> list[tuple[str, int]]:
    """(label, number) of the home page's lines of work, in their order."""
    home = client.get(reverse("console:home")).content.decode()
    found = re.findall(r'<a class="tile" href="[^"]+"><b>(\d+)\+?</b><span>([^<]+)</span>', home)
    return [(label, int(number)) for number, label in found]


def test_without_work_nothing_is_listed(world: World) -> None:
    home = world.client(Role.SCHOOL_ADMIN).get(reverse("console:home")).content.decode()
    assert "没有待办事项" in home
    assert 'class="tile"' not in home


def test_work_is_listed_in_its_order_and_nothing_is_zero(world: World) -> None:
    factories.make_graduate(world)
    rejected = factories.make_graduate(world)
    put_in_state(rejected, State.REJECTED, world, factories.activate(rejected))
    waiting = factories.make_graduate(world)
    put_in_state(waiting, State.PENDING, world, factories.activate(waiting))
    reported = reporting.approved(world)
    factories.activate(reported)
    today = timezone.localdate()
    for due_on in (today - datetime.timedelta(days=1), today):
        Feedback.objects.create(
            entry=reporting.entry(reported), graduate=reported, school=world.school, cohort=world.cohort,
            kind="登记信息错误", text="单位名称不存在", version=1, owner=Owner.SCHOOL, due_on=due_on,
        )  # fmt: skip
    assert tiles(world.client(Role.SCHOOL_ADMIN)) == [
        ("帐号未激活", 1), ("生源未确认", 3), ("去向未登记", 1), ("待审核去向", 1), ("审核不通过", 1),
        ("全国系统信息反馈", 2), ("全国反馈逾期", 1),
    ]  # fmt: skip
    assert all(count for _, count in tiles(world.client(Role.PROVINCE)))


def test_the_menu_has_the_order_of_the_work() -> None:
    assert SECTIONS[:9] == (
        "生源", "去向登记", "网络签约", "招聘", "就业帮扶", "数据核查", "就业调查", "全国系统", "统计",
    )  # fmt: skip
    assert {item.section for item in console_menu()} == {*SECTIONS, TOPBAR}


def open_sections(page: str) -> list[str]:
    return re.findall(r'<details class="sidebar-section" open data-section="([^"]+)"', page)


def test_the_section_of_the_page_is_open_and_the_others_are_folded(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    page = client.get(reverse("console:figures")).content.decode()
    assert open_sections(page) == ["统计"]
    assert page.count('<details class="sidebar-section"') > 5
    graduate = factories.make_graduate(world)
    page = client.get(reverse("console:origin", args=[graduate.pk])).content.decode()
    assert open_sections(page) == ["生源"]
    home = client.get(reverse("console:home")).content.decode()
    assert len(open_sections(home)) == home.count('<details class="sidebar-section"')


def test_developers_pages_are_in_the_menu_of_development_alone(
    world: World, settings: pytest.FixtureRequest
) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    for shown in (False, True):
        settings.GALLERY = shown  # type: ignore[attr-defined]
        home = client.get(reverse("console:home")).content.decode()
        assert ("界面组件" in home) == shown
