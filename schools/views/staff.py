"""工作人员: adding and editing accounts, their scope and password, deactivating them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.signin import check_own_password
from codes import lookup, text
from core.errors import DomainError
from core.forms import posted, pressed, read_number
from schools.access import StaffRequest, staff_view
from schools.actions import staff as actions
from schools.forms import MemberForm, NewStaffForm, ScopeForm
from schools.models import Cohort, Department, SchoolClass, StaffMember
from schools.roles import Level
from schools.views.own import own_school, perform_and_redirect


@staff_view("schools.staff")
def add(request: StaffRequest) -> HttpResponse:
    """The answer to the POST is the only page that ever shows the password."""
    form = NewStaffForm(posted(request))
    if form.is_valid():
        try:
            issued = actions.add(school=own_school(request), by=request.user, **form.cleaned_data)
            return issued_page(
                request, issued, reverse("console:staff-member", args=[issued.staff.pk])
            )
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"form": form}
    return render(request, "schools/staff_add.html", context, status=422 if form.errors else 200)


def issued_page(request: StaffRequest, issued: actions.Issued, back: str) -> HttpResponse:
    context = {"issued": issued, "back": back}
    return render(request, "schools/one_time_password.html", context)


@staff_view("schools.staff")
def member(request: StaffRequest, pk: int) -> HttpResponse:
    """The account's page; a POST here changes name and number."""
    row = staff_or_404(request, pk)
    current = {"name": row.user.label, "mobile": row.user.mobile}
    form = MemberForm(posted(request), initial=current)
    if form.is_valid():
        try:
            typed = dict(form.cleaned_data)
            password = typed.pop("password")
            if text.clean_phone(typed["mobile"]) != row.user.mobile:
                check_own_password(request, password)
            actions.edit(staff_id=pk, by=request.user, **typed)
            messages.success(request, "已保存。")
            return redirect("console:staff-member", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "row": row,
        "form": form,
        "scope": actions.scope_words(row),
        "has_scope": row.role_level != Level.SCHOOL,
        "is_self": row.pk == request.user.pk,
    }
    return render(request, "schools/staff.html", context, status=422 if form.errors else 200)


@staff_view("schools.staff")
def scope(request: StaffRequest, pk: int) -> HttpResponse:
    """Checkboxes: cohorts, levels, departments, and the classes of one cohort at a time."""
    row, school = staff_or_404(request, pk), own_school(request)
    cohorts = list(Cohort.objects.filter(school=school))
    form = ScopeForm(posted(request))
    ticked = form.cleaned_data if form.is_valid() else {}
    chosen = ticked.pop("of", 0) or read_number(request.GET.get("of", ""))
    of = next((c for c in cohorts if c.pk == chosen), cohorts[0] if cohorts else None)
    picked = _with_hidden_classes(row, of, ticked) if ticked else _current_scope(row)
    if ticked:
        try:
            actions.set_scope(staff_id=pk, by=request.user, **picked)
            messages.success(request, f"已保存{row.user.label}的管理范围，下一次点击即生效。")
            return redirect("console:staff-member", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    departments = _tree(school.pk, of, picked)
    context = {
        "row": row,
        "cohorts": [(c, c.pk in picked["cohorts"]) for c in cohorts],
        "levels": [(g, g in picked["levels"]) for g in lookup.level_groups()],
        "departments": departments,
        "of": of,
        "elsewhere": len(picked["classes"]) - sum(d["chosen"] for d in departments),
        "form": form,
    }
    return render(request, "schools/scope.html", context, status=422 if form.errors else 200)


def _current_scope(row: StaffMember) -> dict[str, Any]:
    ids = {
        key: set(getattr(row, key).values_list("id", flat=True))
        for key in ("cohorts", "departments", "classes")
    }
    return {**ids, "levels": set(row.levels)}


def _with_hidden_classes(
    row: StaffMember, of: Cohort | None, ticked: dict[str, Any]
) -> dict[str, Any]:
    """What was ticked; classes of cohorts that the page did not show stay as they are."""
    hidden = row.classes.exclude(cohort=of).values_list("id", flat=True)
    return ticked | {"classes": ticked["classes"] | set(hidden)}


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
    active = pressed(request, "active") == "1"
    return perform_and_redirect(
        request,
        lambda: actions.set_active(staff_id=pk, active=active, by=request.user),
        f"已{'启用' if active else '停用'}{row.user.label}的帐号。",
        "console:staff-member",
        pk=pk,
    )


@staff_view("schools.staff")
@require_POST
def reset(request: StaffRequest, pk: int) -> HttpResponse:
    row = staff_or_404(request, pk)
    issued = actions.reset_password(staff_id=row.pk, by=request.user)
    return issued_page(request, issued, reverse("console:staff-member", args=[pk]))


@staff_view("schools.staff")
@require_POST
def remove_factor(request: StaffRequest, pk: int) -> HttpResponse:
    row = staff_or_404(request, pk)
    issued = actions.remove_second_factor(staff_id=row.pk, by=request.user)
    return issued_page(request, issued, reverse("console:staff-member", args=[pk]))


def staff_or_404(request: StaffRequest, pk: int) -> StaffMember:
    rows = StaffMember.objects.select_related("user")
    return get_object_or_404(rows, pk=pk, school=own_school(request))
