"""比对与筛查: begin a run, see how far it is and what it found."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from core.errors import DomainError
from core.forms import posted
from quality import rule_book
from quality.actions import runs as actions
from quality.forms import RunForm
from quality.models import Run
from quality.queries import runs_for
from schools.access import StaffRequest, staff_view
from schools.current_cohort import year_of, years_of
from schools.models import School
from schools.scope import scope_of

_view = staff_view("quality.run")
_SHOWN = 50


@_view
def runs(request: StaffRequest) -> HttpResponse:
    """The form that begins a run, and the runs so far."""
    scope = scope_of(request.user)
    everything = scope is not None and scope.everything
    schools = list(School.objects.filter(is_open=True).order_by("code")) if everything else None
    present = year_of(request)
    initial = {"kind": "screening", "year": str(present.year) if present is not None else ""}
    form = RunForm(
        posted(request), request.FILES, initial=initial, schools=schools,
        years=[year.year for year in years_of(request.user)],
    )  # fmt: skip
    if form.is_valid():
        try:
            made = _ask(request, form.cleaned_data)
            messages.success(request, f"已发起{made.get_kind_display()}，在后台进行。")
            return redirect("console:quality-run", pk=made.pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    rows = runs_for(request.user).select_related("school").order_by("-pk")[:_SHOWN]
    context = {"form": form, "rows": rows, "everything": everything}
    return render(request, "quality/runs.html", context, status=form.status)


def _ask(request: StaffRequest, typed: dict[str, Any]) -> Run:
    scope = scope_of(request.user)
    school = None
    if scope is not None and not scope.everything:
        school = School.objects.get(pk=scope.own_school)
    elif typed.get("school"):
        school = School.objects.get(pk=int(typed["school"]))
    upload = typed["file"]
    return actions.ask(
        kind=typed["kind"], school=school, year=int(typed["year"] or 0),
        content=upload.read(actions.MOST_BYTES + 1) if upload else b"",
        name=upload.name if upload else "", same_file=typed["same_file"], by=request.user,
    )  # fmt: skip


@_view
def run(request: StaffRequest, pk: int) -> HttpResponse:
    """One run; htmx asks for the part that changes while it works."""
    found = get_object_or_404(runs_for(request.user).select_related("school", "file"), pk=pk)
    by_rule = found.counts.get("by_rule", {})
    findings = reverse("console:quality-findings")
    context = {
        "run": found,
        "running": found.is_running,
        "rows": [
            (rule_book.BY_KEY[key].label, count, f"{findings}?cohort={found.year}&rule={key}")
            for key, count in by_rule.items()
            if key in rule_book.BY_KEY
        ],
    }
    part = "parts/" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"quality/{part}run.html", context)
