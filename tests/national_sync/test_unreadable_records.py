"""One record of the national side that can't be read does not end a comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.models import Event
from graduates.models import Graduate
from national_sync.actions import compare
from national_sync.mapping import Mapped
from national_sync.models import NationalCopy
from national_sync.reconciliation import compare as compare_both
from national_sync.states import ComparisonState
from national_sync.transport import wire
from schools.roles import Role
from tests.factories import World
from tests.national_sync import reporting
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(world: World, simulator: Simulator, settings: Any) -> list[Graduate]:
    settings.NATIONAL_URL = simulator.url
    settings.NATIONAL_CLIENT, settings.NATIONAL_SECRET = CLIENT, SECRET
    made = [reporting.approved(world) for _ in range(3)]
    reporting.register(simulator, *made)
    reporting.run(simulator)
    return made


def make_unreadable(simulator: Simulator, graduate: Graduate) -> None:
    """A value of the graduate's destination becomes a number there."""
    simulator.sql(
        "UPDATE held SET fields = jsonb_set(fields, '{dwmc}', '7')"
        " WHERE part = 'destination' AND exam_no = %s",
        graduate.exam_no,
    )


def test_an_unreadable_record_is_listed_and_the_comparison_goes_on(
    world: World, simulator: Simulator, three: list[Graduate]
) -> None:
    make_unreadable(simulator, three[0])
    simulator.sql(
        "UPDATE held SET fields = jsonb_set(fields, '{dwmc}', '\"别的单位\"')"
        " WHERE part = 'destination' AND exam_no = %s",
        three[1].exam_no,
    )
    before = NationalCopy.objects.filter(graduate=three[0]).values().first()
    asked = compare.ask(school=world.school, by=world.school_admin)
    assert compare.run(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.problem) == (ComparisonState.DONE, "")
    result = asked.result
    assert (result["ours"], result["theirs"], result["equal"]) == (4, 4, 3)
    assert result["adds_up"]
    (difference,) = result["differences"]
    assert difference["graduate"] == three[1].pk, "what can't be read is not called missing"
    reason = "去向部分的版本号或内容无法读取。"
    assert result["unreadable"] == [
        {"year": world.cohort.year, "exam_no": three[0].exam_no, "reason": reason}
    ]
    assert NationalCopy.objects.filter(graduate=three[0]).values().first() == before
    assert Event.objects.get(action="national.compare_end").data["unreadable_total"] == 1
    page = world.client(Role.SCHOOL_ADMIN).get("/console/national/reconcile/").content.decode()
    assert "全国系统中有 1 条记录无法读取" in page
    assert reason in page
    assert three[0].exam_no in page


def test_where_the_rest_is_equal_the_page_does_not_say_that_all_is(
    world: World, simulator: Simulator, three: list[Graduate]
) -> None:
    make_unreadable(simulator, three[0])
    with simulator.transport() as transport:
        found = compare_both(world.school, transport, Mapped.load(simulated=True))
    assert (found.clean, found.differences) == (False, [])
    asked = compare.ask(school=world.school, by=world.school_admin)
    compare.run(asked.pk)
    page = world.client(Role.SCHOOL_ADMIN).get("/console/national/reconcile/").content.decode()
    assert "其余记录两边一致。" in page
    assert "两边完全一致" not in page


def _row(**changes: Any) -> dict[str, Any]:
    part = {"version": 1, "record": {"xm": "甲"}}
    key = {"school": "99001", "year": 2027, "exam_no": "23340001"}
    return {"key": key, "parts": {"origin": part}, "confirmation": None} | changes


ROWS: dict[str, tuple[Any, tuple[int | None, str, str]]] = {
    "null": (None, (None, "", "记录不是约定的格式。")),
    "a list": ([1], (None, "", "记录不是约定的格式。")),
    "no parts": (_row(parts=None), (2027, "23340001", "记录不是约定的格式。")),
    "no key": (_row(key=7), (None, "", "院校代码、届别或考生号无法读取。")),
    "no year": (
        _row(key={"school": "99001", "year": "x", "exam_no": "23340001"}),
        (None, "23340001", "院校代码、届别或考生号无法读取。"),
    ),
    "another confirmation": (
        _row(confirmation={"state": "perhaps"}),
        (2027, "23340001", "确认情况不是约定的取值。"),
    ),
    "no version": (
        _row(parts={"archive": {"version": None, "record": {}}}),
        (2027, "23340001", "档案部分的版本号或内容无法读取。"),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_reason_says_what_of_a_record_cannot_be_read(name: str) -> None:
    row, expected = ROWS[name]
    page = wire.held_page({"records": [_row(), row], "next": None, "total": 2}, None)
    assert [record.key.exam_no for record in page.records] == ["23340001"]
    (found,) = page.unreadable
    assert (found.year, found.exam_no, found.reason) == expected


@pytest.mark.parametrize(
    "answer",
    [{"records": {}, "next": None, "total": 0}, {"records": [], "next": 7, "total": 0}],
    ids=["no list", "a page without a name"],
)
def test_a_page_that_cannot_be_read_is_no_answer(answer: dict[str, Any]) -> None:
    read: Callable[..., Any] = wire.held_page
    with pytest.raises(wire.BadAnswer):
        read(answer, None)
