"""全国系统确认情况: who is listed, the filters, the reminder at most once a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.inbox import messages_of
from accounts.models import Message
from core.models import Event
from graduates.models import Graduate
from graduates.states import Standing
from national_sync.actions import remind
from national_sync.models import Entry, NationalCopy
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.national_sync.test_handling import refused

pytestmark = pytest.mark.django_db
PAGE = "/console/national/confirmations/"


def went_up(world: World, state: str = "", differences: int | None = None, **more: Any) -> Graduate:
    """As after an upload; with `state`, as after a comparison."""
    made = factories.make_graduate(world, **more)
    entry, _ = Entry.objects.get_or_create(
        graduate=made, part="origin", defaults={"school": made.school, "cohort": made.cohort}
    )
    Entry.objects.filter(pk=entry.pk).update(accepted_version=1)
    if state:
        NationalCopy.objects.create(
            graduate=made, national_state=state, differences=differences,
            fetched_at=timezone.now(),
        )  # fmt: skip
    return made


@pytest.fixture
def four(world: World) -> list[Graduate]:
    """Confirmed, not confirmed, lapsed with a difference, never fetched."""
    return [
        went_up(world, "confirmed", 0),
        went_up(world, "unconfirmed", 0),
        went_up(world, "lapsed", 2),
        went_up(world),
    ]


def told() -> int:
    return Message.objects.filter(dedupe_key__contains="national-confirm").count()


# --- the list --------------------------------------------------------------------------------


def test_only_graduates_held_there_are_listed(world: World, four: list[Graduate]) -> None:
    unsent = factories.make_graduate(world)
    page = world.client(Role.COUNSELLOR).get(PAGE).content.decode()
    assert unsent.student_no not in page
    assert all(g.student_no in page for g in four)
    for word in ("已确认", "未确认", "已失效", "未获取", "2 项", "未比对"):
        assert word in page


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("national=confirmed", [0]), ("national=unconfirmed", [1, 2, 3]),
        ("national=lapsed", [2]), ("national=differs", [2]), ("checked=yes", [1]),
        ("checked=no", [0, 2, 3]),
    ],
)  # fmt: skip
def test_the_filters(world: World, four: list[Graduate], query: str, wanted: list[int]) -> None:
    NationalCopy.objects.filter(pk=four[1].pk).update(
        confirmed_at=timezone.now(), confirmed_hash="x"
    )
    page = world.client(Role.SCHOOL_ADMIN).get(f"{PAGE}?{query}").content.decode()
    assert [n for n, g in enumerate(four) if g.student_no in page] == wanted


def test_the_scope_and_the_empty_states(world: World) -> None:
    client = world.client(Role.COUNSELLOR)
    assert "还没有已上报全国系统的毕业生" in client.get(PAGE).content.decode()
    outside, mine = went_up(world, department=1), went_up(world)
    page = client.get(PAGE).content.decode()
    assert mine.student_no in page
    assert outside.student_no not in page
    assert "没有符合条件的记录" in client.get(PAGE, {"national": "differs"}).content.decode()


def test_more_rows_cost_no_more_queries(world: World, four: list[Graduate]) -> None:
    client = world.client(Role.DEPARTMENT_ADMIN)

    def cost() -> int:
        client.get(PAGE)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(PAGE).status_code == 200
        return len(captured)

    few = cost()
    for _ in range(4):
        went_up(world, "unconfirmed", 0)
    assert cost() == few
    assert few <= 18


# --- the reminder ----------------------------------------------------------------------------


def test_who_has_not_confirmed_is_told_once_a_day(world: World, four: list[Graduate]) -> None:
    user = factories.activate(four[1])
    client = world.client(Role.COUNSELLOR)
    assert "提醒未确认的毕业生（3）" in client.get(PAGE).content.decode()
    page = client.post(f"{PAGE}remind/", follow=True).content.decode()
    assert "已提醒 3 人。" in page
    (message,) = messages_of(user).filter(title=remind.TITLE)
    assert message.link == "/national/"
    late = went_up(world)
    page = client.post(f"{PAGE}remind/", follow=True).content.decode()
    assert "已提醒 1 人，另有 3 人今天已提醒过" in page
    assert told() == 4
    page = client.post(f"{PAGE}remind/", follow=True).content.decode()
    assert "筛选出的 4 人今天都已提醒过" in page
    assert told() == 4
    assert late.person_id in {
        int(m.to.partition(":")[2]) for m in Message.objects.filter(title=remind.TITLE)
    }
    assert Event.objects.filter(action="national.remind").latest("pk").data["earlier"] == 4


def test_a_reminder_is_possible_again_the_next_day(
    world: World, four: list[Graduate], monkeypatch: pytest.MonkeyPatch
) -> None:
    remind.remind(graduates=Graduate.objects.all(), by=world.counsellor)
    day = timezone.localdate() + timedelta(days=1)
    monkeypatch.setattr(remind.timezone, "localdate", lambda: day)
    found = remind.remind(graduates=Graduate.objects.all(), by=world.counsellor)
    assert (found.told, found.earlier) == (3, 0)


def test_the_filtered_graduates_are_reminded(world: World, four: list[Graduate]) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    response = client.post(f"{PAGE}remind/?national=differs&q={four[2].student_no}")
    assert response.headers["Location"] == f"{PAGE}?national=differs&q={four[2].student_no}"
    assert told() == 1
    page = client.post(f"{PAGE}remind/?national=confirmed", follow=True).content.decode()
    assert "没有需要提醒的毕业生" in page
    assert told() == 1


def test_nobody_outside_the_scope_is_reminded(world: World, four: list[Graduate]) -> None:
    went_up(world, department=1)
    went_up(factories.make_world())
    Graduate.objects.filter(pk=four[3].pk).update(standing=Standing.WITHDRAWN)
    found = remind.remind(graduates=Graduate.objects.all(), by=world.counsellor)
    assert (found.told, told()) == (2, 2)


def test_the_province_cannot_remind(world: World, four: list[Graduate]) -> None:
    client = world.client(Role.PROVINCE)
    assert "提醒未确认的毕业生" not in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}remind/").status_code == 403
    refused("role", remind.remind, graduates=Graduate.objects.all(), by=world.user(Role.PROVINCE))
    assert told() == 0
