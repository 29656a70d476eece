"""届别 and the school's own settings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from core.errors import DomainError
from schools import forms
from schools.access import StaffRequest, staff_view
from schools.actions import cohorts as cohort_actions
from schools.actions import school as school_actions
from schools.forms import Errors, FormField
from schools.models import Cohort, Phase
from schools.views.own import own_school

_DATES = (
    FormField("opens_on", "开放日期", "date", required=False, hint="毕业生从这天起可以登记。"),
    FormField("ends_on", "截止日期", "date", hint="默认8月31日; 过后毕业生不能再登记。"),
)
_YEAR = FormField("year", "届别", "number", max_length=4, hint="毕业年份, 如 2027。")
_SETTINGS = (
    FormField("phone", "就业部门电话", "phone", required=False, hint="毕业生登录遇到问题时看到的电话。"),
)  # fmt: skip


@staff_view("schools.set_up")
def cohorts(request: StaffRequest) -> HttpResponse:
    school = own_school(request)
    year = timezone.localdate().year + (timezone.localdate().month >= 9)
    typed: dict[str, Any] = {"ends_on": cohort_actions.default_end(year), "year": year}
    errors: Errors = {}
    if request.method == "POST":
        typed = request.POST.dict()
        try:
            made = cohort_actions.add(
                school=school,
                year=forms.read_number(typed.get("year", "")),
                opens_on=forms.read_date(typed.get("opens_on", ""), "opens_on"),
                ends_on=forms.read_date(typed.get("ends_on", ""), "ends_on"),
                by=request.user,
            )
            messages.success(request, f"已建立{made}。")
            return redirect("console:cohorts")
        except DomainError as refusal:
            errors = forms.errors_of(refusal)
    context = {
        "rows": Cohort.objects.filter(school=school),
        "items": forms.items((_YEAR, *_DATES), typed, errors),
        "errors": errors,
    }
    return render(request, "schools/cohorts.html", context, status=422 if errors else 200)


@staff_view("schools.set_up")
def cohort(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Cohort, pk=pk, school=own_school(request))
    typed: dict[str, Any] = {"opens_on": row.opens_on, "ends_on": row.ends_on}
    count_incomplete, errors = row.count_incomplete, Errors()
    if request.method == "POST":
        typed = request.POST.dict()
        count_incomplete = typed.get("count_incomplete") == "on"
        try:
            cohort_actions.edit(
                cohort_id=pk,
                opens_on=forms.read_date(typed.get("opens_on", ""), "opens_on"),
                ends_on=forms.read_date(typed.get("ends_on", ""), "ends_on"),
                count_incomplete=count_incomplete,
                by=request.user,
            )
            messages.success(request, f"已保存{row}的设置。")
            return redirect("console:cohorts")
        except DomainError as refusal:
            errors = forms.errors_of(refusal)
    context = {
        "row": row,
        "ended": row.phase() in (Phase.ENDED, Phase.SEALED),
        "items": forms.items(_DATES, typed, errors),
        "count_incomplete": count_incomplete,
        "errors": errors,
    }
    return render(request, "schools/cohort.html", context, status=422 if errors else 200)


@staff_view("schools.set_up")
def settings(request: StaffRequest) -> HttpResponse:
    school = own_school(request)
    typed: dict[str, Any] = {"phone": school.phone}
    two_person, errors = school.two_person_review, Errors()
    if request.method == "POST":
        typed = request.POST.dict()
        two_person = typed.get("two_person_review") == "on"
        try:
            school_actions.edit_settings(
                school_id=school.pk,
                phone=typed.get("phone", ""),
                two_person_review=two_person,
                by=request.user,
            )
            messages.success(request, "已保存。")
            return redirect("console:school-settings")
        except DomainError as refusal:
            errors = forms.errors_of(refusal)
    context = {
        "school": school,
        "items": forms.items(_SETTINGS, typed, errors),
        "two_person": two_person,
        "errors": errors,
    }
    return render(request, "schools/settings.html", context, status=422 if errors else 200)
