"""The staff's pages of sanctions of units and of the units' appeals."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import pressed
from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from recruiting import queries
from recruiting.actions import sanctions
from recruiting.filters import SanctionFilter
from recruiting.models import Sanction
from recruiting.report_forms import AppealAnswerForm
from recruiting.report_steps import APPEAL
from recruiting.states import AppealState, SanctionKind
from schools.access import StaffRequest, staff_view
from schools.lists import StaffListPage

_APPEALS, _KINDS = dict(AppealState.choices), dict(SanctionKind.choices)


def _appeal(row: Row) -> str:
    state = row["appeal_state"]
    return f'<span class="state state-{state}">{_APPEALS[state]}</span>'


class SanctionList(StaffListPage):
    permission = "recruiting.reports"
    leads_to = "console:sanction"
    title = "处理与申诉"
    tells_waiting = True
    filterset_class = SanctionFilter
    empty_title = "没有符合条件的处理"
    empty_text = "举报核查属实后对单位作出的处理和单位的申诉会出现在这里。"
    orders = (Order("newest", "最新", ("id",), descending=True, indexed=True, column="decided_at"),)
    columns: ClassVar = (
        Column("unit", "单位", ("unit__name", "pk"),
               lambda r: row_link("console:sanction", r["pk"], r["unit__name"]), css="wide"),
        Column("kind", "处理", ("kind",), lambda r: _KINDS[r["kind"]]),
        Column("until", "期限至", ("until",), css="num"),
        Column("decided_at", "处理时间", ("decided_at",),
               lambda r: localtime(r["decided_at"]).strftime("%Y-%m-%d %H:%M"), css="num"),
        Column("decided_by", "处理人", ("decided_by",)),
        Column("appeal", "申诉", ("appeal_state",), _appeal),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Sanction]:
        return queries.sanctions_for(self.user)


_sanction_view = staff_view("recruiting.reports")


def _sanction(request: StaffRequest, pk: int) -> Sanction:
    rows = queries.sanctions_for(request.user).select_related("unit")
    return get_object_or_404(rows, pk=pk)


@_sanction_view
def sanction(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _sanction(request, pk), AppealAnswerForm())


def _page(request: StaffRequest, shown: Sanction, form: AppealAnswerForm) -> HttpResponse:
    context = {
        "sanction": shown,
        "reports": queries.reports_for(request.user).filter(sanction=shown).order_by("pk"),
        "may": {step.action for step in APPEAL.available(shown, request.user)},
        "own_decision": shown.decided_by_id == request.user.pk,
        "form": form,
    }
    return render(request, "recruiting/console/sanction.html", context, status=form.status)


@_sanction_view
@require_POST
def answer(request: StaffRequest, pk: int) -> HttpResponse:
    """Keep or revoke the sanction, as the pressed button says."""
    shown, form = _sanction(request, pk), AppealAnswerForm(request.POST)
    revokes = pressed(request, "do") == "revoke"
    if form.is_valid():
        take = sanctions.revoke if revokes else sanctions.keep
        try:
            take(sanction_id=pk, answer=form.cleaned_data["answer"], by=request.user)
            done = "处理已撤销，已告知单位。" if revokes else "处理维持，已告知单位。"
            messages.success(request, done)
            return redirect("console:sanction", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
            shown = _sanction(request, pk)
    return _page(request, shown, form)
