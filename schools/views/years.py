"""The top bar's choice of the year."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import posted, read_number
from schools.access import StaffRequest, staff_view
from schools.actions.years import choose_year
from schools.current_cohort import EVERY_YEAR
from schools.forms import YearForm

# What belongs to one year: a place in its list, and its classes.
_DROPPED = ("after", "before", "cohort", "school_class")


@staff_view("console.use")
@require_POST
def choose(request: StaffRequest) -> HttpResponse:
    """Keep the chosen year and lead back to the page, which is then about it. Every year is only for
    the list that it was chosen on, and is not kept."""
    form = YearForm(posted(request))
    if not form.is_valid():
        return redirect("console:home")
    year, back = form.cleaned_data["year"], form.cleaned_data["next"]
    try:
        if year != EVERY_YEAR:
            choose_year(year=read_number(year) or 0, by=request.user)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("console:home")
    return redirect(_about(request, back, year))


def _about(request: StaffRequest, address: str, year: str) -> str:
    """The console's page at `address`, or the home page for any other address, about `year`."""
    home = reverse("console:home")
    safe = url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure())
    parts = urlsplit(address if safe and address.startswith(home) else home)
    kept = [(key, value) for key, value in parse_qsl(parts.query) if key not in _DROPPED]
    return f"{parts.path}?{urlencode([*kept, ('cohort', year)])}"
