"""What the pages of a school's set-up share: the user's school, its cohorts, buttons of lists."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from core.errors import DomainError
from core.forms import read_number
from schools.access import StaffRequest
from schools.current_cohort import year_of
from schools.models import Cohort, School


def own_school(request: StaffRequest) -> School:
    if request.staff.school is None:
        raise PermissionDenied
    return request.staff.school


def chosen_cohort(request: StaffRequest, school: School) -> tuple[list[Cohort], Cohort | None]:
    """The school's cohorts, newest first, and the one that a page is about: that of the year in its
    address, else of the year that the person works with."""
    cohorts = list(Cohort.objects.filter(school=school))
    wanted = request.GET.get("cohort")
    if wanted:
        return cohorts, get_object_or_404(Cohort, year=read_number(wanted), school=school)
    year = year_of(request)
    return cohorts, next((c for c in cohorts if year is not None and c.year == year.year), None)


def perform_and_redirect(
    request: HttpRequest, change: Callable[[], object], said: str, back: str, pk: int | None = None
) -> HttpResponse:
    """Perform the action of a button in a list, and redirect back to the list with the message
    `said` or the sentence of the refusal. A refusal with status 403 is raised again."""
    try:
        change()
        messages.success(request, said)
    except DomainError as refusal:
        if refusal.status == 403:
            raise
        messages.error(request, refusal.message)
    return redirect(back) if pk is None else redirect(back, pk=pk)
