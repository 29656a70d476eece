"""毕业去向落实率 by school, department or major. Every figure is a link to the list of what it
counts."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from destinations import reports
from destinations.models import Destination
from schools.access import StaffRequest, staff_view
from schools.current_cohort import year_of
from schools.scope import scope_of, visible_to


@staff_view("figures.view")
def figures(request: StaffRequest) -> HttpResponse:
    scope = scope_of(request.user)
    by = "major" if request.GET.get("by") == "major" else "department"
    if scope is not None and scope.everything:
        by = "school"  # each school has departments and majors of its own
    year = year_of(request)
    visible = visible_to(Destination.objects.all(), request.user, graduate="graduate")
    if year is not None:
        visible = visible.filter(cohort_id__in=year.cohort_ids)
    table = reports.rate_table(visible, by=by)
    whole = reports.total_row(table)
    query = urlencode({"cohort": year.year} if year else {})
    names = [(key, reports.rates()[key].name) for key in reports.MAIN] + [
        ("registered", "按登记落实")
    ]
    context = {
        "rows": [*table, whole] if len(table) > 1 else table,
        "whole": whole,
        "names": names,
        "parts": [(k, n, whole.counts[k], whole.percent(k)) for k, n in names],
        "by": by,
        "year": year,
        "query": query,
    }
    return render(request, "destinations/console/figures.html", context)
