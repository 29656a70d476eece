"""届别 and the school's own settings."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from core.errors import DomainError
from core.forms import posted
from schools.access import StaffRequest, staff_view
from schools.actions import cohorts as cohort_actions
from schools.actions import school as school_actions
from schools.forms import CohortForm, NewCohortForm, SettingsForm
from schools.models import Cohort, Phase, School
from schools.views.own import own_school


@staff_view("schools.set_up")
def cohorts(request: StaffRequest) -> HttpResponse:
    school = own_school(request)
    form = NewCohortForm(posted(request), initial={"year": _next_year(school)})
    if form.is_valid():
        try:
            made = cohort_actions.add(school=school, by=request.user, **form.cleaned_data)
            messages.success(request, f"已建立{made}。")
            return redirect("console:cohorts")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"rows": Cohort.objects.filter(school=school), "form": form}
    return render(request, "schools/cohorts.html", context, status=422 if form.errors else 200)


def _next_year(school: School) -> int:
    """The first year without a cohort, from the one whose graduates leave at the end of this school
    year."""
    today = timezone.localdate()
    taken = set(Cohort.objects.filter(school=school).values_list("year", flat=True))
    year = today.year + (today.month >= 9)
    while year in taken:
        year += 1
    return year


@staff_view("schools.set_up")
def cohort(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Cohort, pk=pk, school=own_school(request))
    form = CohortForm(posted(request), initial={k: getattr(row, k) for k in CohortForm.base_fields})
    if form.is_valid():
        try:
            cohort_actions.edit(cohort_id=pk, by=request.user, **form.cleaned_data)
            messages.success(request, f"已保存{row}的设置。")
            return redirect("console:cohorts")
        except DomainError as refusal:
            form.add_refusal(refusal)
    ended = row.phase() in (Phase.ENDED, Phase.SEALED)
    context = {"row": row, "ended": ended, "form": form}
    return render(request, "schools/cohort.html", context, status=422 if form.errors else 200)


@staff_view("schools.set_up")
def settings(request: StaffRequest) -> HttpResponse:
    school = own_school(request)
    current = {key: getattr(school, key) for key in SettingsForm.base_fields}
    form = SettingsForm(posted(request), initial=current)
    if form.is_valid():
        try:
            school_actions.edit_settings(
                school_id=school.pk,
                contact=form.values,
                two_person_review=form.cleaned_data["two_person_review"],
                by=request.user,
            )
            messages.success(request, "已保存。")
            return redirect("console:school-settings")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"school": school, "form": form}
    return render(request, "schools/settings.html", context, status=422 if form.errors else 200)
