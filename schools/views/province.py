"""The province's page of schools and their admins."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from codes import readers
from core.errors import DomainError
from core.forms import posted, pressed
from schools.access import StaffRequest, staff_view
from schools.actions import school as school_actions
from schools.actions import staff as staff_actions
from schools.forms import NewAdminForm, NewSchoolForm, SchoolForm
from schools.models import School, StaffMember
from schools.roles import Role
from schools.views.own import perform_and_redirect
from schools.views.staff import issued_page

_ADMINS = Count("staff", filter=Q(staff__role=Role.SCHOOL_ADMIN, staff__user__is_active=True))


@staff_view("province.schools")
def schools(request: StaffRequest) -> HttpResponse:
    wanted = readers.search_words(request.GET.get("q", ""))
    rows = School.objects.annotate(admins=_ADMINS).order_by("code")
    if wanted:
        rows = rows.filter(Q(name__contains=wanted) | Q(code__startswith=wanted))
    return render(request, "schools/schools.html", {"rows": rows, "wanted": wanted})


@staff_view("province.schools")
def add(request: StaffRequest) -> HttpResponse:
    form = NewSchoolForm(posted(request))
    if form.is_valid():
        try:
            made = school_actions.add(by=request.user, **form.cleaned_data)
            messages.success(request, f"已新增{made}。请为学校新增系统管理员。")
            return redirect("console:school", pk=made.pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"form": form}
    return render(request, "schools/school_add.html", context, status=422 if form.errors else 200)


@staff_view("province.schools")
def school(request: StaffRequest, pk: int) -> HttpResponse:
    """Names and number; close or reopen; the admins. `what` tells the two forms apart."""
    row = get_object_or_404(School, pk=pk)
    adding, typed = pressed(request, "what") == "admin", posted(request)
    current = {"brand_name": row.brand_name, "phone": row.phone}
    school_form = SchoolForm(None if adding else typed, initial=current)
    admin_form = NewAdminForm(typed if adding else None)
    form = admin_form if adding else school_form
    if form.is_valid():
        try:
            if adding:
                return _add_admin(request, row, admin_form)
            school_actions.edit(school_id=pk, by=request.user, **form.cleaned_data)
            messages.success(request, "已保存。")
            return redirect("console:school", pk=pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    admins = StaffMember.objects.filter(school=row, role=Role.SCHOOL_ADMIN)
    context = {
        "row": row,
        "form": form,
        "school_form": school_form,
        "admin_form": admin_form,
        "admins": admins.select_related("user").order_by("user__login"),
        "cohorts": row.cohorts.all(),
    }
    return render(request, "schools/school.html", context, status=422 if form.errors else 200)


def _add_admin(request: StaffRequest, row: School, form: NewAdminForm) -> HttpResponse:
    issued = staff_actions.add(
        school=row, role=Role.SCHOOL_ADMIN, by=request.user, **form.cleaned_data
    )
    return issued_page(request, issued, reverse("console:school", args=[row.pk]))


@staff_view("province.schools")
@require_POST
def turn_school(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(School, pk=pk)
    opening = pressed(request, "open") == "1"
    change = school_actions.reopen if opening else school_actions.close
    said = f"已{'启用' if opening else '停用'}{row.name}。"
    act = lambda: change(school_id=pk, by=request.user)  # noqa: E731
    return perform_and_redirect(request, act, said, "console:school", pk=pk)


@staff_view("province.schools")
@require_POST
def turn_admin(request: StaffRequest, pk: int, staff_id: int) -> HttpResponse:
    admin = _admin_or_404(pk, staff_id)
    active = pressed(request, "active") == "1"
    said = f"已{'启用' if active else '停用'}{admin.user.label}的帐号。"
    return perform_and_redirect(
        request,
        lambda: staff_actions.set_active(staff_id=staff_id, active=active, by=request.user),
        said,
        "console:school",
        pk=pk,
    )


@staff_view("province.schools")
@require_POST
def reset_admin(request: StaffRequest, pk: int, staff_id: int) -> HttpResponse:
    admin = _admin_or_404(pk, staff_id)
    issued = staff_actions.reset_password(staff_id=admin.pk, by=request.user)
    return issued_page(request, issued, reverse("console:school", args=[pk]))


@staff_view("province.schools")
@require_POST
def remove_admin_factor(request: StaffRequest, pk: int, staff_id: int) -> HttpResponse:
    admin = _admin_or_404(pk, staff_id)
    issued = staff_actions.remove_second_factor(staff_id=admin.pk, by=request.user)
    return issued_page(request, issued, reverse("console:school", args=[pk]))


def _admin_or_404(pk: int, staff_id: int) -> StaffMember:
    rows = StaffMember.objects.select_related("user")
    return get_object_or_404(rows, pk=staff_id, school_id=pk, role=Role.SCHOOL_ADMIN)
