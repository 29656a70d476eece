"""专业: the school's dictionary that forms and filters offer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core.errors import DomainError
from core.forms import posted, pressed
from schools.access import StaffRequest, staff_view
from schools.actions import majors as actions
from schools.forms import MajorForm
from schools.models import Major
from schools.views.own import own_school, perform_and_redirect


@staff_view("schools.set_up")
def majors(request: StaffRequest) -> HttpResponse:
    school, form = own_school(request), MajorForm(posted(request))
    if form.is_valid():
        try:
            made = actions.add(school=school, by=request.user, **form.cleaned_data)
            messages.success(request, f"已新增{made}。")
            return redirect("console:majors")
        except DomainError as refusal:
            form.add_refusal(refusal)
    rows = Major.objects.filter(school=school)
    context = {"rows": rows, "form": form}
    return render(request, "schools/majors.html", context, status=422 if form.errors else 200)


@staff_view("schools.set_up")
def major(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Major, pk=pk, school=own_school(request))
    form = MajorForm(posted(request), initial={"code": row.code, "name": row.name})
    if form.is_valid():
        try:
            actions.edit(major_id=pk, by=request.user, **form.cleaned_data)
            messages.success(request, "已保存。")
            return redirect("console:majors")
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"row": row, "form": form}
    return render(request, "schools/major.html", context, status=422 if form.errors else 200)


@staff_view("schools.set_up")
@require_POST
def turn_major(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Major, pk=pk, school=own_school(request))
    active = pressed(request, "active") == "1"
    return perform_and_redirect(
        request,
        lambda: actions.set_active(major_id=pk, active=active, by=request.user),
        f"已{'启用' if active else '停用'}{row}。",
        "console:majors",
    )
