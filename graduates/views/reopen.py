"""逾期重新开放: pages on which the province finds a record and opens it until a date."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from codes import readers
from core.errors import DomainError
from core.forms import posted, read_number
from core.models import Event
from graduates.actions import reopen as actions
from graduates.forms import FindForm, ReopenForm
from graduates.models import Graduate
from graduates.views.origin import graduate_or_404
from schools import options
from schools.access import StaffRequest, staff_view
from schools.models import Phase
from schools.scope import visible_to
from schools.views.own import perform_and_redirect


@staff_view("province.schools")
def find(request: StaffRequest) -> HttpResponse:
    """Find a record by school and student number; leads to the page that opens it."""
    asked = request.GET.get("school") or request.GET.get("student_no")
    schools = options.school_options(request.user)
    form = FindForm(request.GET if asked else None, schools=schools)
    if form.is_valid():
        graduate = _find_graduate(request, **form.cleaned_data)
        if graduate is not None:
            return redirect("console:reopen", pk=graduate.pk)
        form.add_error("student_no", "此学校没有这个学号，请核对。")
    page = "graduates/console/reopen_find.html"
    return render(request, page, {"form": form}, status=form.status)


def _find_graduate(request: StaffRequest, *, school: str, student_no: str) -> Graduate | None:
    rows = visible_to(Graduate.objects.all(), request.user)
    number = readers.read("student_no", student_no, label="学号").value
    return rows.filter(school_id=read_number(school) or 0, student_no=number or "").first()


@staff_view("province.schools")
def reopen(request: StaffRequest, pk: int) -> HttpResponse:
    graduate = graduate_or_404(request, pk)
    form = ReopenForm(posted(request), initial={"until": graduate.reopened_until})
    if form.is_valid():
        try:
            actions.reopen(graduate_id=pk, by=request.user, **form.cleaned_data)
            messages.success(request, f"已重新开放至 {form.cleaned_data['until']}。")
            return redirect("console:reopen", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    events = Event.objects.filter(
        object_type="graduate",
        object_id=pk,
        action__in=("graduates.reopen", "graduates.end_reopening"),
    )
    context = {
        "graduate": graduate,
        "may": graduate.cohort.phase() == Phase.ENDED,
        "open_now": _is_open(graduate),
        "form": form,
        "events": events.order_by("-id")[:20],
    }
    page = "graduates/console/reopen.html"
    return render(request, page, context, status=422 if form.errors else 200)


def _is_open(graduate: Graduate) -> bool:
    until = graduate.reopened_until
    return until is not None and until >= timezone.localdate()


@staff_view("province.schools")
@require_POST
def end_reopening(request: StaffRequest, pk: int) -> HttpResponse:
    graduate_or_404(request, pk)
    return perform_and_redirect(
        request,
        lambda: actions.end_reopening(graduate_id=pk, by=request.user),
        "已结束重新开放。",
        "console:reopen",
        pk,
    )
