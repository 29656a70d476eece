"""Roster import pages: upload → progress → preview → confirm → result."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files, workbooks
from core.errors import DomainError
from graduates import tasks
from graduates.actions import roster
from graduates.fields import BY_KEY, TEMPLATE_KEYS
from graduates.models import RosterImport
from schools.access import StaffRequest, staff_view


def _mine(request: StaffRequest, pk: int) -> RosterImport:
    rows = RosterImport.objects.filter(school_id=request.staff.school_id)
    return get_object_or_404(rows.select_related("file", "annotated"), pk=pk)


@staff_view("graduates.import")
def imports(request: StaffRequest) -> HttpResponse:
    """Upload form and what was imported before."""
    error, status = "", 200
    if request.method == "POST" and request.staff.school is not None:
        upload = request.FILES.get("file")
        if upload is None:
            error = "请选择要导入的工作簿。"
        elif (upload.size or 0) > settings.ROSTER_MAX_BYTES:
            error = f"工作簿超过{settings.ROSTER_MAX_BYTES // 1024 // 1024}MB, 请分成几个文件导入。"
        else:
            with transaction.atomic():
                made = roster.upload(
                    school=request.staff.school,
                    content=upload.read(),
                    name=upload.name or "生源.xlsx",
                    by=request.user,
                )
                transaction.on_commit(lambda: tasks.check_import.delay(made.pk))
            return redirect("console:import", pk=made.pk)
        status = 422
    rows = RosterImport.objects.filter(school_id=request.staff.school_id).select_related("file")
    context = {"imports": rows[:30], "error": error}
    return render(request, "graduates/console/imports.html", context, status=status)


@staff_view("graduates.import")
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    made = _mine(request, pk)
    issues = made.issues.all()
    context = {
        "made": made,
        "errors": issues.filter(is_error=True)[:200],
        "warnings": issues.filter(is_error=False)[:200],
        "running": made.state in ("uploaded", "checking", "confirmed", "applying"),
    }
    template = (
        "graduates/console/parts/import.html" if request.htmx else "graduates/console/import.html"
    )  # type: ignore[attr-defined]
    return render(request, template, context)


@staff_view("graduates.import")
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    made = _mine(request, pk)
    with transaction.atomic():
        roster.confirm(roster_import=made, by=request.user)
        transaction.on_commit(lambda: tasks.apply_import.delay(made.pk))
    return redirect("console:import", pk=pk)


@staff_view("graduates.import")
@require_POST
def cancel(request: StaffRequest, pk: int) -> HttpResponse:
    try:
        roster.cancel(roster_import=_mine(request, pk), by=request.user)
        messages.info(request, "已取消, 没有导入任何数据。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("console:imports")


@staff_view("graduates.import")
def annotated(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The workbook with refused cells marked."""
    made = _mine(request, pk)
    if made.annotated is None:
        return redirect("console:import", pk=pk)
    return files.respond(made.annotated, download=True)


@staff_view("graduates.import")
def template(request: StaffRequest) -> HttpResponse:
    content = workbooks.write([BY_KEY[k].label for k in TEMPLATE_KEYS], [], title="生源信息")
    response = HttpResponse(content, content_type=workbooks.CONTENT_TYPE)
    response["Content-Disposition"] = 'attachment; filename="roster-template.xlsx"'
    return response
