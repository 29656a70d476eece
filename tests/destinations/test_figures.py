"""The figures page: one dimension at a time, each number a list, the workbook, and what they mean."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import Event
from destinations import dimensions, reports
from destinations.models import Destination
from destinations.states import State
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world, put_in_state

pytestmark = pytest.mark.django_db
PATH = "/console/figures/"
# Origin, place and industry of six graduates: cities of the own province, other provinces, a code that
# no table has, and nothing.
ORIGINS = ("340104", "340104", "340202", "320102", "990000", "")
PLACES = ("340104", "340202", "320102", "110101", "990000", "")
INDUSTRIES = ("30", "30", "34", "99", "", "")


@pytest.fixture
def world() -> World:
    world = make_world()
    for n in range(6):
        graduate = factories.make_graduate(world, department=n % 2)
        put_in_state(graduate, State.SCHOOL_APPROVED, world, factories.activate(graduate))
        Graduate.objects.filter(pk=graduate.pk).update(
            origin=ORIGINS[n], gender="2" if n < 2 else "1", level="31" if n < 4 else "11"
        )
        Destination.objects.filter(pk=graduate.pk).update(
            unit_division=PLACES[n], unit_industry=INDUSTRIES[n]
        )
    Destination.objects.filter(pk=graduate.pk).update(category="801")
    factories.make_graduate(world)
    waiting = factories.make_graduate(world, department=1)
    put_in_state(waiting, State.PENDING, world, factories.activate(waiting))
    return world


def table_of(page: str) -> str:
    return page.split('class="table grid"')[1]


def lines(page: str) -> dict[str, list[str]]:
    """First cell of a line → the texts of the others."""
    found = {}
    for row in re.findall(r"<tr.*?</tr>", table_of(page), re.S)[1:]:
        cells = [re.sub(r"\s+", " ", re.sub("<[^>]+>", "", c)).strip()
                 for c in re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)]  # fmt: skip
        found[cells[0]] = cells[1:]
    return found


def rows_of(client: Client, address: str) -> int:
    return client.get(html.unescape(address) + "&size=200").content.count(b"<tr data-key")


@pytest.mark.parametrize("by", sorted(dimensions.DIMENSIONS))
@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.SCHOOL_ADMIN, Role.PROVINCE])
def test_every_number_opens_the_list_that_it_counts(world: World, role: str, by: str) -> None:
    client = world.client(role)
    page = client.get(PATH, {"by": by}).content.decode()
    cells = re.findall(
        r'<a href="(/console/destinations/[^"]+)">(?:<b>)?([\d.]+)(%?)(?:</b>)?</a>'
        r'(?:\s+<small class="soft">(\d+)</small>)?',
        page,
    )
    counted = [(a, int(small or shown)) for a, shown, sign, small in cells if small or not sign]
    assert len(counted) > 12
    assert any(n for _, n in counted)
    assert [(a, rows_of(client, a)) for a, _ in counted] == counted


def test_regions_are_cities_of_the_own_province_and_other_provinces(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    origins = lines(client.get(PATH, {"by": "origin"}).content.decode())
    assert {label: cells[0] for label, cells in origins.items()} == {
        "合肥市": "4", "芜湖市": "1", "江苏省": "1", "未填写": "2", "合计": "8",
    }  # fmt: skip
    places = lines(client.get(PATH, {"by": "place"}).content.decode())
    assert {label: cells[0] for label, cells in places.items()} == {
        "合肥市": "1", "芜湖市": "1", "江苏省": "1", "北京市": "1", "境外或未填写": "2", "合计": "6",
    }  # fmt: skip
    assert places["合肥市"][1] == "16.67%"
    industries = lines(client.get(PATH, {"by": "industry"}).content.decode())
    assert sum(int(cells[0]) for label, cells in industries.items() if label != "合计") == 6


def test_the_other_dimensions_group_in_words(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    for by, labels in (
        ("gender", {"男", "女"}),
        ("level", {"本科", "硕士研究生"}),
        ("department", {d.name for d in world.departments}),
        ("class", {c.name for row in world.classes for c in row[:1]}),
    ):
        found = lines(client.get(PATH, {"by": by}).content.decode())
        assert set(found) == labels | {"合计"}, by
        assert found["合计"][0] == "8"


def test_the_bar_says_its_parts_in_words_and_the_rate_is_their_sum(world: World) -> None:
    page = world.client(Role.SCHOOL_ADMIN).get(PATH).content.decode()
    label = re.search(r'<svg class="stacked"[^>]*aria-label="([^"]+)"', page)
    assert label
    assert label[1] == (
        "毕业去向的构成：协议和合同就业率62.50%（5人），升学率12.50%（1人），待就业率25.00%（2人）。"
    )
    assert re.search(r'data-rate="employed_rate".*?<b>75\.00%</b>', page, re.S)
    widths = [float(w) for w in re.findall(r'<rect x="[\d.]+" y="0" width="([\d.]+)"', page)]
    assert sum(widths) == pytest.approx(1000, abs=0.1)
    for name, text in reports.definitions():
        assert html.escape(f"<dt>{name}</dt><dd>{text}</dd>", quote=False).replace(
            "&lt;", "<").replace("&gt;", ">") in page  # fmt: skip
    assert "统计时间" in page


def test_one_department_alone(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    first = world.departments[0]
    page = client.get(PATH, {"by": "gender", "department": first.pk})
    assert page.context["whole"].total == 4
    assert f"department={first.pk}" in table_of(page.content.decode())
    other = make_world().departments[0]
    assert client.get(PATH, {"department": other.pk}).context["whole"].total == 8, "not theirs"


def test_the_workbook_has_what_is_shown_and_what_it_means(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    type(world.departments[0]).objects.filter(pk=world.departments[0].pk).update(name="=1+1学院")
    answer = client.get(PATH, {"by": "department", "export": "1"})
    assert "no-store" in answer["Cache-Control"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    cells = [
        [str(c.value if c.value is not None else "") for c in row] for row in sheet.iter_rows()
    ]
    assert {c.data_type for row in sheet.iter_rows() for c in row} <= {"s", "n"}, "no formula"
    text = "\n".join("|".join(row) for row in cells)
    assert "统计时间" in text and reports.BASE in text
    for name, formula in reports.definitions():
        assert f"{name}|{formula}" in text
    heads = next(row for row in cells if row[0] == "院系")
    assert heads[1:4] == ["人数（N）", "毕业去向落实率（人数）", "毕业去向落实率"]
    total = next(row for row in cells if row[0] == "合计")
    assert total[1:4] == ["8", "6", "75.00%"]
    assert Event.objects.filter(action="core.export", object_type="figures").exists()
    places = client.get(PATH, {"by": "place", "export": "1"})
    assert places.status_code == 200


def test_more_rows_need_no_more_queries(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)

    def cost(by: str) -> int:
        client.get(PATH, {"by": by})
        with CaptureQueriesContext(connection) as captured:
            client.get(PATH, {"by": by})
        return len(captured)

    few = {by: cost(by) for by in dimensions.DIMENSIONS}
    for n in range(6):
        graduate = factories.make_graduate(world, department=n % 2, school_class=1)
        put_in_state(graduate, State.SCHOOL_APPROVED, world, factories.activate(graduate))
    assert {by: cost(by) for by in dimensions.DIMENSIONS} == few
    assert max(few.values()) <= 12


def test_many_classes_ask_for_a_department_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from destinations.views import figures

    monkeypatch.setattr(figures, "_MOST_CLASSES", 1)
    client = world.client(Role.SCHOOL_ADMIN)
    page = client.get(PATH, {"by": "class"}).content.decode()
    assert "请先在上方选择院系" in page and 'class="table grid"' not in page
    one = {"by": "class", "department": world.departments[0].pk}
    assert 'class="table grid"' in client.get(PATH, one).content.decode()


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(1, 3, 33.33), (2, 3, 66.67), (1, 800, 0.13), (1, 8, 12.5), (0, 0, 0.0), (7, 7, 100.0)],
)
def test_percents_are_rounded_half_up(part: int, whole: int, expected: Any) -> None:
    assert reports.percent(part, whole) == expected


def test_both_pages_give_the_same_rate(world: World) -> None:
    client = world.client(Role.PROVINCE)
    rate = client.get(PATH).context["whole"].percent("employed_rate")
    progress = client.get("/console/progress/")
    assert progress.context["total"].percent("employed_rate") == rate == 75.0
    for page in (progress.content.decode(), client.get(PATH).content.decode()):
        assert html.escape(reports.BASE) in page and reports.BASIS in page
