"""The 登记表 as a PDF, filled in with what the form holds. Making it registers nothing. It is made
for the graduate, and for staff who enter the destination instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from core import pdf
from core.forms import posted
from core.rate import limit
from destinations import forms, sheets
from destinations.actions import registration_drafts
from destinations.catalogue import Leaf
from destinations.models import Destination
from destinations.views.review import destination_or_404
from graduates.access import GraduateRequest, graduate_view
from graduates.models import Graduate
from schools.access import StaffRequest, staff_view


@graduate_view
def sheet(request: GraduateRequest) -> HttpResponse:
    leaf = _leaf(request)
    if leaf is None:
        return redirect("destination-choose")
    limit(f"sheet:{request.user.pk}", most=30, seconds=3600)
    if request.method == "POST":
        typed = forms.typed_values(request.POST)
        registration_drafts.keep(graduate_id=request.graduate.pk, typed=typed)
    return _sheet(request, Destination.objects.get(pk=request.graduate.pk), leaf)


@staff_view("destinations.enter")
def console_sheet(request: StaffRequest, pk: int) -> HttpResponse:
    d = destination_or_404(request, pk)
    leaf = _leaf(request)
    if leaf is None:
        return redirect("console:destination-enter", pk=pk)
    # More than graduates get, because staff print for a whole class.
    limit(f"sheet:{request.user.pk}", most=300, seconds=3600)
    return _sheet(request, d, leaf)


def _leaf(request: HttpRequest) -> Leaf | None:
    """The category that was chosen, if it asks for a sheet."""
    leaf, _ = forms.chosen_leaf(posted(request) or request.GET)
    return leaf if leaf is not None and sheets.sheet_title(leaf) else None


def _sheet(request: HttpRequest, d: Destination, leaf: Leaf) -> HttpResponse:
    values: Mapping[str, Any] | None = posted(request)
    if values is None:
        values = forms.stored_values(d) if d.category == leaf.code else {}
    rows = Graduate.objects.select_related(
        "school", "cohort", "department", "school_class", "person"
    )
    content = sheets.make_pdf(rows.get(pk=d.pk), leaf, values)
    return pdf.download(content, f"{sheets.sheet_title(leaf)}.pdf")
