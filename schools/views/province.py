"""The province's page of schools and their admins."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from codes import readers
from core.errors import DomainError
from schools import forms
from schools.access import StaffRequest, staff_view
from schools.actions import school as school_actions
from schools.actions import staff as staff_actions
from schools.forms import Errors, FormField
from schools.models import School, StaffMember
from schools.roles import Role
from schools.views.own import do
from schools.views.staff import LOGIN, PERSON, issued_page

_PHONE = FormField("phone", "就业部门电话", "phone", required=False)
_NEW = (
    FormField("code", "院校代码", "number", max_length=5, hint="5位数字。"),
    FormField("name", "院校名称", max_length=60),
    _PHONE,
)
_EDIT = (
    FormField(
        "brand_name", "平台显示名称", required=False, max_length=60, hint="留空则显示院校名称。"
    ),
    _PHONE,
)
_ADMINS = Count("staff", filter=Q(staff__role=Role.SCHOOL_ADMIN, staff__user__is_active=True))


@staff_view("province.schools")
def schools(request: StaffRequest) -> HttpResponse:
    wanted = readers.read("search", request.GET.get("q", ""), label="关键字").value
    rows = School.objects.annotate(admins=_ADMINS).order_by("code")
    if wanted:
        rows = rows.filter(Q(name__contains=wanted) | Q(code__startswith=wanted))
    return render(request, "schools/schools.html", {"rows": rows, "wanted": wanted})


@staff_view("province.schools")
def add(request: StaffRequest) -> HttpResponse:
    typed, errors = request.POST.dict(), Errors()
    if request.method == "POST":
        keys = ("code", "name", "phone")
        try:
            made = school_actions.add(by=request.user, **{key: typed.get(key, "") for key in keys})
            messages.success(request, f"已新增{made}。请为学校新增系统管理员。")
            return redirect("console:school", pk=made.pk)
        except DomainError as refusal:
            errors = forms.errors_of(refusal)
    context = {"items": forms.items(_NEW, typed, errors), "errors": errors}
    return render(request, "schools/school_add.html", context, status=422 if errors else 200)


@staff_view("province.schools")
@never_cache
def school(request: StaffRequest, pk: int) -> HttpResponse:
    """Names and number; close or reopen; the admins. `what` tells the two forms apart."""
    row = get_object_or_404(School, pk=pk)
    typed: dict[str, Any] = request.POST.dict()
    edit_errors, admin_errors = Errors(), Errors()
    if request.method == "POST" and typed.get("what") == "admin":
        try:
            return _add_admin(request, row, typed)
        except DomainError as refusal:
            admin_errors = forms.errors_of(refusal)
    elif request.method == "POST":
        brand, phone = typed.get("brand_name", ""), typed.get("phone", "")
        try:
            school_actions.edit(school_id=pk, brand_name=brand, phone=phone, by=request.user)
            messages.success(request, "已保存。")
            return redirect("console:school", pk=pk)
        except DomainError as refusal:
            edit_errors = forms.errors_of(refusal)
    standing = {"brand_name": row.brand_name, "phone": row.phone}
    admins = StaffMember.objects.filter(school=row, role=Role.SCHOOL_ADMIN)
    context = {
        "row": row,
        "items": forms.items(_EDIT, typed if edit_errors else standing, edit_errors),
        "admin_items": forms.items((LOGIN, *PERSON), typed if admin_errors else {}, admin_errors),
        "admins": admins.select_related("user").order_by("user__login"),
        "cohorts": row.cohorts.all(),
        "errors": edit_errors | admin_errors,
    }
    bad = edit_errors or admin_errors
    return render(request, "schools/school.html", context, status=422 if bad else 200)


def _add_admin(request: StaffRequest, row: School, typed: dict[str, Any]) -> HttpResponse:
    issued = staff_actions.add(
        school=row,
        login=typed.get("login", ""),
        name=typed.get("name", ""),
        mobile=typed.get("mobile", ""),
        role=Role.SCHOOL_ADMIN,
        by=request.user,
    )
    return issued_page(request, issued, reverse("console:school", args=[row.pk]))


@staff_view("province.schools")
@require_POST
def turn_school(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(School, pk=pk)
    opening = request.POST.get("open") == "1"
    change = school_actions.reopen if opening else school_actions.close
    said = f"已{'启用' if opening else '停用'}{row.name}。"
    act = lambda: change(school_id=pk, by=request.user)  # noqa: E731
    return do(request, act, said, "console:school", pk=pk)


@staff_view("province.schools")
@require_POST
def turn_admin(request: StaffRequest, pk: int, staff_id: int) -> HttpResponse:
    admin = _admin_or_404(pk, staff_id)
    active = request.POST.get("active") == "1"
    said = f"已{'启用' if active else '停用'}{admin.user.label}的帐号。"
    return do(
        request,
        lambda: staff_actions.set_active(staff_id=staff_id, active=active, by=request.user),
        said,
        "console:school",
        pk=pk,
    )


@staff_view("province.schools")
@require_POST
@never_cache
def reset_admin(request: StaffRequest, pk: int, staff_id: int) -> HttpResponse:
    admin = _admin_or_404(pk, staff_id)
    issued = staff_actions.reset_password(staff_id=admin.pk, by=request.user)
    return issued_page(request, issued, reverse("console:school", args=[pk]))


def _admin_or_404(pk: int, staff_id: int) -> StaffMember:
    rows = StaffMember.objects.select_related("user")
    return get_object_or_404(rows, pk=staff_id, school_id=pk, role=Role.SCHOOL_ADMIN)
