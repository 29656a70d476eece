"""帮扶统计, each number a link to the list that it counts, with an export of the same table."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from core import audit, rate, spreadsheets
from core.errors import DomainError
from core.lists.exports import MOST_EXPORTS
from schools.access import StaffRequest, staff_view
from schools.current_cohort import year_of
from support import figures
from support.figures import COUNTS, RATES, Line
from support.queries import PARTS, quotas

_NAME = "support-figures"


@staff_view("support.view")
def support_figures(request: StaffRequest) -> HttpResponse:
    shown = year_of(request)
    offered = figures.groupings(request.user)
    by = next((g for g in offered if g.key == request.GET.get("by")), offered[0])
    problem = ""
    lines: list[Line] = []
    total = Line("合计（每人只计一次）", "")
    if shown is not None:
        lines, total = figures.figures(request.user, shown.year, by)
        if request.GET.get("export") == "1":
            try:
                return _export(request, by.label, [*lines, total])
            except DomainError as refusal:
                problem = refusal.message
    quota = quotas().of(shown.year) if shown is not None else None
    context = {
        "offered": offered,
        "by": by,
        "problem": problem,
        "year": shown.year if shown is not None else None,
        "lines": lines,
        "total": total,
        "counts": COUNTS,
        "rates": RATES,
        "quota": [(c.label, getattr(quota, k)) for k, c in PARTS if quota and getattr(quota, k)],
        "now": timezone.now(),
    }
    return render(request, "support/console/figures.html", context)


def _export(request: StaffRequest, label: str, lines: list[Line]) -> HttpResponse:
    rate.limit(f"export:{request.user.pk}", most=MOST_EXPORTS, seconds=3600)
    header = [label, *(name for name, _, _ in COUNTS), *(f"{name}（%）" for name, *_ in RATES)]
    rows = [[line.label, *(n for n, _ in line.cells), *map(_number, line.rates)] for line in lines]
    content = spreadsheets.write(header, rows, title="帮扶统计")
    audit.record(
        "core.export", by=request.user, object_type=_NAME, school_id=request.staff.school_id,
        data={"query": request.GET.urlencode(), "bytes": len(content)},
    )  # fmt: skip
    return spreadsheets.respond(content, _NAME)


def _number(words: str) -> float | str:
    return float(words.removesuffix("%")) if words.endswith("%") else ""
