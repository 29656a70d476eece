"""重新开放名单: the reopened records in the user's scope, until when, and by whom."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from graduates.actions import reopen
from graduates.models import Graduate
from schools.models import Cohort
from schools.roles import Role
from tests.factories import World, make_graduate, make_world, today

pytestmark = pytest.mark.django_db
LIST = "/console/graduates/reopened/"
DAY = datetime.timedelta(days=1)


def end_cohort(world: World) -> None:
    Cohort.objects.filter(pk=world.cohort.pk).update(ends_on=today() - DAY)


def reopened_graduate(
    world: World, *, days: int = 7, department: int = 0, reason: str = "晚到"
) -> Graduate:
    graduate = make_graduate(world, department=department)
    end_cohort(world)
    province = world.user(Role.PROVINCE)
    until = today() + days * DAY
    reopen.reopen(graduate_id=graduate.pk, until=until, reason=reason, by=province)
    return graduate


def page(client: Client, **query: str) -> str:
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_school_and_province_see_until_when_and_by_whom_a_record_was_reopened(world: World) -> None:
    other = make_world()
    mine, theirs = (
        reopened_graduate(world, reason="境外录取通知晚到"),
        reopened_graduate(other, days=3),
    )
    plain = make_graduate(world)
    seen = page(world.client(Role.SCHOOL_ADMIN))
    for part in (
        mine.student_no, "境外录取通知晚到", (today() + 7 * DAY).isoformat(),
        world.staff[Role.PROVINCE].label, "开放中",
    ):  # fmt: skip
        assert part in seen
    assert theirs.student_no not in seen
    assert plain.student_no not in seen
    everywhere = page(world.client(Role.PROVINCE))
    assert mine.student_no in everywhere
    assert theirs.student_no in everywhere
    assert other.school.name in everywhere
    assert reverse("console:reopen-find") in everywhere


def test_a_department_sees_its_own_reopened_records(world: World) -> None:
    mine, hidden = reopened_graduate(world), reopened_graduate(world, department=1)
    seen = page(world.client(Role.COUNSELLOR))
    assert mine.student_no in seen
    assert hidden.student_no not in seen


def test_the_list_shows_the_last_reopening_and_no_ended_one(world: World) -> None:
    twice, ended = reopened_graduate(world, reason="第一次"), reopened_graduate(world)
    province = world.user(Role.PROVINCE)
    until = today() + 20 * DAY
    reopen.reopen(graduate_id=twice.pk, until=until, reason="第二次", by=province)
    reopen.end_reopening(graduate_id=ended.pk, by=province)
    seen = page(world.client(Role.SCHOOL_ADMIN))
    assert "第二次" in seen
    assert "第一次" not in seen
    assert until.isoformat() in seen
    assert ended.student_no not in seen


def test_expired_and_sealed_records_are_marked_and_can_be_filtered_out(world: World) -> None:
    still, over = reopened_graduate(world), reopened_graduate(world)
    Graduate.objects.filter(pk=over.pk).update(reopened_until=today() - DAY)
    client = world.client(Role.SCHOOL_ADMIN)
    assert "已到期" in page(client)
    assert over.student_no not in page(client, open="1")
    assert still.student_no in page(client, open="1")
    assert still.student_no not in page(client, open="0")
    assert over.student_no in page(client, open="0")
    Cohort.objects.filter(pk=world.cohort.pk).update(sealed_at=datetime.datetime.now(datetime.UTC))
    assert "已封存" in page(client)
    assert still.student_no in page(client, open="0")


@pytest.mark.parametrize("order", ["student_no", "name"])
def test_the_pages_of_the_list_follow_one_another(
    order: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graduates.views.reopened.Reopened.page_size", 2)
    numbers = {reopened_graduate(world, days=d).student_no for d in (3, 9, 5, 3, 1)}
    client = world.client(Role.SCHOOL_ADMIN)
    seen: list[str] = []
    query = {"order": order}
    for _ in range(4):
        answer = client.get(LIST, query)
        text = answer.content.decode()
        seen += [n for n in numbers if n in text]
        following = answer.context["page"].following if answer.context else ""
        if not following:
            break
        query["after"] = following
    assert sorted(seen) == sorted(numbers)


def test_an_empty_list_says_what_it_is_for(world: World) -> None:
    make_graduate(world)
    assert "没有重新开放的记录" in page(world.client(Role.SCHOOL_ADMIN))
