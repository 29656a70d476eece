"""The graduate's page of the national data: in words, differences first, and what they mean."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from destinations.actions import enter, register, review
from graduates.actions import origin
from graduates.models import Graduate
from national_sync.connection import mapping
from national_sync.mapping import load_simulated
from national_sync.models import Entry, NationalCopy
from national_sync.records import present_record
from national_sync.states import EntryState, Owner, Part
from tests import factories
from tests.factories import World, client_of

pytestmark = pytest.mark.django_db
PAGE = "/national/"


@pytest.fixture(autouse=True)
def _linked(settings: Any) -> None:
    settings.NATIONAL_URL = "http://127.0.0.1:9"
    settings.NATIONAL_CLIENT, settings.NATIONAL_SECRET = "school", "secret"
    load_simulated()


@pytest.fixture
def user(graduate: Graduate) -> User:
    return factories.activate(graduate)


@pytest.fixture
def held(world: World, graduate: Graduate, user: User) -> NationalCopy:
    """The national system has exactly what we have."""
    enter.enter(graduate_id=graduate.pk, typed=factories.CONTRACT, by=world.school_admin)
    origin.lock(graduate_id=graduate.pk, by=world.school_admin)
    parts = {
        str(part): present_record(part, graduate.pk, mapping())
        for part in (Part.ORIGIN, Part.DESTINATION)
    }
    Entry.objects.filter(graduate=graduate).update(
        state=EntryState.ACCEPTED, owner=Owner.NOBODY, due_at=None
    )
    return NationalCopy.objects.create(graduate=graduate, parts=parts, fetched_at=timezone.now())


def page_of(user: User) -> str:
    return client_of(user).get(PAGE).content.decode()


def words_of(page: str) -> str:
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", page[page.index("<main") :]))


def differ(held: NationalCopy, part: str, **fields: str) -> None:
    held.parts[part] |= fields
    held.save()


def test_everything_is_in_words_and_dates_are_dates(held: NationalCopy, user: User) -> None:
    page = page_of(user)
    words = words_of(page)
    graduate = held.graduate
    day = graduate.graduates_on
    assert f"毕业日期{day.year}年{day.month}月{day.day}日" in words
    assert "毕业去向签劳动合同形式就业" in words
    assert "单位所在地安徽省合肥市包河区" in words
    assert "优秀毕业生否" in words
    cells = re.findall(r"<dd>\s*([^<]*?)\s*</dd>", page)
    bare = [c for c in cells if re.fullmatch(r"[0-9]{1,8}", c)]
    numbers = set(held.parts["origin"].values()) & {
        held.parts["origin"].get(k, "") for k in ("yxdm", "zydm", "xz", "xh", "ksh")
    }
    assert [c for c in bare if c not in numbers] == []
    assert "代码" not in re.sub(r"院校代码|专业代码|组织机构代码", "", words)


def test_what_agrees_is_folded_away(held: NationalCopy, user: User) -> None:
    page = page_of(user)
    assert page.count("<details") == 2
    assert page.count("state-ok") == 2
    assert "去纠错" not in page
    assert "以上信息与本人一致" in page


def test_differences_come_first_with_the_page_that_mends_them(
    held: NationalCopy, user: User
) -> None:
    differ(held, "destination", dwmc="别的公司", dwszddm="340104", dwszd="安徽省合肥市蜀山区")
    page = page_of(user)
    assert page.index("毕业去向信息") < page.index("基本信息")
    assert "2 项不一致" in page
    assert 'state-bad">不一致' in page
    assert '<a href="/destination/">到“毕业去向登记”修改</a>' in page
    assert "kind=destination&amp;field=unit_name" in page
    assert "全国系统：安徽省合肥市蜀山区" in page
    assert page.index("别的公司") < page.index("<details")


def test_codes_of_the_other_side_are_words_too(held: NationalCopy, user: User) -> None:
    other = next(
        code for code in ("01", "03", "13")
        if mapping().national("politics", code) not in (None, held.parts["origin"]["zzmmdm"])
    )  # fmt: skip
    differ(held, "origin", zzmmdm=str(mapping().national("politics", other)))
    assert f"全国系统：{mapping().name('politics', other)}" in page_of(user)
    differ(held, "origin", zzmmdm="zz")
    assert "全国系统：其他（代码zz）" in page_of(user)


@pytest.mark.parametrize(
    ("state", "label"),
    [
        (EntryState.WAITING, "已修改，待上报"), (EntryState.HELD, "已修改，待上报"),
        (EntryState.REJECTED, "全国系统已退回"), (EntryState.ACCEPTED, "不一致"),
    ],
)  # fmt: skip
def test_what_is_on_its_way_is_told_from_what_differs(
    held: NationalCopy, user: User, state: str, label: str
) -> None:
    differ(held, "destination", dwmc="旧名称有限公司")
    owner = Owner.NOBODY if state == EntryState.ACCEPTED else Owner.SYSTEM
    due = None if state == EntryState.ACCEPTED else timezone.now()
    Entry.objects.filter(graduate=held.graduate, part=Part.DESTINATION).update(
        state=state, owner=owner, due_at=due
    )
    page = page_of(user)
    assert label in page
    on_its_way = label == "已修改，待上报"
    assert ("1 项待上报" in page) == on_its_way
    assert ("去纠错" in page) != on_its_way
    assert "以上信息与本人一致" not in page


def test_what_waits_for_review_is_shown_as_it_is_here(
    world: World, held: NationalCopy, user: User
) -> None:
    graduate = held.graduate
    review.reject(graduate_id=graduate.pk, reason="名称", by=world.school_admin)
    factories.attach(graduate, user)
    register.register(
        graduate_id=graduate.pk,
        by=user,
        typed=factories.CONTRACT | {"unit_name": "虚构更名有限公司"},
    )
    page = page_of(user)
    assert "本平台：<b>虚构更名有限公司</b>" in page
    assert "已修改，待上报" in page


def test_the_address_of_the_national_site_is_a_setting(
    held: NationalCopy, user: User, settings: Any
) -> None:
    settings.NATIONAL_SITE = ""
    assert "打开全国毕业去向登记系统" not in page_of(user)
    settings.NATIONAL_SITE = "https://national.example.edu/"
    page = page_of(user)
    assert 'href="https://national.example.edu/"' in page
    assert "打开全国毕业去向登记系统" in page
