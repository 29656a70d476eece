"""困难群体导入: the province's workbook, its preview with who leaves, and the confirmation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import bodies, spreadsheets
from core.errors import DomainError
from core.forms import posted
from schools.access import StaffRequest, staff_view
from schools.current_cohort import kept_year, years_of
from support import tasks
from support.actions import group_imports
from support.forms import ConfirmImportForm, GroupImportForm
from support.models import GroupImport
from support.states import ImportMode
from support.views.console_list import group_words
from workbooks.states import ImportState
from workbooks.views.imports import ImportPages

_view = staff_view("support.import")
_MOST_SHOWN = 200


def _visible(request: StaffRequest) -> QuerySet[GroupImport]:
    return GroupImport.objects.select_related("file", "annotated", "by")


_PAGES = ImportPages(
    templates="support/console/import",
    address="console:support-import",
    file_name="困难群体.xlsx",
    cancelled="已取消，名单没有改动。",
    visible=_visible,
    upload=group_imports.upload,
    confirm_action=group_imports.confirm,
    cancel_action=group_imports.cancel,
    check=tasks.check_group_import.delay,
    apply=tasks.apply_group_import.delay,
)
_, _, _, cancel, annotated = _PAGES.views(_view)


@_view
def listing(request: StaffRequest) -> HttpResponse:
    """The upload form and earlier imports."""
    years = [(str(year.year), str(year)) for year in years_of(request.user)]
    kept = kept_year(request.user)
    form = GroupImportForm(
        posted(request), request.FILES, most_bytes=bodies.ROSTER, years=years,
        initial={"year": str(kept.year) if kept is not None else ""},
    )  # fmt: skip
    if form.is_valid():
        typed = form.cleaned_data
        workbook = typed["file"]
        try:
            with transaction.atomic():
                uploaded = group_imports.upload(
                    content=workbook.read(), name=workbook.name or "困难群体.xlsx",
                    year=int(typed["year"] or 0), mode=typed["mode"], by=request.user,
                )  # fmt: skip
                transaction.on_commit(lambda: tasks.check_group_import.delay(uploaded.pk))
            return redirect("console:support-import", pk=uploaded.pk)
        except DomainError as refusal:
            form.add_refusal(refusal)
    context = {"imports": _visible(request).order_by("-id")[:30], "form": form}
    page = "support/console/import/imports.html"
    return render(request, page, context, status=form.status)


@_view
def detail(request: StaffRequest, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(_visible(request), pk=pk), ConfirmImportForm())


def _page(request: StaffRequest, imported: GroupImport, form: ConfirmImportForm) -> HttpResponse:
    waits = imported.state == ImportState.PREVIEWED
    leaving = group_imports.leaving_people(imported, _MOST_SHOWN) if waits else []
    context: dict[str, Any] = {
        "imported": imported,
        "running": imported.is_running,
        "leaving": [(listing, group_words(listing.groups)) for listing in leaving],
        "leaving_count": len(imported.leaving),
        "most_shown": _MOST_SHOWN,
        "needs_reason": group_imports.needs_reason(imported),
        "is_full": imported.mode == ImportMode.FULL,
        "form": form,
    }
    part = "parts/" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"support/console/import/{part}import.html", context, status=form.status)


@_view
@require_POST
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    imported, form = get_object_or_404(_visible(request), pk=pk), ConfirmImportForm(posted(request))
    if form.is_valid():
        try:
            with transaction.atomic():
                group_imports.confirm(imported, reason=form.cleaned_data["reason"], by=request.user)
                transaction.on_commit(lambda: tasks.apply_group_import.delay(pk))
        except DomainError as refusal:
            if imported.state != ImportState.PREVIEWED:
                messages.error(request, refusal.message)
                return redirect("console:support-import", pk=pk)
            form.add_refusal(refusal)
        else:
            return redirect("console:support-import", pk=pk)
    return _page(request, imported, form)


@_view
def template(request: StaffRequest) -> HttpResponse:
    return spreadsheets.respond(group_imports.template_workbook(), "support-template")
