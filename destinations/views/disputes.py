"""Pages about disputes: graduates raise and appeal, the school or the province settles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import posted, pressed
from core.lists.html import row_link
from core.lists.page import Column, Order, Row
from destinations.actions import dispute
from destinations.catalogue import catalogue
from destinations.dispute_steps import DISPUTE_STEPS
from destinations.dispute_words import GRADUATE, dispute_state
from destinations.fields import ALL, form_label
from destinations.forms import DisputeForm, SettleForm
from destinations.models import Dispute, DisputeState
from destinations.states import State
from graduates.access import GraduateRequest, graduate_view
from graduates.filters import GraduateFilter
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList
from schools.scope import visible_to

_STATE = dict(DisputeState.choices)


@graduate_view
def raise_page(request: GraduateRequest) -> HttpResponse:
    form = DisputeForm(posted(request))
    if form.is_valid():
        try:
            dispute.raise_dispute(
                graduate_id=request.graduate.pk, by=request.user, **form.cleaned_data
            )
            messages.success(request, "已提出异议，学校会在五个工作日内处理。")
            return redirect("destination")
        except DomainError as refusal:
            form.add_refusal(refusal)
    newest = dispute.newest_dispute(request.graduate.pk)
    context = {
        "dispute": newest,
        "state_words": dispute_state(newest.state, GRADUATE) if newest is not None else "",
        "may_appeal": newest is not None and dispute.can_appeal(newest),
        "form": form,
        "tab": "register",
    }
    return render(request, "destinations/phone/dispute.html", context, status=form.status)


@graduate_view
@require_POST
def appeal(request: GraduateRequest) -> HttpResponse:
    newest = dispute.newest_dispute(request.graduate.pk)
    if newest is None:
        return redirect("dispute")
    dispute.appeal(dispute=newest, by=request.user)
    messages.success(request, "已向省级申诉。")
    return redirect("dispute")


class DisputeFilter(GraduateFilter):
    path = "graduate__"
    unit_name = "graduate__destination__unit_name"

    state = django_filters.ChoiceFilter(label="状态", choices=DisputeState.choices)


def _name(row: Row) -> str:
    return row_link("console:dispute", row["pk"], row["graduate__name"])


def _badge(row: Row) -> str:
    colour = "pending" if DISPUTE_STEPS.allows("settle", row["state"]) else "ok"
    return f'<span class="state state-{colour}">{_STATE[row["state"]]}</span>'


class DisputeList(ConsoleList):
    leads_to = "console:dispute"
    title = "去向异议"
    permission = "destinations.view"
    graduate_path = "graduate"
    tells_waiting = True
    filterset_class = DisputeFilter
    export_name = "disputes"
    empty_title = "没有异议"
    empty_text = "毕业生提出“这不是我的去向”后会出现在这里。"
    columns = (
        Column("name", "姓名", ("graduate__name", "pk"), _name, lambda r: r["graduate__name"]),
        Column("student_no", "学号", ("graduate__student_no",), css="mono"),
        Column("department", "院系", ("graduate__department__name",), css="wide"),
        Column("reason", "说明", ("reason",), css="wide"),
        Column("due_on", "应办日期", ("due_on",), css="num"),
        Column("state", "状态", ("state",), _badge, lambda r: _STATE[r["state"]]),
        Column("decided_by", "处理人", ("decided_by",)),
    )
    orders: ClassVar[Sequence[Order]] = (
        Order("newest", "最近提出", ("pk",), descending=True),
        Order("due", "应办日期", ("due_on", "pk"), column="due_on"),
    )

    def all_rows(self) -> QuerySet[Dispute]:
        return Dispute.objects.all()


def _visible_dispute(request: StaffRequest, pk: int) -> Dispute:
    rows = Dispute.objects.select_related("graduate__cohort", "graduate__department")
    return get_object_or_404(visible_to(rows, request.user, graduate="graduate"), pk=pk)


@staff_view("destinations.view")
def page(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, _visible_dispute(request, pk))


def _form(disputed: dict[str, Any]) -> str:
    """The local form in words. Older snapshots do not say whether the destination was e-signed, so
    nothing is said of them."""
    if "agreement_no" not in disputed:
        return ""
    return form_label(disputed["form"], disputed["agreement_no"])


def _page(request: StaffRequest, row: Dispute, form: SettleForm | None = None) -> HttpResponse:
    """The dispute, the destination as it was when the dispute was raised, and the form."""
    form = form or SettleForm()
    disputed = row.snapshot
    names, state = catalogue().names, disputed.get("state", "")
    shown = [
        ("毕业去向", names.get(disputed.get("category", ""), "")),
        ("形式", _form(disputed)),
        ("审核情况", State(state).label if state in State.values else ""),
        *((f.label, f.show(disputed.get(f.key))) for f in ALL),
    ]
    is_open = dispute.is_open(row)
    context = {
        "row": row,
        "state_words": dispute_state(row.state, request.staff.role_level),
        "shown": [(label, words) for label, words in shown if words],
        "badge": "pending" if is_open else "ok",
        "open": is_open,
        "why_not": dispute.why_not(row, request.user) if is_open else "",
        "form": form,
    }
    return render(request, "destinations/console/dispute.html", context, status=form.status)


@staff_view("destinations.settle")
@require_POST
def settle(request: StaffRequest, pk: int) -> HttpResponse:
    row = _visible_dispute(request, pk)
    form, upheld = SettleForm(request.POST), pressed(request, "do") == "uphold"
    if not form.is_valid():
        return _page(request, row, form)
    try:
        dispute.settle(dispute=row, upheld=upheld, by=request.user, **form.cleaned_data)
    except DomainError as refusal:
        form.add_refusal(refusal)
        return _page(request, row, form)
    messages.success(request, "异议已处理，毕业生会收到消息。")
    return redirect("console:disputes")
