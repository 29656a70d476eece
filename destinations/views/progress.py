"""各校进度: how far each school is. Every figure is a link to the list of what it counts."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from core.forms import read_number
from destinations import progress as figures
from schools import options
from schools.access import StaffRequest, staff_view


@staff_view("province.progress")
def progress(request: StaffRequest) -> HttpResponse:
    cohorts = options.cohort_options(request.user)
    asked = read_number(request.GET.get("cohort", ""))
    years = [int(value) for value, _ in cohorts]
    year = asked if asked in years else next(iter(years), None)
    schools = figures.progress_by_school(request.user, year) if year is not None else []
    context = {
        "cohorts": cohorts,
        "year": year,
        "schools": schools,
        "total": figures.total_progress(schools),
    }
    return render(request, "destinations/console/progress.html", context)
