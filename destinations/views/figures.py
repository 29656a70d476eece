"""First page of figures: rates by department and major; each opens the list behind it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from core.forms import read_number
from destinations import reports
from destinations.models import Destination
from schools import options
from schools.access import StaffRequest, staff_view
from schools.scope import scope_of, visible_to


@staff_view("figures.view")
def figures(request: StaffRequest) -> HttpResponse:
    scope = scope_of(request.user)
    by = "major" if request.GET.get("by") == "major" else "department"
    if scope is not None and scope.everything:
        by = "school"  # departments and majors are a school's own
    cohorts = options.cohort_options(request.user)
    typed = request.GET.get("cohort", "")
    year = read_number(typed) or (int(cohorts[0][0]) if cohorts else None)
    rows = visible_to(Destination.objects.all(), request.user, graduate="graduate")
    if year is not None:
        rows = rows.filter(cohort_id__in=options.cohort_ids(request.user, year))
    lines = reports.table(rows, by=by)
    whole = reports.total(lines)
    query = urlencode({"cohort": year} if year else {})
    names = [(key, reports.rates()[key].name) for key in reports.MAIN] + [
        ("registered", "按登记落实")
    ]
    context = {
        "lines": [*lines, whole] if len(lines) > 1 else lines,
        "whole": whole,
        "names": names,
        "parts": [(k, n, whole.counts[k], whole.percent(k)) for k, n in names],
        "by": by,
        "cohorts": cohorts,
        "year": year,
        "query": query,
    }
    return render(request, "destinations/console/figures.html", context)
