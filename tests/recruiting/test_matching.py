"""Matching postings: which are listed, in which order, with which reason, and page by page."""

from __future__ import annotations

import datetime
import random
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from codes import lookup
from employers.models import UnitMember
from graduates.models import Graduate
from recruiting import matching
from recruiting.actions import resumes
from recruiting.fields import split_majors
from recruiting.models import Intention, Posting
from recruiting.states import Education, MajorMatch, PostingState
from recruiting.views import phone_postings
from schools.models import Major
from tests import factories
from tests.factories import World, client_of
from tests.recruiting import scene

pytestmark = pytest.mark.django_db

# 工程技术人员 in 芜湖市, content with related majors, 5,000 to 7,000 yuan.
WANTED = {"job_categories": ["13"], "places": ["340200"], "pay": "3", "major_match": "2"}
# A posting that agrees with none of it.
ELSEWHERE = {
    "job_category": "24", "places": "北京市东城区", "majors": "汉语言文学", "major_match": "1",
    "pay_from": "20000", "pay_to": "30000",
}  # fmt: skip


@pytest.fixture
def member() -> UnitMember:
    return scene.make_recruiter()


@pytest.fixture
def graduate(world: World) -> Graduate:
    graduate = factories.make_graduate(world, major_code="080902", major_name="软件工程")
    factories.activate(graduate)
    return graduate


def look_for(graduate: Graduate, **changes: Any) -> Intention:
    present = Intention.objects.filter(graduate=graduate).first()
    resumes.save_intention(
        graduate=graduate, typed=scene.typed_intention(**(WANTED | changes)),
        version=resumes.version_of(present), by=scene.account_of(graduate),
    )  # fmt: skip
    return Intention.objects.get(graduate=graduate)


def published(member: UnitMember, world: World, **changes: str) -> Posting:
    return scene.make_posting(member, PostingState.PUBLISHED, by=world, **(ELSEWHERE | changes))


def found(graduate: Graduate, intention: Intention) -> dict[str, str]:
    """The reason of each posting that is listed, by its title, in their order."""
    page = matching.page(graduate, intention, size=50)
    return {match.posting.title: match.reasons for match in page}


def test_what_agrees_most_comes_first_and_says_why(
    world: World, member: UnitMember, graduate: Graduate
) -> None:
    pay = {"pay_from": "6000", "pay_to": "9000"}
    published(
        member,
        world,
        title="全部相符",
        job_category="13",
        places="芜湖市",
        majors="软件工程",
        **pay,
    )
    published(member, world, title="地点和薪资", places="芜湖市镜湖区", **pay)
    published(member, world, title="仅类别", job_category="13")
    published(member, world, title="都不相符")
    published(member, world, title="仅专业", majors="软件工程")
    assert found(graduate, look_for(graduate)) == {
        "全部相符": "职位类别、地点、专业、薪资相符",
        "地点和薪资": "地点、薪资相符",
        "仅类别": "职位类别相符",
    }


@pytest.mark.parametrize(
    ("wanted", "place", "listed"),
    [
        (["340200"], "芜湖市", True),
        (["340200"], "芜湖市镜湖区", True),  # inside of the wanted city
        (["340200"], "安徽省", True),  # the unit recruits for the whole province
        (["340202"], "芜湖市", True),  # a city around the wanted county
        (["340200"], "合肥市", False),
        (["340000"], "合肥市", True),
        (["340202"], "芜湖市鸠江区", False),
    ],
)
def test_places_that_contain_each_other_agree(
    world: World,
    member: UnitMember,
    graduate: Graduate,
    wanted: list[str],
    place: str,
    listed: bool,
) -> None:
    published(member, world, title="职位", places=place)
    # As stored: the form offers no counties, but data from elsewhere may have them.
    intention = look_for(graduate)
    intention.places = wanted
    assert bool(found(graduate, intention)) is listed


