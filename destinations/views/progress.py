"""各校进度: how far each school is. Every figure is a link to the list of what it counts; the table is
there as a workbook, too."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.timezone import localtime

from core import audit, spreadsheets
from destinations import progress as figures
from destinations import reports
from schools.access import StaffRequest, staff_view
from schools.current_cohort import year_of


@staff_view("province.progress")
def progress(request: StaffRequest) -> HttpResponse:
    shown = year_of(request)
    year = None if shown is None else shown.year
    schools = figures.progress_by_school(request.user, year) if year is not None else []
    if request.GET.get("export") == "1" and schools:
        return _export(request, year, schools)
    context = {
        "year": year,
        "schools": schools,
        "total": figures.total_progress(schools),
        "base": reports.BASE,
        "basis": reports.BASIS,
        "definitions": _definitions(),
        "at": localtime(timezone.now()),
    }
    return render(request, "destinations/console/progress.html", context)


def _definitions() -> list[tuple[str, str]]:
    return [("去向落实率", reports.definition("employed_rate")), *figures.DEFINITIONS]


_RATES = {"confirmed": "学生已确认", "locked": "已锁定", "registered": "已登记", "approved": "审核通过",
          "employed_rate": "去向落实率"}  # fmt: skip


def _export(
    request: StaffRequest, year: int | None, schools: list[figures.SchoolProgress]
) -> HttpResponse:
    """The table as a workbook, with what its figures mean and when they were counted."""
    heads = ["学校", "生源", "毕业生（N）", "未登记"]
    for label in _RATES.values():
        heads += [f"{label}（人数）", f"{label}（比例）"]
    rows = []
    for row in [*schools, figures.total_progress(schools)]:
        cells: list[object] = [
            row.label,
            *(row.count(k) for k in ("origins", "total", "unregistered")),
        ]
        for key in _RATES:
            cells += [row.count(key), f"{row.percent(key):.2f}%"]
        rows.append(cells)
    above: list[list[object]] = [
        ["各校进度"],
        ["届别", f"{year}届"],
        ["统计时间", localtime(timezone.now()).strftime("%Y-%m-%d %H:%M")],
        ["口径", f"{reports.BASE}{reports.BASIS}"],
    ]
    above += [[name, text] for name, text in _definitions()]
    content = spreadsheets.write(heads, rows, title="各校进度", above=above)
    audit.record(
        "core.export", by=request.user, object_type="progress",
        data={"query": request.GET.urlencode(), "bytes": len(content)},
    )  # fmt: skip
    return spreadsheets.respond(content, "progress")
