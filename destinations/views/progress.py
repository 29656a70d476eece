"""各校进度: one line a school; every figure opens the list behind it."""

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
    typed = read_number(request.GET.get("cohort", ""))
    years = [int(value) for value, _ in cohorts]
    year = typed if typed in years else next(iter(years), None)
    rows = figures.lines(request.user, year) if year is not None else []
    context = {
        "cohorts": cohorts,
        "year": year,
        "lines": rows,
        "whole": figures.total(rows),
    }
    return render(request, "destinations/console/progress.html", context)