@pytest.mark.parametrize(
    ("match", "posting", "agrees"),
    [
        (MajorMatch.EXACT, {"majors": "会计学，软件工程"}, True),
        (MajorMatch.EXACT, {"majors": "软件工程（师范）"}, False),
        (MajorMatch.EXACT, {"majors": "网络工程", "major_match": "2"}, False),
        (MajorMatch.FAMILY, {"majors": "网络工程", "major_match": "2"}, True),
        (MajorMatch.FAMILY, {"majors": "网络工程", "major_match": "1"}, False),
        (MajorMatch.FAMILY, {"majors": "会计学", "major_match": "2"}, False),
        (MajorMatch.FAMILY, {"majors": ""}, False),
        (MajorMatch.ANY, {"majors": "软件工程"}, False),
    ],
)
def test_majors_agree_by_name_or_by_their_class(
    world: World,
    member: UnitMember,
    graduate: Graduate,
    match: int,
    posting: dict[str, str],
    agrees: bool,
) -> None:
    for code, name in (("080903", "网络工程"), ("120203", "会计学")):
        Major.objects.create(school=world.school, code=code, name=name)
    lookup.forget()
    published(member, world, **({"title": "职位", "places": "芜湖市"} | posting))
    reasons = found(graduate, look_for(graduate, major_match=str(match)))["职位"]
    assert reasons == ("地点、专业相符" if agrees else "地点相符")


@pytest.mark.parametrize(
    ("pay_from", "pay_to", "wanted", "agrees"),
    [
        ("4000", "5000", "3", True),
        ("4000", "4999", "3", False),
        ("7000", "9000", "3", True),
        ("7001", "9000", "3", False),
        ("25000", "50000", "7", True),
        ("4000", "5000", "1", False),  # 面议
    ],
)
def test_pay_agrees_if_the_ranges_meet(
    world: World,
    member: UnitMember,
    graduate: Graduate,
    pay_from: str,
    pay_to: str,
    wanted: str,
    agrees: bool,
) -> None:
    published(member, world, title="职位", places="芜湖市", pay_from=pay_from, pay_to=pay_to)
    reasons = found(graduate, look_for(graduate, pay=wanted))["职位"]
    assert ("薪资" in reasons) is agrees


def test_more_education_than_the_graduate_has_is_not_listed(
    world: World, member: UnitMember, graduate: Graduate
) -> None:
    for education in (Education.ANY, Education.BACHELOR, Education.MASTER):
        published(
            member, world, title=education.label, places="芜湖市", education=str(education.value)
        )
    assert set(found(graduate, look_for(graduate))) == {"不限", "本科"}


def test_every_level_of_graduates_has_its_education() -> None:
    groups = {
        e["level_group"].split("(")[0] for e in lookup.table("education_level").extra.values()
    }
    assert groups == set(matching._EDUCATION)


def test_only_open_postings_of_the_wanted_kind_are_listed(
    world: World, member: UnitMember, graduate: Graduate
) -> None:
    intention = look_for(graduate)
    posting = published(member, world, title="职位", places="芜湖市")
    rows = Posting.objects.filter(pk=posting.pk)
    other = factories.make_world().school.pk
    for closed in (
        {"school_ids": [other]}, {"hidden_from": [world.school.pk]}, {"work_kind": 2},
        {"valid_until": timezone.localdate() - datetime.timedelta(days=1)},
        {"state": PostingState.CLOSED},
    ):  # fmt: skip
        before = rows.values(*closed).get()
        assert rows.update(**closed)
        assert found(graduate, intention) == {}, closed
        rows.update(**before)
    assert found(graduate, intention) == {"职位": "地点相符"}


def test_without_categories_and_places_nothing_matches(graduate: Graduate) -> None:
    assert not matching.matching(graduate, Intention(graduate=graduate, pay=3)).exists()


def test_pages_follow_each_other_without_gap_or_repetition(
    world: World, member: UnitMember, graduate: Graduate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_postings, "_SIZE", 5)
    for number in range(9):
        least = 6000 + number % 3 * 9000
        pay = {"pay_from": str(least), "pay_to": str(least + 1000)}
        published(member, world, title=f"职位{number}", places="芜湖市", **pay)
    # Several were published in the same moment.
    Posting.objects.update(published_at=timezone.now())
    look_for(graduate)
    client = client_of(scene.account_of(graduate))
    first = client.get(reverse("jobs-matching"))
    following = first.context["following"]
    second = client.get(reverse("jobs-matching"), {"before": following})
    seen = [posting.pk for page in (first, second) for posting, *_ in page.context["cards"]]
    assert len(seen) == len(set(seen)) == 9
    assert not second.context["following"]
    words = first.content.decode()
    assert "地点、薪资相符" in words
    assert "安徽省芜湖市" in words
    assert words.index("地点、薪资相符") < words.index("地点相符")


