"""逾期重新开放: find the record, then open it to a date."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from codes import text
from core.errors import DomainError
from core.models import Event
from graduates.actions import reopen as actions
from graduates.models import Graduate
from graduates.views.origin import graduate_or_404
from schools import forms, options
from schools.access import StaffRequest, staff_view
from schools.forms import Errors, FormField
from schools.models import Phase
from schools.scope import visible_to
from schools.views.own import do

_FIELDS = (
    FormField("until", "开放至", "date", hint=f"含当天, 最多{actions.MOST_DAYS}天。"),
    FormField("reason", "原因", "long", max_length=200),
)


@staff_view("province.schools")
def find(request: StaffRequest) -> HttpResponse:
    """School and student number name one record; its page has the form."""
    typed = {key: request.GET.get(key, "").strip() for key in ("school", "student_no")}
    errors: Errors = {}
    if typed["school"] or typed["student_no"]:
        found = _find(request, typed)
        if found is not None:
            return redirect("console:reopen", pk=found.pk)
        errors["student_no"] = ["此学校没有这个学号, 请核对。"]
    fields = (
        FormField("school", "学校", choices=options.school_options(request.user)),
        FormField("student_no", "学号", max_length=20),
    )
    context = {"items": forms.items(fields, typed, errors), "errors": errors}
    page = "graduates/console/reopen_find.html"
    return render(request, page, context, status=422 if errors else 200)


def _find(request: StaffRequest, typed: dict[str, str]) -> Graduate | None:
    rows = visible_to(Graduate.objects.all(), request.user)
    return rows.filter(
        school_id=forms.read_number(typed["school"]) or 0,
        student_no=text.clean_code(typed["student_no"]),
    ).first()


@staff_view("province.schools")
def reopen(request: StaffRequest, pk: int) -> HttpResponse:
    graduate = graduate_or_404(request, pk)
    typed: dict[str, Any] = {"until": graduate.reopened_until}
    errors: Errors = {}
    if request.method == "POST":
        typed = request.POST.dict()
        try:
            until = forms.read_date(typed.get("until", ""), "until")
            reason = typed.get("reason", "")
            actions.reopen(graduate_id=pk, until=until, reason=reason, by=request.user)
            messages.success(request, f"已重新开放至 {until}。")
            return redirect("console:reopen", pk=pk)
        except DomainError as refusal:
            errors = forms.errors_of(refusal)
    events = Event.objects.filter(
        object_type="graduate",
        object_id=pk,
        action__in=("graduates.reopen", "graduates.end_reopening"),
    )
    context = {
        "graduate": graduate,
        "may": graduate.cohort.phase() == Phase.ENDED,
        "open_now": _is_open(graduate),
        "items": forms.items(_FIELDS, typed, errors),
        "events": events.order_by("-id")[:20],
        "errors": errors,
    }
    page = "graduates/console/reopen.html"
    return render(request, page, context, status=422 if errors else 200)


def _is_open(graduate: Graduate) -> bool:
    until = graduate.reopened_until
    return until is not None and until >= timezone.localdate()


@staff_view("province.schools")
@require_POST
def end_reopening(request: StaffRequest, pk: int) -> HttpResponse:
    graduate_or_404(request, pk)
    return do(
        request,
        lambda: actions.end_reopening(graduate_id=pk, by=request.user),
        "已结束重新开放。",
        "console:reopen",
        pk,
    )
