"""专业: the school's dictionary that forms and filters offer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core.errors import DomainError
from schools import forms
from schools.access import StaffRequest, staff_view
from schools.actions import majors as actions
from schools.forms import Errors, FormField
from schools.models import Major
from schools.views.own import do, own_school

_FIELDS = (
    FormField("code", "专业代码", max_length=10, hint="如 080901、120203K。"),
    FormField("name", "专业名称", max_length=50),
)


@staff_view("schools.set_up")
def majors(request: StaffRequest) -> HttpResponse:
    school, errors, typed = own_school(request), Errors(), request.POST.dict()
    if request.method == "POST":
        code, name = typed.get("code", ""), typed.get("name", "")
        try:
            made = actions.add(school=school, code=code, name=name, by=request.user)
            messages.success(request, f"已新增{made}。")
            return redirect("console:majors")
        except DomainError as refusal:
            errors = forms.errors_of(refusal)
    rows = Major.objects.filter(school=school)
    context = {"rows": rows, "items": forms.items(_FIELDS, typed, errors), "errors": errors}
    return render(request, "schools/majors.html", context, status=422 if errors else 200)


@staff_view("schools.set_up")
def major(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Major, pk=pk, school=own_school(request))
    typed: dict[str, Any] = {"code": row.code, "name": row.name}
    errors: Errors = {}
    if request.method == "POST":
        typed = request.POST.dict()
        code, name = typed.get("code", ""), typed.get("name", "")
        try:
            actions.edit(major_id=pk, code=code, name=name, by=request.user)
            messages.success(request, "已保存。")
            return redirect("console:majors")
        except DomainError as refusal:
            errors = forms.errors_of(refusal)
    context = {"row": row, "items": forms.items(_FIELDS, typed, errors), "errors": errors}
    return render(request, "schools/major.html", context, status=422 if errors else 200)


@staff_view("schools.set_up")
@require_POST
def turn_major(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Major, pk=pk, school=own_school(request))
    active = request.POST.get("active") == "1"
    return do(
        request,
        lambda: actions.set_active(major_id=pk, active=active, by=request.user),
        f"已{'启用' if active else '停用'}{row}。",
        "console:majors",
    )
