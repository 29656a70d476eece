"""毕业去向落实率 with its parts, by one dimension at a time. Every figure is a link to the list of what
it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime

from core import audit, spreadsheets
from core.forms import read_number
from destinations import dimensions, reports
from destinations.dimensions import Dimension
from destinations.models import Destination
from destinations.reports import RateRow
from schools import options
from schools.access import StaffRequest, staff_view
from schools.current_cohort import Year, year_of
from schools.scope import scope_of, staff_of, visible_to

_MOST_CLASSES = 150  # in one table


@dataclass(frozen=True)
class Cell:
    """One figure of a line: the address of the list that it counts, and the figure."""

    address: str
    count: int
    percent: float


class Line(NamedTuple):
    row: RateRow
    address: str
    share: float
    cells: list[Cell]


class Shown(NamedTuple):
    """What the page shows, which its workbook has, too."""

    year: Year | None
    dimension: Dimension
    department: tuple[int, str] | None
    whole: RateRow
    table: list[RateRow]

    @property
    def columns(self) -> tuple[str, ...]:
        return reports.SETTLED if self.dimension.of_settled else reports.FIGURES


def _shown(request: StaffRequest) -> Shown:
    scope = scope_of(request.user)
    every_school = scope is not None and scope.everything
    offered = dimensions.offered(every_school=every_school)
    dimension = next((d for d in offered if d.key == request.GET.get("by")), offered[0])
    year = year_of(request)
    visible = visible_to(Destination.objects.all(), request.user, graduate="graduate")
    if year is not None:
        visible = visible.filter(cohort_id__in=year.cohort_ids)
    asked = read_number(request.GET.get("department", ""))
    department = next(((pk, name) for pk, name in _departments(request) if pk == asked), None)
    if department is not None:
        visible = visible.filter(graduate__department_id=department[0])
    table = reports.rate_table(visible, by=dimension.key)
    whole = reports.whole_of(visible) if dimension.of_settled else reports.total_row(table)
    return Shown(year, dimension, department, whole, table)


def _departments(request: StaffRequest) -> list[tuple[int, str]]:
    found = options.list_options(request.user, None, None)["department"]
    return [(int(value), label) for value, label in found]


@staff_view("figures.view")
def figures(request: StaffRequest) -> HttpResponse:
    shown = _shown(request)
    if request.GET.get("export") == "1" and shown.whole.total:
        return _export(request, shown)
    scope = scope_of(request.user)
    kept: dict[str, str] = {"cohort": str(shown.year.year)} if shown.year else {}
    if shown.department is not None:
        kept["department"] = str(shown.department[0])
    departments = _departments(request)
    choose_first = (
        shown.dimension.key == "class"
        and shown.department is None
        and len(shown.table) > _MOST_CLASSES
    )
    lines = [] if choose_first else [_line(shown, row, kept) for row in shown.table]
    if len(lines) > 1:
        lines.append(_line(shown, reports.total_row(shown.table), kept))
    own_query = urlencode({**kept, "by": shown.dimension.key})
    context = {
        "shown": shown,
        "whole": shown.whole,
        "rows": [line.row for line in lines],
        "lines": lines,
        "choose_first": choose_first,
        "names": [(key, _head(shown, key)) for key in shown.columns],
        "headline": _headline(shown, kept),
        "parts": _parts(shown, kept),
        "dimensions": [
            (d.label, urlencode({**kept, "by": d.key}), d == shown.dimension)
            for d in dimensions.offered(every_school=scope is not None and scope.everything)
        ],
        "departments": departments if len(departments) > 1 else [],
        "by": shown.dimension.key,
        "year": shown.year,
        "own_query": own_query,
        "at": localtime(timezone.now()),
        "definitions": reports.definitions(),
        "base": reports.BASE,
        "basis": reports.BASIS,
    }
    return render(request, "destinations/console/figures.html", context)


def _head(shown: Shown, key: str) -> str:
    """A column's name; where it shows numbers of people, no rate."""
    name = reports.name_of(key)
    return name.partition("（")[0].removesuffix("率") if shown.dimension.of_settled else name


