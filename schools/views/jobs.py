"""后台任务: how many jobs wait, run and are parked, a button to retry parked ones, and the newest
check of the invariants."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core import frame
from core import jobs as leased
from core.errors import DomainError
from core.forms import pressed
from core.models import InvariantCheck
from schools.access import StaffRequest, staff_view
from schools.actions.jobs import retry_parked


@staff_view("province.jobs")
def jobs(request: StaffRequest) -> HttpResponse:
    """One line for each kind of job; parked ones with their reasons. Below it what the newest check of
    the invariants found."""
    kinds = [(kind, leased.figures(kind)) for kind in frame.job_kinds()]
    check = InvariantCheck.objects.order_by("-started_at").first()
    return render(request, "schools/jobs.html", {"kinds": kinds, "check": check})


@staff_view("province.jobs")
@require_POST
def retry(request: StaffRequest) -> HttpResponse:
    try:
        count = retry_parked(kind=pressed(request, "kind"), by=request.user)
        messages.success(request, f"{count}项任务重新排队。" if count else "没有搁置的任务。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("console:jobs")
