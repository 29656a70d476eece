"""各校进度: how far each school is. Every figure is a link to the list of what it counts."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from destinations import progress as figures
from schools.access import StaffRequest, staff_view
from schools.current_cohort import year_of


@staff_view("province.progress")
def progress(request: StaffRequest) -> HttpResponse:
    shown = year_of(request)
    year = None if shown is None else shown.year
    schools = figures.progress_by_school(request.user, year) if year is not None else []
    context = {
        "year": year,
        "schools": schools,
        "total": figures.total_progress(schools),
    }
    return render(request, "destinations/console/progress.html", context)
