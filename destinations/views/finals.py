"""The final confirmation (最终信息确认): the graduate's page, and the console's list, tally and answers."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import CharField, Count, DateTimeField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from accounts.throttle import client_address
from core.errors import DomainError
from core.forms import posted, pressed
from core.lists.html import row_link, text
from core.lists.page import Column, Order, Page, Row
from destinations import final
from destinations.actions import final as actions
from destinations.filters import FinalFilter
from destinations.final_steps import FINAL, STATE_LABELS, WAITING
from destinations.final_words import TITLES
from destinations.forms import AnswerForm, DoubtForm
from destinations.models import FinalConfirmation, FinalRound
from destinations.models.final import LIVE_FINAL
from destinations.states import FinalState
from graduates.access import GraduateRequest, graduate_view
from graduates.models import Graduate
from graduates.states import Standing
from schools.access import StaffRequest, staff_view
from schools.current_cohort import cohort_ids, year_of
from schools.lists import ConsoleList
from schools.models import Cohort
from schools.scope import visible_to

_COLOURS = {
    WAITING: "pending", FinalState.CONFIRMED: "ok", FinalState.DOUBT: "bad", FinalState.LAPSED: "off",
}  # fmt: skip


# --- the graduate's page -------------------------------------------------------------------------


@graduate_view
def own(request: GraduateRequest) -> HttpResponse:
    """The four parts, and the buttons to confirm them or to say what is not right."""
    doubting = pressed(request, "do") == "doubt"
    form = DoubtForm(posted(request) if doubting else None)
    if request.method == "POST":
        said: dict[str, Any] = {
            "by": request.user, "device": request.headers.get("User-Agent", ""),
            "address": client_address(request),
        }  # fmt: skip
        try:
            if not doubting:
                actions.confirm(
                    graduate_id=request.graduate.pk, digest=pressed(request, "digest"), **said
                )
                messages.success(request, "已确认。信息有变动时，会请您重新确认。")
                return redirect("final")
            if form.is_valid():
                actions.doubt(graduate_id=request.graduate.pk, **form.cleaned_data, **said)
                messages.success(request, "已提交，老师答复后会通知您。")
                return redirect("final")
        except DomainError as refusal:
            if doubting:
                form.add_refusal(refusal)
            else:
                messages.error(request, refusal.message)
                return redirect("final")
    case = actions.case_of(actions.destinations().get(pk=request.graduate.pk))
    parts = final.parts_of(case.destination)
    newest = FinalConfirmation.objects.filter(graduate=request.graduate).order_by("-id").first()
    context = {
        "case": case, "parts": parts, "digest": final.digest_of(parts), "row": case.row,
        "changed_since": case.row is not None and case.row.hashes != final.hashes_of(parts),
        "lapsed": newest if case.row is None else None,
        "changed_titles": [TITLES[k] for k in newest.changed] if newest else [],
        "last_day": request.graduate.cohort.ends_on,
        "why_not": FINAL.why_not("confirm", case, request.user),
        "may_doubt": FINAL.can("doubt", case, request.user),
        "form": form, "promise": final.PROMISE, "tab": "register",
    }  # fmt: skip
    return render(request, "destinations/phone/final.html", context, status=form.status)


# --- the console -----------------------------------------------------------------------------------


def with_final(rows: QuerySet[Graduate]) -> QuerySet[Any]:
    """Graduates with `final_state` and what stands in the newest row: "waiting" if there is none."""
    newest = FinalConfirmation.objects.filter(graduate=OuterRef("pk")).order_by("-id")
    waiting = Value(WAITING, CharField())
    return rows.annotate(
        final_state=Coalesce(Subquery(newest.values("state")[:1]), waiting),
        final_at=Subquery(newest.values("said_at")[:1], output_field=DateTimeField()),
        final_doubt=Coalesce(Subquery(newest.values("doubt")[:1]), Value("")),
        final_part=Coalesce(Subquery(newest.values("part")[:1]), Value("")),
    )


def _state(row: Row) -> str:
    state = row["final_state"]
    return f'<span class="state state-{_COLOURS[state]}">{STATE_LABELS[state]}</span>'


def _at(row: Row) -> str:
    return f"{localtime(row['final_at']):%Y-%m-%d %H:%M}" if row["final_at"] else ""


def _doubt(row: Row) -> str:
    if row["final_state"] != FinalState.DOUBT:
        return ""
    return f"{TITLES.get(row['final_part'], '')}：{row['final_doubt']}"


class FinalList(ConsoleList):
    leads_to = "console:final"
    title = "最终信息确认"
    permission = "destinations.view"
    filterset_class = FinalFilter
    template_name = "destinations/console/finals.html"
    export_name = "final-confirmations"
    export_permission = "destinations.export"
    tells_waiting = True
    columns: ClassVar = (
        Column("name", "姓名", ("name", "id"),
               lambda r: row_link("console:final", r["id"], r["name"]), lambda r: r["name"]),
        Column("student_no", "学号", css="mono"),
        Column("department", "院系", ("department__name",), css="wide"),
        Column("school_class", "班级", ("school_class__name",), css="wide"),
        Column("state", "确认情况", ("final_state",), _state, lambda r: STATE_LABELS[r["final_state"]]),
        Column("at", "时间", ("final_at",), _at, _at, css="num"),
        Column("doubt", "疑问", ("final_state", "final_part", "final_doubt"),
               lambda r: text(_doubt(r)), _doubt, css="wrap"),
    )  # fmt: skip
    orders: ClassVar = (
        Order("student_no", "学号", ("student_no", "id"), indexed=True, column="student_no"),
        Order("name", "姓名拼音", ("name_sort", "id"), column="name"),
    )

    def all_rows(self) -> QuerySet[Any]:
        return with_final(Graduate.objects.filter(standing=Standing.ENROLLED))

    def get_context(self, page: Page) -> dict[str, Any]:
        return _opening(self.request)  # type: ignore[arg-type]


def _opening(request: StaffRequest) -> dict[str, Any]:
    """Whether the confirmation of the year that the page is about is open in the person's school."""
    shown, school = year_of(request), request.staff.school
    if shown is None or school is None:
        return {"cohort": None}
    cohort = Cohort.objects.filter(school=school, year=shown.year).first()
    opening = FinalRound.objects.filter(cohort=cohort).first() if cohort else None
    return {
        "cohort": cohort,
        "opening": opening,
        "may_open": cohort is not None and request.user.has_perm(actions.OPEN_PERMISSION),
    }


