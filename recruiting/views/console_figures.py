"""招聘统计 by school: postings and their review, applications and answers, interviews, offers, and
agreements by the way they came about; with an export of the same table."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from core import audit, rate, spreadsheets
from core.errors import DomainError
from core.lists.exports import MOST_EXPORTS
from recruiting.figure_forms import FiguresForm
from recruiting.school_figures import WAYS, Figures, SchoolRow, figures
from schools.access import StaffRequest, staff_view
from schools.current_cohort import year_of, years_of
from schools.scope import scope_of

Columns = tuple[tuple[str, str], ...]

_NAME = "recruiting-figures"
# Heading of each column of numbers, and its key; the two shares stand after what they are shares of.
_RECRUITING = (
    ("提交审核", "submitted"), ("已发布", "published"), ("待审核", "waiting"),
    ("2个工作日内审核", "review_share"), ("投递", "delivered"), ("已查看", "opened"),
    ("已答复", "answered"), ("逾期未回复", "lapsed"), ("回复率", "answer_share"),
    ("面试邀请", "interviews"), ("签约邀约", "offers"),
)  # fmt: skip
_SIGNING = (*((label, key) for key, label in WAYS), ("网签合计", "signed"))
_SHARES = ("review_share", "answer_share")
_OF_POSTINGS = ("submitted", "published", "waiting", "review_share")


@staff_view("recruiting.figures")
def school_figures(request: StaffRequest) -> HttpResponse:
    form = FiguresForm(request.GET or None, years=years_of(request.user), kept=year_of(request))
    found = None
    if not form.is_bound or form.is_valid():
        found = figures(request.user, **form.wanted)
        if request.GET.get("export") == "1":
            try:
                return _export(request, found)
            except DomainError as refusal:
                form.add_refusal(refusal)
    scope = scope_of(request.user)
    context = {
        "form": form,
        "tables": _tables(found) if found is not None else [],
        "query": urlencode({k: v for k, v in request.GET.items() if k != "export"}),
        "whole": scope is not None and (scope.everything or scope.whole_school),
    }
    return render(request, "recruiting/console/school_figures.html", context, status=form.status)


def _rows(found: Figures) -> list[SchoolRow]:
    return [found.province, *found.schools, found.total]


def _tables(found: Figures) -> list[dict[str, Any]]:
    """The two tables of the page. The row of the whole province has postings alone."""
    several = len(found.schools) > 1
    return [
        {
            "title": title,
            "labels": [label for label, _ in columns],
            "rows": [(row.label, _cells(row, columns)) for row in rows],
        }
        for title, columns, rows in (
            ("职位、投递和邀约", _RECRUITING, _rows(found)),
            ("网签按方式", _SIGNING, [*found.schools, *([found.total] if several else [])]),
        )
    ]


def _cells(row: SchoolRow, columns: Columns) -> list[str]:
    """The words of each column."""
    return [
        "" if row.school_id == 0 and key not in _OF_POSTINGS else _words(row, key)
        for _, key in columns
    ]


def _words(row: SchoolRow, key: str) -> str:
    if key in _SHARES:
        share = row.review_share if key == "review_share" else row.answer_share
        return "—" if share is None else f"{share:g}%"
    return str(row.signed if key == "signed" else row[key])


def _export(request: StaffRequest, found: Figures) -> HttpResponse:
    """The table as a workbook, shares as numbers in percent."""
    rate.limit(f"export:{request.user.pk}", most=MOST_EXPORTS, seconds=3600)
    columns = (*_RECRUITING, *_SIGNING)
    header = ["学校", *(f"{label}（%）" if key in _SHARES else label for label, key in columns)]
    lines = [[row.label, *map(_to_write, _cells(row, columns))] for row in _rows(found)]
    content = spreadsheets.write(header, lines, title="招聘统计")
    audit.record(
        "core.export", by=request.user, object_type=_NAME, school_id=request.staff.school_id,
        data={"query": request.GET.urlencode(), "bytes": len(content)},
    )  # fmt: skip
    return spreadsheets.respond(content, _NAME)


def _to_write(words: str) -> Any:
    number = words.removesuffix("%")
    return float(number) if "." in number else int(number) if number.isdigit() else ""
