"""院系 and 班级: adding, renaming and deactivating them, and deleting unused ones."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import posted, pressed
from schools.access import StaffRequest, staff_view
from schools.actions import departments as actions
from schools.forms import ClassForm, DepartmentForm, NewClassForm
from schools.models import Cohort, Department, SchoolClass
from schools.views.own import chosen_cohort, own_school, perform_and_redirect

_RENAME_HINT = "名称是毕业生确认内容的一部分；改名后，已确认的毕业生签约前须重新确认。"


@staff_view("schools.set_up")
def departments(request: StaffRequest) -> HttpResponse:
    school, form = own_school(request), DepartmentForm(posted(request))
    if form.is_valid():
        try:
            made = actions.add(school=school, by=request.user, **form.cleaned_data)
            messages.success(request, f"已新增{made}。")
            return redirect("console:departments")
        except DomainError as refusal:
            form.add_refusal(refusal)
    rows = Department.objects.filter(school=school).annotate(class_count=Count("classes"))
    rows = rows.order_by("name")  # grouping drops the model's order
    context = {"rows": rows, "form": form}
    return render(request, "schools/departments.html", context, status=422 if form.errors else 200)


@staff_view("schools.set_up")
def department(request: StaffRequest, pk: int) -> HttpResponse:
    """Rename, and the classes of one cohort; `what` tells the two forms apart."""
    school = own_school(request)
    row = get_object_or_404(Department, pk=pk, school=school)
    cohorts, cohort = chosen_cohort(request, school)
    adding, typed = pressed(request, "what") == "class", posted(request)
    rename = DepartmentForm(None if adding else typed, initial={"name": row.name})
    new_class = NewClassForm(typed if adding else None, label=f"{cohort}新增班级")
    form = new_class if adding else rename
    if form.is_valid():
        try:
            _change(request, row, cohort, adding=adding, name=form.cleaned_data["name"])
            return redirect(_address(row, cohort))
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {
        "row": row,
        "cohorts": cohorts,
        "cohort": cohort,
        "classes": SchoolClass.objects.filter(department=row, cohort=cohort),
        "form": form,
        "rename": rename,
        "new_class": new_class,
        "rename_hint": _RENAME_HINT,
    }
    return render(request, "schools/department.html", context, status=422 if form.errors else 200)


def _change(
    request: StaffRequest, row: Department, cohort: Cohort | None, *, adding: bool, name: str
) -> None:
    if adding:
        made = actions.add_class(
            department_id=row.pk,
            cohort_id=cohort.pk if cohort else None,
            name=name,
            by=request.user,
        )
        messages.success(request, f"已新增{made}。")
    else:
        actions.rename(department_id=row.pk, name=name, by=request.user)
        messages.success(request, "已改名。")


def _address(row: Department, cohort: Cohort | None) -> str:
    query = f"?cohort={cohort.year}" if cohort else ""
    return reverse("console:department", args=[row.pk]) + query


@staff_view("schools.set_up")
@require_POST
def turn_department(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Department, pk=pk, school=own_school(request))
    active = pressed(request, "active") == "1"
    return perform_and_redirect(
        request,
        lambda: actions.set_active(department_id=pk, active=active, by=request.user),
        f"已{'启用' if active else '停用'}{row}。",
        "console:departments",
    )


@staff_view("schools.set_up")
@require_POST
def delete_department(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Department, pk=pk, school=own_school(request))
    return perform_and_redirect(
        request,
        lambda: actions.delete(department_id=pk, by=request.user),
        f"已删除{row}。",
        "console:departments",
    )


@staff_view("schools.set_up")
def school_class(request: StaffRequest, pk: int) -> HttpResponse:
    row = _class_or_404(request, pk)
    form = ClassForm(posted(request), initial={"name": row.name})
    if form.is_valid():
        try:
            actions.rename_class(class_id=pk, by=request.user, **form.cleaned_data)
            messages.success(request, "已改名。")
            return redirect(_address(row.department, row.cohort))
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"row": row, "form": form, "rename_hint": _RENAME_HINT}
    return render(request, "schools/school_class.html", context, status=422 if form.errors else 200)


@staff_view("schools.set_up")
@require_POST
def delete_class(request: StaffRequest, pk: int) -> HttpResponse:
    row = _class_or_404(request, pk)
    return perform_and_redirect(
        request,
        lambda: actions.delete_class(class_id=pk, by=request.user),
        f"已删除{row}。",
        _address(row.department, row.cohort),
    )


def _class_or_404(request: StaffRequest, pk: int) -> SchoolClass:
    rows = SchoolClass.objects.select_related("department", "cohort")
    return get_object_or_404(rows, pk=pk, school=own_school(request))
