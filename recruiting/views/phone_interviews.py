"""The graduate's pages of interviews: the list, one invitation, and the answers to it."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core.errors import DomainError
from esign.views.phone import post_or_page
from graduates.access import GraduateRequest, graduate_view
from recruiting.actions import interviews
from recruiting.application_steps import INTERVIEW
from recruiting.calendar_file import calendar_response
from recruiting.forms import ReasonForm
from recruiting.models import Interview
from recruiting.states import OPEN_INTERVIEW

_TAB = "services"
_MOST_SHOWN = 100
_DECLINE, _OBJECT = "原因（选填，单位会看到）", "说明情况（单位会看到）"


def _mine(request: GraduateRequest) -> QuerySet[Interview]:
    rows = Interview.objects.select_related("unit", "application__posting", "graduate__person")
    return rows.defer("application__snapshot").filter(graduate=request.graduate)


@graduate_view
def listing(request: GraduateRequest) -> HttpResponse:
    rows = _mine(request).order_by("-starts_at")[:_MOST_SHOWN]
    return render(request, "recruiting/phone/interviews.html", {"rows": rows, "tab": _TAB})


def _own(request: GraduateRequest, pk: int) -> Interview:
    return get_object_or_404(_mine(request), pk=pk)


@graduate_view
def interview(request: GraduateRequest, pk: int) -> HttpResponse:
    return _page(request, _own(request, pk))


def _page(
    request: GraduateRequest,
    interview: Interview,
    *,
    decline: ReasonForm | None = None,
    objection: ReasonForm | None = None,
) -> HttpResponse:
    refused = decline or objection
    context = {
        "interview": interview,
        "may": {step.action for step in INTERVIEW.available(interview, request.user)},
        "clashes": interviews.clashes(interview) if interview.state in OPEN_INTERVIEW else [],
        "declining": decline is not None,
        "decline": decline or ReasonForm(auto_id="decline_%s", label=_DECLINE, star=False),
        "objection": objection or ReasonForm(auto_id="object_%s", label=_OBJECT),
        "tab": _TAB,
    }
    status = refused.status if refused is not None else 200
    return render(request, "recruiting/phone/interview.html", context, status=status)


@graduate_view
@require_POST
def accept(request: GraduateRequest, pk: int) -> HttpResponse:
    _own(request, pk)
    try:
        interviews.accept(interview_id=pk, by=request.user)
        messages.success(request, "已接受，单位现在可以看到您的手机号码。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("interview", pk=pk)


@graduate_view
@post_or_page(_own, "interview")
def decline(request: GraduateRequest, pk: int) -> HttpResponse:
    interview = _own(request, pk)
    form = ReasonForm(request.POST, auto_id="decline_%s", label=_DECLINE, star=False)
    if form.is_valid():
        try:
            interviews.decline(interview_id=pk, reason=form.cleaned_data["reason"], by=request.user)
            messages.success(request, "已谢绝，单位会收到您的答复。")
            return redirect("interview", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, interview, decline=form)


@graduate_view
@post_or_page(_own, "interview")
def object_to(request: GraduateRequest, pk: int) -> HttpResponse:
    interview = _own(request, pk)
    form = ReasonForm(request.POST, auto_id="object_%s", label=_OBJECT)
    if form.is_valid():
        try:
            interviews.object_to(interview_id=pk, text=form.cleaned_data["reason"], by=request.user)
            messages.success(request, "异议已提出，单位会收到消息。")
            return redirect("interview", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, interview, objection=form)


@graduate_view
def ics(request: GraduateRequest, pk: int) -> HttpResponse:
    interview = _own(request, pk)
    return calendar_response(interview, f"面试：{interview.unit.name}")
