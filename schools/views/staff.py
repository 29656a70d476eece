"""工作人员: add, edit, scope, password, on and off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from codes import lookup
from core.errors import DomainError
from schools import forms
from schools.access import StaffRequest, staff_view
from schools.actions import staff as actions
from schools.forms import Errors, FormField
from schools.models import Cohort, Department, SchoolClass, StaffMember
from schools.roles import Level
from schools.views.own import do, own_school

ROLES = [(r.value, r.label) for r in actions.SCHOOL_ROLES]
PERSON = (
    FormField("name", "姓名", max_length=40),
    FormField("mobile", "手机号码", "mobile", max_length=11),
)
LOGIN = FormField(
    "login", "用户名", max_length=30, hint="登录用, 建好后不能改; 3至30位字母、数字、点、横线。"
)
_ROLE = FormField("role", "角色", choices=ROLES)


@staff_view("schools.staff")
@never_cache
def add(request: StaffRequest) -> HttpResponse:
    """The answer to the POST is the only page that ever shows the password."""
    typed, errors = request.POST.dict(), Errors()
    if request.method == "POST":
        keys = ("login", "name", "mobile", "role")
        try:
            issued = actions.add(
                school=own_school(request),
                by=request.user,
                **{key: typed.get(key, "") for key in keys},
            )
            return issued_page(
                request, issued, reverse("console:staff-member", args=[issued.staff.pk])
            )
        except DomainError as refusal:
            errors = forms.errors_of(refusal)
    context = {"items": forms.items((LOGIN, *PERSON, _ROLE), typed, errors), "errors": errors}
    return render(request, "schools/staff_add.html", context, status=422 if errors else 200)


def issued_page(request: StaffRequest, issued: actions.Issued, back: str) -> HttpResponse:
    context = {"issued": issued, "back": back}
    return render(request, "schools/one_time_password.html", context)


@staff_view("schools.staff")
def member(request: StaffRequest, pk: int) -> HttpResponse:
    """The account's page; a POST here changes name and number."""
    row = staff_or_404(request, pk)
    typed: dict[str, Any] = {"name": row.user.label, "mobile": row.user.mobile}
    errors: Errors = {}
    if request.method == "POST":
        typed = request.POST.dict()
        name, mobile = typed.get("name", ""), typed.get("mobile", "")
        try:
            actions.edit(staff_id=pk, name=name, mobile=mobile, by=request.user)
            messages.success(request, "已保存。")
            return redirect("console:staff-member", pk=pk)
        except DomainError as refusal:
            errors = forms.errors_of(refusal)
    context = {
        "row": row,
        "items": forms.items(PERSON, typed, errors),
        "errors": errors,
        "scope": actions.scope_words(row),
        "has_scope": row.role_level != Level.SCHOOL,
        "is_self": row.pk == request.user.pk,
    }
    return render(request, "schools/staff.html", context, status=422 if errors else 200)


@staff_view("schools.staff")
def scope(request: StaffRequest, pk: int) -> HttpResponse:
    """Checkboxes: cohorts, levels, departments, and the classes of one cohort at a time."""
    row, school = staff_or_404(request, pk), own_school(request)
    cohorts = list(Cohort.objects.filter(school=school))
    chosen = forms.read_number(request.POST.get("of") or request.GET.get("of", ""))
    of = next((c for c in cohorts if c.pk == chosen), cohorts[0] if cohorts else None)
    picked, errors = _standing(row), Errors()
    if request.method == "POST":
        picked = _picked(request, row, of)
        try:
            actions.set_scope(staff_id=pk, by=request.user, **picked)
            messages.success(request, f"已保存{row.user.label}的管理范围, 下一次点击即生效。")
            return redirect("console:staff-member", pk=pk)
        except DomainError as refusal:
            errors = forms.errors_of(refusal)
    departments = _tree(school.pk, of, picked)
    context = {
        "row": row,
        "cohorts": [(c, c.pk in picked["cohorts"]) for c in cohorts],
        "levels": [(g, g in picked["levels"]) for g in lookup.level_groups()],
        "departments": departments,
        "of": of,
        "elsewhere": len(picked["classes"]) - sum(d["chosen"] for d in departments),
        "errors": errors,
    }
    return render(request, "schools/scope.html", context, status=422 if errors else 200)


def _standing(row: StaffMember) -> dict[str, Any]:
    ids = {
        key: set(getattr(row, key).values_list("id", flat=True))
        for key in ("cohorts", "departments", "classes")
    }
    return {**ids, "levels": set(row.levels)}


def _picked(request: StaffRequest, row: StaffMember, of: Cohort | None) -> dict[str, Any]:
    """What the form says; classes of cohorts that it did not show stay as they are."""
    hidden = row.classes.exclude(cohort=of).values_list("id", flat=True)
    return {
        "cohorts": forms.read_ids(request.POST.getlist("cohorts")),
        "levels": set(request.POST.getlist("levels")),
        "departments": forms.read_ids(request.POST.getlist("departments")),
        "classes": forms.read_ids(request.POST.getlist("classes")) | set(hidden),
    }


def _tree(school_id: int, of: Cohort | None, picked: dict[str, Any]) -> list[dict[str, Any]]:
    """Departments with the chosen cohort's classes, two queries; retired ones only if in use."""
    classes: dict[int, list[tuple[SchoolClass, bool]]] = {}
    for c in SchoolClass.objects.filter(school_id=school_id, cohort=of):
        classes.setdefault(c.department_id, []).append((c, c.pk in picked["classes"]))
    tree = []
    for department in Department.objects.filter(school_id=school_id):
        mine, whole = classes.get(department.pk, []), department.pk in picked["departments"]
        if department.is_active or mine or whole:
            chosen = sum(ticked for _, ticked in mine)
            tree.append({"row": department, "whole": whole, "classes": mine, "chosen": chosen})
    return tree


@staff_view("schools.staff")
@require_POST
def turn(request: StaffRequest, pk: int) -> HttpResponse:
    row = staff_or_404(request, pk)
    active = request.POST.get("active") == "1"
    return do(
        request,
        lambda: actions.set_active(staff_id=pk, active=active, by=request.user),
        f"已{'启用' if active else '停用'}{row.user.label}的帐号。",
        "console:staff-member",
        pk=pk,
    )


@staff_view("schools.staff")
@require_POST
@never_cache
def reset(request: StaffRequest, pk: int) -> HttpResponse:
    row = staff_or_404(request, pk)
    issued = actions.reset_password(staff_id=row.pk, by=request.user)
    return issued_page(request, issued, reverse("console:staff-member", args=[pk]))


def staff_or_404(request: StaffRequest, pk: int) -> StaffMember:
    rows = StaffMember.objects.select_related("user")
    return get_object_or_404(rows, pk=pk, school=own_school(request))
