"""Destinations by workbook: template, upload, preview, confirm, result; and the full export."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files, workbooks
from core.errors import DomainError
from destinations import tasks
from destinations.actions import imports
from destinations.fields import TEMPLATE
from destinations.models import DestinationImport
from destinations.resources import DestinationResource
from destinations.views.lists import DestinationList
from schools.access import StaffRequest, staff_view

_RUNNING = ("uploaded", "checking", "confirmed", "applying")


def _mine(request: StaffRequest, pk: int) -> DestinationImport:
    """A department's import is that person's own; the school admin sees all of the school."""
    rows = DestinationImport.objects.filter(school_id=request.staff.school_id)
    if request.staff.role != "school_admin":
        rows = rows.filter(by=request.user)
    return get_object_or_404(rows.select_related("file", "annotated", "by"), pk=pk)


@staff_view("destinations.import")
def listing(request: StaffRequest) -> HttpResponse:
    error, status = "", 200
    if request.method == "POST" and request.staff.school is not None:
        upload = request.FILES.get("file")
        if upload is None:
            error = "请选择要导入的工作簿。"
        elif (upload.size or 0) > settings.ROSTER_MAX_BYTES:
            error = "工作簿过大, 请分成几个文件导入。"
        else:
            with transaction.atomic():
                made = imports.upload(
                    school=request.staff.school,
                    content=upload.read(),
                    name=upload.name or "去向.xlsx",
                    by=request.user,
                )
                transaction.on_commit(lambda: tasks.check_import.delay(made.pk))
            return redirect("console:destination-import", pk=made.pk)
        status = 422
    rows = DestinationImport.objects.filter(school_id=request.staff.school_id)
    if request.staff.role != "school_admin":
        rows = rows.filter(by=request.user)
    context = {"imports": rows.select_related("file", "by")[:30], "error": error}
    return render(request, "destinations/console/imports.html", context, status=status)


@staff_view("destinations.import")
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    made = _mine(request, pk)
    context = {"made": made, "running": made.state in _RUNNING}
    part = "destinations/console/parts/import.html"
    whole = "destinations/console/import.html"
    return render(request, part if request.htmx else whole, context)  # type: ignore[attr-defined]


@staff_view("destinations.import")
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    made = _mine(request, pk)
    with transaction.atomic():
        imports.confirm(made=made, by=request.user)
        transaction.on_commit(lambda: tasks.apply_import.delay(made.pk))
    return redirect("console:destination-import", pk=pk)


@staff_view("destinations.import")
@require_POST
def cancel(request: StaffRequest, pk: int) -> HttpResponse:
    try:
        imports.cancel(made=_mine(request, pk), by=request.user)
        messages.info(request, "已取消, 没有录入任何去向。")
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("console:destination-imports")


@staff_view("destinations.import")
def annotated(request: StaffRequest, pk: int) -> HttpResponseBase:
    made = _mine(request, pk)
    if made.annotated is None:
        return redirect("console:destination-import", pk=pk)
    return files.respond(made.annotated, download=True)


@staff_view("destinations.import")
def template(request: StaffRequest) -> HttpResponse:
    """A workbook with the header row."""
    content = workbooks.write(TEMPLATE, [], title="去向")
    return _workbook(content, "destination-template")


class DestinationExport(DestinationList):
    """Everything that is filtered, in the layout that can be imported again."""

    permission = "destinations.import"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        queryset, _ = self.filtered()
        rows = self.exportable(queryset).select_related("graduate")
        resource = DestinationResource()
        fields = resource.get_export_fields()
        content = workbooks.write(
            [f.column_name for f in fields],
            ([resource.export_field(f, d) for f in fields] for d in rows.iterator(2000)),
            title="去向",
        )
        self.exported(len(content))
        return _workbook(content, "destinations-full")


def _workbook(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=workbooks.CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return response
