"""回访: the calls that were given to somebody, and the page of one call with its script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import django_filters
from django.conf import settings
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import posted, pressed, read_number
from core.lists.html import row_link, text
from core.lists.page import Column, Order, Row
from core.masking import mask_phone
from quality import call_script
from quality.actions import calls as actions
from quality.models import CallBack
from quality.queries import calls_for, calls_to_make
from quality.sample_forms import CallForm, NumberForm
from quality.sample_steps import CALL
from quality.states import CallOutcome, CallState
from schools.access import StaffRequest, staff_view
from schools.lists import StaffListPage

_view = staff_view("quality.call")
_STATES, _OUTCOMES = dict(CallState.choices), dict(CallOutcome.choices)


class CallFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label="状态", choices=CallState.choices)


def _state(row: Row) -> str:
    return f'<span class="state state-{row["state"]}">{_STATES[row["state"]]}</span>'


class CallList(StaffListPage):
    permission = "quality.call"
    leads_to = "console:callback"
    title = "回访"
    tells_waiting = True
    filterset_class = CallFilter
    template_name = "quality/calls.html"
    export_name = "callbacks"
    empty_title = "没有分派给您的回访"
    empty_text = "抽样核查分派给您的毕业生会出现在这里，逐个打开拨打。"
    orders = (Order("place", "分派顺序", ("id",), indexed=True, column="name"),)
    columns: ClassVar = (
        Column("name", "姓名", ("graduate__name", "pk"),
               lambda r: row_link("console:callback", r["pk"], r["graduate__name"]),
               lambda r: r["graduate__name"]),
        Column("registered", "登记的去向", ("registered",),
               lambda r: text(call_script.registered_words(r["registered"])),
               lambda r: call_script.registered_words(r["registered"]), css="wrap"),
        Column("state", "状态", ("state",), _state, lambda r: _STATES[r["state"]]),
        Column("tries", "已拨", ("number_of_tries",), css="right num"),
        Column("outcome", "结果", ("outcome",), lambda r: _OUTCOMES.get(r["outcome"], ""),
               lambda r: _OUTCOMES.get(r["outcome"], "")),
        Column("sample", "抽样", ("sample__name",), css="wide"),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Any]:
        return calls_for(self.user).annotate(number_of_tries=Count("tries"))

    def waiting_rows(self) -> QuerySet[Any]:
        return calls_to_make(self.user)


def _mine(request: StaffRequest, pk: int) -> CallBack:
    rows = calls_for(request.user).select_related(
        "sample", "graduate__department", "graduate__school"
    )
    return get_object_or_404(rows, pk=pk)


@_view
def callback(request: StaffRequest, pk: int) -> HttpResponse:
    found = _mine(request, pk)
    form = CallForm(posted(request), initial={"version": found.version})
    if form.is_valid():
        typed = form.cleaned_data
        try:
            actions.reach(
                call_id=pk, answers=form.answers, outcome=typed["outcome"], note=typed["note"],
                version=typed["version"], by=request.user,
            )  # fmt: skip
            messages.success(request, "已记录。")
            return _next(request, found)
        except DomainError as refusal:
            if refusal.status == 403:
                raise
            form.add_refusal(refusal)
    return _page(request, found, form)


def _page(
    request: StaffRequest, found: CallBack, form: CallForm, number: NumberForm | None = None
) -> HttpResponse:
    may = {step.action for step in CALL.available(found, request.user)}
    context = {
        "call": found,
        "graduate": found.graduate,
        "registered": call_script.registered_words(found.registered),
        "masked": mask_phone(found.new_number or found.graduate.mobile),
        "answers": call_script.in_words(found.answers) if found.answers else [],
        "tries": found.tries.all(),
        "results": {"reach": "已接通", "miss": "无人接听", "refuse": "拒答", "mistake": "号码错误"},
        "may": may,
        "why_not": "" if may else CALL.why_not("reach", found, request.user),
        "form": form,
        "number": number or NumberForm(initial={"version": found.version}),
        "hours": settings.CALL_HOURS,
        "most": actions.MOST_TRIES,
    }
    refused = form.errors or (number is not None and number.errors)
    return render(request, "quality/call.html", context, status=422 if refused else 200)


def _next(request: StaffRequest, found: CallBack) -> HttpResponse:
    """On to the next call of the same sample, or back to the list."""
    following = (
        calls_to_make(request.user).filter(sample=found.sample_id, pk__gt=found.pk).order_by("pk")
    )
    pk = following.values_list("pk", flat=True).first()
    return redirect("console:callback", pk=pk) if pk else redirect("console:callbacks")


@_view
@require_POST
def result(request: StaffRequest, pk: int, action: str) -> HttpResponse:
    """A call that reached nobody."""
    found = _mine(request, pk)
    version = read_number(pressed(request, "version")) or 0
    steps: dict[str, tuple[Callable[..., object], str]] = {
        "miss": (actions.miss, "已记录无人接听。"),
        "refuse": (actions.refuse, "已记录拒答。"),
        "mistake": (actions.mistake, "已记录号码错误。"),
    }
    if action not in steps:
        return redirect("console:callback", pk=pk)
    change, said = steps[action]
    try:
        change(call_id=pk, version=version, by=request.user)
        messages.success(request, said)
    except DomainError as refusal:
        if refusal.status == 403:
            raise
        messages.error(request, refusal.message)
        return redirect("console:callback", pk=pk)
    return _next(request, found)


@_view
@require_POST
def renew(request: StaffRequest, pk: int) -> HttpResponse:
    found = _mine(request, pk)
    form = NumberForm(posted(request))
    if form.is_valid():
        try:
            actions.renew(
                call_id=pk, number=form.cleaned_data["number"],
                version=form.cleaned_data["version"], by=request.user,
            )  # fmt: skip
            messages.success(request, "已登记新号码，请再拨打。")
            return redirect("console:callback", pk=pk)
        except DomainError as refusal:
            if refusal.status == 403:
                raise
            form.add_refusal(refusal)
    return _page(request, found, CallForm(initial={"version": found.version}), form)


@_view
@require_POST
def reveal(request: StaffRequest, pk: int) -> HttpResponse:
    """The number to call, as JSON. It is logged who looked at whose."""
    _mine(request, pk)
    return JsonResponse({"value": actions.reveal_number(call_id=pk, by=request.user)})
