"""毕业生简历维护情况: who in the scope has a résumé, and how complete it is. No page here
shows anything of what stands in a résumé."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import (
    BooleanField,
    Count,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime

from core.lists.html import row_link
from core.lists.page import Column, Order, Page, Row
from graduates.models import Graduate
from recruiting import queries
from recruiting.filters import ResumeFilter
from recruiting.models import Application, Interview, Recommendation, RecruitingRules
from recruiting.states import RecommendationState
from schools.access import StaffRequest, staff_view
from schools.current_cohort import year_of
from schools.lists import ConsoleList

_FORMS = dict(RecommendationState.choices)
_COMPLETENESS, _UPDATED = "resume_store__completeness", "resume_store__updated_at"
_NONE = "没有简历"


def _counted(model: Any) -> Coalesce:
    """How many rows of a model each graduate has."""
    rows = model.objects.filter(graduate=OuterRef("pk")).order_by().values("graduate")
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n")), 0)


def _newest_form() -> Subquery:
    forms = Recommendation.objects.filter(graduate=OuterRef("pk")).order_by("-id")
    return Subquery(forms.values("state")[:1])


def _completeness(row: Row) -> str:
    known = row[_COMPLETENESS]
    return f'<span class="state state-off">{_NONE}</span>' if known is None else f"{known}%"


def _completeness_text(row: Row) -> str:
    return _NONE if row[_COMPLETENESS] is None else f"{row[_COMPLETENESS]}%"


def _updated(row: Row) -> str:
    at = row[_UPDATED]
    return localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""


def _intention(row: Row) -> str:
    return "已填写" if row["wants"] else "没有填写"


def _form(row: Row) -> str:
    state = row["form_state"]
    return f'<span class="state state-{state}">{_FORMS[state]}</span>' if state else ""


class ResumeList(ConsoleList):
    leads_to = "console:origin"
    title = "毕业生简历维护情况"
    permission = "recruiting.resumes"
    filterset_class = ResumeFilter
    template_name = "recruiting/console/resumes.html"
    export_name = "resumes"
    selectable = True
    row_key = "id"
    columns: ClassVar = (
        Column("name", "姓名", ("name", "id"),
               lambda r: row_link("console:origin", r["id"], r["name"]), lambda r: r["name"]),
        Column("student_no", "学号", css="mono"),
        Column("department", "院系", ("department__name",), css="wide"),
        Column("school_class", "班级", ("school_class__name",), css="wide"),
        Column("completeness", "完整度", (_COMPLETENESS,), _completeness, _completeness_text, css="num"),
        Column("updated", "简历更新", (_UPDATED,), _updated, _updated, css="num"),
        Column("intention", "求职意向", ("wants",), _intention, _intention),
        Column("deliveries", "投递", ("deliveries",), css="right num"),
        Column("interviews", "面试", ("invited",), css="right num"),
        Column("form", "推荐表", ("form_state",), _form, lambda r: _FORMS.get(r["form_state"], "")),
        Column("major", "专业", ("major_name",), css="wide", optional=True),
    )  # fmt: skip
    orders: ClassVar[Sequence[Order]] = (
        Order("student_no", "学号", ("student_no", "id"), indexed=True, column="student_no"),
        Order("name", "姓名拼音", ("name_sort", "id"), column="name"),
    )

    def all_rows(self) -> QuerySet[Graduate]:
        wants = ExpressionWrapper(Q(intention__isnull=False), BooleanField())
        return Graduate.objects.annotate(
            wants=wants, deliveries=_counted(Application), invited=_counted(Interview),
            form_state=_newest_form(),
        )  # fmt: skip

    def get_context(self, page: Page) -> dict[str, Any]:
        return {"least": RecruitingRules.current().min_completeness}


_view = staff_view("recruiting.resumes")
# The figures of each class: heading, and the filter of the list that a figure leads to.
_FIGURES: tuple[tuple[str, str, str], ...] = (
    ("total", "毕业生", ""), ("with_resume", "有简历", "completeness=any"),
    ("enough", "达到投递要求", "completeness=enough"), ("wants", "有求职意向", "intention=yes"),
    ("applied", "投递过", "applied=yes"),
)  # fmt: skip


@_view
def classes(request: StaffRequest) -> HttpResponse:
    """How many of each class have a résumé, may apply, and have applied. Every figure is a link."""
    shown = year_of(request)
    year = None if shown is None else shown.year
    rows = queries.resumes_by_class(request.user, year) if year is not None else []
    total = {key: sum(row[key] for row in rows) for key, *_ in _FIGURES}
    context = {
        "year": year,
        "least": RecruitingRules.current().min_completeness,
        "figures": _FIGURES,
        "rows": [(row, _cells(row, _of_class(row))) for row in rows],
        "total": _cells(total, ""),
        "several": len(rows) > 1,
    }
    return render(request, "recruiting/console/resume_classes.html", context)


def _of_class(row: dict[str, Any]) -> str:
    return f"department={row['department_id']}&school_class={row['school_class_id']}"


def _cells(row: dict[str, Any], of_class: str) -> list[tuple[int, str]]:
    """(number, query of the list that it counts) of each figure."""
    return [(row[key], "&".join(filter(None, (of_class, wanted)))) for key, _, wanted in _FIGURES]
