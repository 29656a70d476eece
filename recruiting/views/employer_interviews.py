"""The unit's pages of interviews: invite, move, cancel, note who came, and judge."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import posted, pressed
from employers.access import EmployerRequest, employer_view, find_in_units
from employers.models import UnitMember
from recruiting import queries
from recruiting.actions import interviews, unit_applications
from recruiting.application_steps import INTERVIEW
from recruiting.calendar_file import calendar_response
from recruiting.forms import BulkForm, InterviewForm, ReasonForm, ResultForm
from recruiting.models import Interview
from recruiting.views.employer_applications import (
    TAB,
    own_application,
    picked_applications,
    result_page,
)

_TERMS = ("way", "minutes", "place", "link", "contact_name", "contact_phone", "note")
_CANCEL = "取消原因（毕业生会看到）"
_RELATED = ("graduate__person", "application__posting", "unit", "member__user")


@employer_view
def new(request: EmployerRequest, pk: int) -> HttpResponse:
    """Invite the applicant to the next round."""
    application = own_application(request, pk)
    initial = {"contact_name": request.member.name, "minutes": 30}
    form = InterviewForm(posted(request), initial=initial)
    if form.is_valid():
        try:
            interviews.invite(application_id=pk, typed=form.typed, by=request.member)
            messages.success(request, "面试邀请已发出，毕业生会收到消息。")
            return redirect("employer-application", pk=pk)
        except DomainError as refusal:
            form.add_terms_refusal(refusal)
    context = {"application": application, "form": form, "tab": TAB}
    return render(request, "recruiting/employer/interview_new.html", context, status=form.status)


@employer_view
@require_POST
def new_for_many(request: EmployerRequest) -> HttpResponse:
    """Invite the ticked applicants to an interview on the same terms. The list's button leads here
    without terms; each application is then answered by itself."""
    ticked = BulkForm(request.POST)
    ticked.full_clean()
    picked = picked_applications(request, ticked)
    if not picked:
        messages.error(request, "没有选择任何投递，请先勾选。")
        return redirect("employer-applications")
    sent = pressed(request, "do") == "send"
    initial = {"contact_name": request.member.name, "minutes": 30}
    form = InterviewForm(request.POST if sent else None, initial=initial)
    if form.is_valid():
        try:
            typed = form.typed
            interviews.check_terms(typed)  # what is wrong with the terms stands beside them
            answers = unit_applications.each(
                applications=picked, done="已邀请面试",
                take=lambda pk: interviews.invite(application_id=pk, typed=typed, by=request.member),
            )  # fmt: skip
            return result_page(request, answers)
        except DomainError as refusal:
            form.add_terms_refusal(refusal)
    context = {"picked": picked, "form": form, "tab": TAB}
    return render(request, "recruiting/employer/interviews_new.html", context, status=form.status)


def _own(request: EmployerRequest, pk: int) -> Interview:
    """The interview with this id of one of the person's units; otherwise a 404."""

    def visible(member: UnitMember) -> QuerySet[Interview]:
        rows = queries.interviews_of(member).select_related(*_RELATED)
        return rows.defer("application__snapshot")

    return find_in_units(request, pk, visible)


@employer_view
def interview(request: EmployerRequest, pk: int) -> HttpResponse:
    return _page(request, _own(request, pk))


def _page(request: EmployerRequest, interview: Interview, **shown: Any) -> HttpResponse:
    """The page of an interview. `shown` is the form that was refused, if one was."""
    start = timezone.localtime(interview.starts_at)
    initial = {name: getattr(interview, name) for name in _TERMS}
    initial |= {"day": start.date(), "time": f"{start:%H:%M}"}
    forms = {
        "move": InterviewForm(initial=initial, auto_id="move_%s"),
        "cancel": ReasonForm(auto_id="cancel_%s", label=_CANCEL),
        "judge": ResultForm(initial={"result": interview.result}),
    } | shown
    context = {
        "interview": interview,
        "may": {step.action for step in INTERVIEW.available(interview, request.user)},
        "readable": unit_applications.may_read_resume(interview.application),
        "refused": next(iter(shown), ""),
        **forms,
        "tab": TAB,
    }
    status = max([form.status for form in shown.values()], default=200)
    return render(request, "recruiting/employer/interview.html", context, status=status)


@employer_view
@require_POST
def move(request: EmployerRequest, pk: int) -> HttpResponse:
    interview, form = _own(request, pk), InterviewForm(request.POST, auto_id="move_%s")
    if form.is_valid():
        try:
            moved = interviews.move(interview_id=pk, typed=form.typed, by=request.member)
            messages.success(request, "已改期，毕业生会收到消息并重新答复。")
            return redirect("employer-interview", pk=moved.pk)
        except DomainError as refusal:
            form.add_terms_refusal(refusal)
    return _page(request, interview, move=form)


@employer_view
@require_POST
def cancel(request: EmployerRequest, pk: int) -> HttpResponse:
    interview = _own(request, pk)
    form = ReasonForm(request.POST, auto_id="cancel_%s", label=_CANCEL)
    if form.is_valid():
        try:
            interviews.cancel(
                interview_id=pk, reason=form.cleaned_data["reason"], by=request.member
            )
            messages.success(request, "面试已取消，毕业生会收到消息。")
            return redirect("employer-interview", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, interview, cancel=form)


@employer_view
@require_POST
def attendance(request: EmployerRequest, pk: int) -> HttpResponse:
    """Note whether the graduate came. A POST that says neither changes nothing."""
    _own(request, pk)
    came = {"yes": True, "no": False}.get(pressed(request, "came"))
    if came is None:
        messages.error(request, "请选择已面试或未到。")
        return redirect("employer-interview", pk=pk)
    try:
        interviews.note_attendance(interview_id=pk, came=came, by=request.member)
        messages.success(request, "已登记。" if came else "已登记未到，毕业生可以提出异议。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("employer-interview", pk=pk)


@employer_view
@require_POST
def result(request: EmployerRequest, pk: int) -> HttpResponse:
    interview, form = _own(request, pk), ResultForm(request.POST)
    if form.is_valid():
        try:
            interviews.judge(interview_id=pk, result=form.cleaned_data["result"], by=request.member)
            messages.success(request, "面试结果已登记，毕业生会收到消息。")
            return redirect("employer-interview", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    return _page(request, interview, judge=form)


@employer_view
def ics(request: EmployerRequest, pk: int) -> HttpResponse:
    interview = _own(request, pk)
    return calendar_response(interview, f"面试：{interview.graduate.name}")