@staff_view(actions.OPEN_PERMISSION)
@require_POST
def open_round(request: StaffRequest, pk: int) -> HttpResponse:
    cohort = get_object_or_404(Cohort, pk=pk, school=request.staff.school)
    try:
        actions.open_round(cohort_id=cohort.pk, by=request.user)
        messages.success(request, f"{cohort}的最终信息确认已开放，毕业生在首页看到。")
    except DomainError as refusal:
        if refusal.status == 403:
            raise
        messages.error(request, refusal.message)
    return redirect("console:finals")


_FIGURES: tuple[tuple[str, str], ...] = (
    ("total", "毕业生"), (WAITING, "待确认"), (FinalState.CONFIRMED, "已确认"),
    (FinalState.DOUBT, "有疑问"), (FinalState.LAPSED, "已失效"),
)  # fmt: skip


@staff_view("destinations.view")
def classes(request: StaffRequest) -> HttpResponse:
    """How far each class is. Every figure is a link to the list of whom it counts."""
    shown = year_of(request)
    year = None if shown is None else shown.year
    rows: list[Any] = []
    if year is not None:
        graduates = visible_to(Graduate.objects.filter(standing=Standing.ENROLLED), request.user)
        counts = {
            state: Count("pk", filter=Q(final_state=state))
            for state, _ in _FIGURES
            if state != "total"
        }
        grouped = with_final(graduates.filter(cohort_id__in=cohort_ids(request.user, year))).values(
            "department_id", "school_class_id", "department__name", "school_class__name"
        )
        rows = list(
            grouped.annotate(total=Count("pk"), **counts).order_by(
                "department__name", "school_class__name", "school_class_id"
            )
        )
    total = {key: sum(row[key] for row in rows) for key, _ in _FIGURES}
    context = {
        "year": year,
        "labels": [label for _, label in _FIGURES],
        "rows": [
            (
                row,
                _cells(
                    row, f"&department={row['department_id']}&school_class={row['school_class_id']}"
                ),
            )
            for row in rows
        ],
        "total": _cells(total, ""),
        "several": len(rows) > 1,
    }
    return render(request, "destinations/console/final_classes.html", context)


def _cells(counts: dict[str, int], of_class: str) -> list[tuple[int, str]]:
    """(number, query of the list that it counts) of each figure."""
    return [
        (counts[key], of_class + ("" if key == "total" else f"&state={key}")) for key, _ in _FIGURES
    ]


@staff_view("destinations.view")
def page(request: StaffRequest, pk: int) -> HttpResponse:
    """What a graduate said, each time; and the answer to a doubt."""
    graduate = get_object_or_404(
        visible_to(Graduate.objects.select_related("department", "school_class"), request.user),
        pk=pk,
    )
    case = actions.case_of(actions.destinations().get(pk=graduate.pk))
    may_answer = FINAL.can("answer", case, request.user) and request.user.has_perm(
        actions.ANSWER_PERMISSION
    )
    form = AnswerForm(posted(request))
    if form.is_valid():
        try:
            actions.answer(graduate_id=graduate.pk, by=request.user, **form.cleaned_data)
            messages.success(request, "已答复，毕业生会收到消息，并请其重新确认。")
            return redirect("console:final", pk=pk)
        except DomainError as refusal:
            if refusal.status == 403:
                raise
            form.add_refusal(refusal)
    rows = FinalConfirmation.objects.filter(graduate=graduate).order_by("-id")[:20]
    context = {
        "graduate": graduate,
        "state": STATE_LABELS[case.row.state if case.row else WAITING],
        "badge": _COLOURS[case.row.state if case.row else WAITING],
        "said": [(row, TITLES.get(row.part, ""), [TITLES[k] for k in row.changed]) for row in rows],
        "doubts": case.row is not None and case.row.state in LIVE_FINAL and bool(case.row.doubt),
        "may_answer": may_answer,
        "form": form,
    }
    return render(request, "destinations/console/final.html", context, status=form.status)
