"""The staff's pages of reports of units: the list, and the examination of one report.

The pages show the school and what was written. Who reported is shown by a click alone, which is logged.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core import audit, files
from core.errors import DomainError
from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from recruiting import queries
from recruiting.actions import reports
from recruiting.filters import ReportFilter
from recruiting.models import UnitReport
from recruiting.report_forms import DismissForm, UpholdForm
from recruiting.report_steps import REPORT
from recruiting.states import OPEN_REPORT, ReportReason, ReportState
from recruiting.unit_standing import sanctions_in_force
from schools.access import StaffRequest, staff_view
from schools.lists import StaffListPage

_STATES, _REASONS = dict(ReportState.choices), dict(ReportReason.choices)


def _state(row: Row) -> str:
    late = row["state"] in OPEN_REPORT and row["due_on"] < timezone.localdate()
    flag = ' <span class="state state-bad">已逾期</span>' if late else ""
    return f'<span class="state state-{row["state"]}">{_STATES[row["state"]]}</span>{flag}'


class ReportList(StaffListPage):
    permission = "recruiting.reports"
    leads_to = "console:unit-report"
    title = "单位举报"
    tells_waiting = True
    filterset_class = ReportFilter
    empty_title = "没有符合条件的举报"
    empty_text = "毕业生举报用人单位后会出现在这里，5个工作日内答复。"
    orders = (
        Order("newest", "最新", ("id",), descending=True, indexed=True, column="created_at"),
        Order("due", "最先到期", ("due_on", "id"), column="due_on"),
    )
    columns: ClassVar = (
        Column("reason", "举报事项", ("reason", "pk"),
               lambda r: row_link("console:unit-report", r["pk"], _REASONS[r["reason"]]), css="wide"),
        Column("unit", "单位", ("unit__name",), css="wide"),
        Column("school", "举报人学校", ("school__name",), css="wide"),
        Column("state", "状态", ("state", "due_on"), _state),
        Column("created_at", "举报时间", ("created_at",),
               lambda r: localtime(r["created_at"]).strftime("%Y-%m-%d %H:%M"), css="num"),
        Column("due_on", "答复期限", ("due_on",), css="num"),
        Column("decided_by", "处理人", ("decided_by",)),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[UnitReport]:
        return queries.reports_for(self.user)


_examiner_view = staff_view("recruiting.reports")


def _report(request: StaffRequest, pk: int) -> UnitReport:
    """A report that this person examines; otherwise a 404."""
    rows = queries.reports_for(request.user)
    return get_object_or_404(
        rows.select_related("unit", "school", "posting", "examined_by_school", "sanction"), pk=pk
    )


@_examiner_view
def report(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _report(request, pk))


def _page(
    request: StaffRequest,
    report: UnitReport,
    *,
    uphold: UpholdForm | None = None,
    dismiss: DismissForm | None = None,
) -> HttpResponse:
    refused = uphold or dismiss
    others = queries.reports_for(request.user).filter(unit=report.unit_id).exclude(pk=report.pk)
    context = {
        "report": report,
        "images": report.images.order_by("pk"),
        "may": {step.action for step in REPORT.available(report, request.user)},
        "late": report.state in OPEN_REPORT and report.due_on < timezone.localdate(),
        "others": others.order_by("-pk")[:10],
        "in_force": sanctions_in_force().filter(unit=report.unit_id),
        "form": refused,
        "uphold": uphold or UpholdForm(),
        "dismiss": dismiss or DismissForm(),
    }
    status = refused.status if refused is not None else 200
    return render(request, "recruiting/console/unit_report.html", context, status=status)


@_examiner_view
@require_POST
def begin(request: StaffRequest, pk: int) -> HttpResponse:
    _report(request, pk)
    try:
        reports.begin(report_id=pk, by=request.user)
        messages.success(request, "已开始核查，已告知举报人。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("console:unit-report", pk=pk)


@_examiner_view
@require_POST
def uphold(request: StaffRequest, pk: int) -> HttpResponse:
    shown, form = _report(request, pk), UpholdForm(request.POST)
    if form.is_valid():
        try:
            reports.uphold(report_id=pk, by=request.user, **form.cleaned_data)
            messages.success(request, "已按属实处理，已告知举报人和单位。")
            return redirect("console:unit-report", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
            shown = _report(request, pk)
    return _page(request, shown, uphold=form)


@_examiner_view
@require_POST
def dismiss(request: StaffRequest, pk: int) -> HttpResponse:
    shown, form = _report(request, pk), DismissForm(request.POST)
    if form.is_valid():
        try:
            reports.dismiss(report_id=pk, by=request.user, **form.cleaned_data)
            messages.success(request, "已按不属实办结，已告知举报人。")
            return redirect("console:unit-report", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
            shown = _report(request, pk)
    return _page(request, shown, dismiss=form)


@_examiner_view
@require_POST
def reveal(request: StaffRequest, pk: int) -> HttpResponse:
    """Who reported, as JSON. It is logged who looked."""
    report = _report(request, pk)
    graduate = report.graduate
    audit.record("recruiting.reveal_reporter", by=request.user, obj=report)
    return JsonResponse({"value": f"{graduate.name} {graduate.student_no} {graduate.mobile}"})


@_examiner_view
def picture(request: StaffRequest, pk: int, image: int) -> HttpResponseBase:
    """A picture of the evidence."""
    rows = _report(request, pk).images.select_related("file")
    return files.respond(get_object_or_404(rows, pk=image).file)