@pytest.mark.parametrize(
    "before", ["x", "9-9-9", "٣-1-1", "3--1", "3-1-99999999999999999999", "1" * 500]
)
def test_a_place_that_is_none_shows_a_page(graduate: Graduate, before: str) -> None:
    look_for(graduate)
    answer = client_of(scene.account_of(graduate)).get(reverse("jobs-matching"), {"before": before})
    assert answer.status_code == 200


def test_the_page_leads_to_the_form_as_long_as_nothing_is_wanted(graduate: Graduate) -> None:
    client = client_of(scene.account_of(graduate))
    assert "还没有填写求职意向" in client.get(reverse("jobs-matching")).content.decode()
    look_for(graduate)
    assert "还没有相符的职位" in client.get(reverse("jobs-matching")).content.decode()
    assert "求职意向职位" in client.get(reverse("jobs")).content.decode()


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("软件工程，会计学; 会计学/法学", ["软件工程", "会计学", "法学"]),
        ("不限", []),
        ("", []),
        ("计算机科学与技术 软件工程", ["计算机科学与技术", "软件工程"]),
    ],
)
def test_majors_are_split_at_what_people_type_between_them(typed: str, names: list[str]) -> None:
    assert split_majors(typed) == names


def test_the_fullest_posting_still_fits_into_the_index_of_lists(
    world: World, member: UnitMember
) -> None:
    posting = published(member, world, title="职位")
    # Numbers as the schools of a province have them, in no order.
    schools = sorted(range(5000, 5150), key=lambda n: n * 7919 % 1009)
    places = [f"{n:06}" for n in range(110101, 110111)]
    Posting.objects.filter(pk=posting.pk).update(
        majors="".join(chr(0x4E00 + n * 97) for n in range(200)), school_ids=schools,
        hidden_from=schools, places=places, search_places=places + [f"{n:06}" for n in range(20)],
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname ~ '^posting_of_(lists|category)'"
        )
        assert ["INCLUDE" in row[0] for row in cursor.fetchall()] == [True, True]


def test_a_page_from_the_newest_postings_is_that_of_all_postings(
    world: World, member: UnitMember, graduate: Graduate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With few "newest" postings, pages are put together from the newest and the older ones, or ranked
    anew; either way they are the pages of one ranking of all."""
    choices = {
        "job_category": ("13", "24"), "places": ("芜湖市", "北京市东城区"),
        "majors": ("软件工程", "汉语言文学"), "pay_from": ("6000", "20000"),
    }  # fmt: skip
    numbers = random.Random(7)
    for number in range(40):
        if number % 20 == 0:  # a unit may publish so many a day
            member = scene.make_recruiter()
        values = {key: numbers.choice(of_two) for key, of_two in choices.items()}
        top = {"pay_to": "9000" if values["pay_from"] == "6000" else "30000"}
        published(member, world, title=f"职位{number}", **values, **top)
    now = timezone.now()
    for posting in Posting.objects.all():  # some were published at the same time
        at = now - datetime.timedelta(hours=numbers.randrange(25))
        Posting.objects.filter(pk=posting.pk).update(published_at=at)

    def pages(intention: Intention, size: int) -> list[tuple[str, str]]:
        listed: list[matching.Match] = []
        while page := matching.page(
            graduate, intention, size=size, after=listed[-1].place if listed else None
        ):
            listed += page
        return [(match.posting.title, match.reasons) for match in listed]

    for changes in ({}, {"job_categories": ["13", "24"]}, {"pay": "1"}, {"places": ["110101"]}):
        intention = look_for(graduate, **changes)
        monkeypatch.setattr(matching, "_NEWEST", 20_000)
        whole = pages(intention, 50)
        assert len(whole) > 10
        for newest in (1, 5, 12, 25, 39):
            monkeypatch.setattr(matching, "_NEWEST", newest)
            for size in (1, 3, 8, 50):
                assert pages(intention, size) == whole, (changes, newest, size)
