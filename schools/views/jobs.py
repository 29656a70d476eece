"""后台任务: how many jobs wait, run and are parked, and a button to retry parked ones."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from core import frame
from core import jobs as leased
from core.errors import DomainError
from core.forms import pressed
from schools.access import StaffRequest, staff_view
from schools.actions.jobs import retry_parked


@staff_view("province.jobs")
def jobs(request: StaffRequest) -> HttpResponse:
    """One line for each kind of job; parked ones with their reasons."""
    kinds = [(kind, leased.figures(kind)) for kind in frame.job_kinds()]
    return render(request, "schools/jobs.html", {"kinds": kinds})


@staff_view("province.jobs")
@require_POST
def retry(request: StaffRequest) -> HttpResponse:
    try:
        count = retry_parked(kind=pressed(request, "kind"), by=request.user)
        messages.success(request, f"{count}项任务重新排队。" if count else "没有搁置的任务。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("console:jobs")