def _address(kept: dict[str, str], rate: str, **more: str) -> str:
    return f"{reverse('console:destinations')}?{urlencode({**kept, 'rate': rate, **more})}"


def _headline(shown: Shown, kept: dict[str, str]) -> dict[str, Any]:
    whole, key = shown.whole, "employed_rate"
    return {
        "name": reports.name_of(key),
        "definition": reports.definition(key),
        "cell": Cell(_address(kept, key), whole.counts[key], whole.percent(key)),
        "total": _address(kept, "total"),
        "registered": Cell(
            _address(kept, "registered"), whole.counts["registered"], whole.percent("registered")
        ),
    }


def _parts(shown: Shown, kept: dict[str, str]) -> list[dict[str, Any]]:
    """What the whole is made of, in the order of the bar."""
    whole = shown.whole
    return [
        {
            "key": key,
            "letter": letter,
            "name": reports.name_of(key),
            "definition": reports.definition(key),
            "cell": Cell(_address(kept, key), whole.counts[key], whole.percent(key)),
            "settled": key in reports.SETTLED,
        }
        for letter, key in zip("ABCDEF", reports.PARTS, strict=True)
    ]


def _line(shown: Shown, row: RateRow, kept: dict[str, str]) -> Line:
    """One line of the table. Where only those with a destination are counted, a figure's share is
    that of all of them."""
    settled = shown.dimension.of_settled
    more = {shown.dimension.filter: row.key} if row.key else {}
    whole = shown.whole.counts["employed_rate"] if settled else shown.whole.total
    cells = [
        Cell(_address(kept, key, **more), row.counts[key], row.percent(key))
        for key in shown.columns
    ]
    everybody = "employed_rate" if settled else "total"
    return Line(row, _address(kept, everybody, **more), reports.percent(row.total, whole), cells)


def _export(request: StaffRequest, shown: Shown) -> HttpResponse:
    """The page's table as a workbook, with what its figures mean and when they were counted."""
    dimension, staff = shown.dimension, staff_of(request.user)
    settled = dimension.of_settled
    count = "落实人数" if settled else "人数（N）"
    heads = [dimension.label, count, *(["占落实人数的比例"] if settled else [])]
    for key in shown.columns:
        heads += [f"{_head(shown, key)}（人数）"]
        heads += [] if settled else [reports.name_of(key)]
    rows = []
    total = reports.total_row(shown.table)
    for row in [*shown.table, total]:
        line = _line(shown, row, {})
        cells: list[object] = [row.label, row.total]
        cells += [f"{line.share:.2f}%"] if settled else []
        for cell in line.cells:
            cells += [cell.count] if settled else [cell.count, f"{cell.percent:.2f}%"]
        rows.append(cells)
    where = shown.department[1] if shown.department else ""
    school = staff.school.name if staff is not None and staff.school is not None else "全省"
    above: list[list[object]] = [
        [f"毕业去向落实率（按{dimension.label}）"],
        ["范围", f"{school}{where}，本人管理范围内"],
        ["届别", str(shown.year) if shown.year else "全部"],
        ["统计时间", localtime(timezone.now()).strftime("%Y-%m-%d %H:%M")],
        ["口径", f"{reports.BASE}{reports.BASIS}"],
    ]
    above += [[name, text] for name, text in reports.definitions()]
    content = spreadsheets.write(heads, rows, title="毕业去向落实率", above=above)
    audit.record(
        "core.export", by=request.user, object_type="figures",
        school_id=staff.school_id if staff is not None else None,
        data={"query": request.GET.urlencode(), "bytes": len(content)},
    )  # fmt: skip
    return spreadsheets.respond(content, f"figures-{dimension.key}")
