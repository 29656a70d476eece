"""The pages of every import by workbook: upload → progress → preview → confirm → result.

They serve staff and employers alike; what differs between the kinds of import is given to
`ImportPages` by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from core import files
from core.errors import DomainError
from core.forms import posted
from schools.access import StaffRequest
from schools.roles import Level
from workbooks.forms import WorkbookForm
from workbooks.models import WorkbookImport

M = TypeVar("M", bound=WorkbookImport)
# A StaffRequest or an EmployerRequest, whose access was checked by the app's own decorator.
CheckedRequest = Any
View = Callable[..., HttpResponseBase]


class ImportViews(NamedTuple):
    """The five views of one kind of import, for the app's `urls`."""

    listing: View
    detail: View
    confirm: View
    cancel: View
    annotated: View


def all_of_school(model: type[M]) -> Callable[[StaffRequest], QuerySet[M]]:
    """For `ImportPages.visible`: all imports of the person's school."""
    return lambda request: model._default_manager.filter(school_id=request.staff.own_school)


def all_of_school_or_own(model: type[M]) -> Callable[[StaffRequest], QuerySet[M]]:
    """For `ImportPages.visible`: all imports of the school for a school admin, for everybody else only
    their own."""

    def visible(request: StaffRequest) -> QuerySet[M]:
        rows = all_of_school(model)(request)
        is_admin = request.staff.role_level == Level.SCHOOL
        return rows if is_admin else rows.filter(by=request.user)

    return visible


@dataclass(frozen=True)
class ImportPages(Generic[M]):
    """The pages of one kind of import. `views` wraps them in the app's own access check.

    `visible` are the imports that the person may see. `upload`, `confirm_action` and
    `cancel_action` are the actions; `check` and `apply` start the background tasks that follow
    them. `owner` gives the arguments of `upload` that say whose import it is. `list_context` and
    `detail_context` give what the templates of this kind need besides.
    """

    templates: str  # the folder of imports.html, import.html and parts/import.html
    address: str  # URL name of one import's page; the list's has an s at its end
    file_name: str  # for an upload that has no name
    cancelled: str  # the message after an import was cancelled
    visible: Callable[[CheckedRequest], QuerySet[M]]
    upload: Callable[..., M]
    confirm_action: Callable[..., None]
    cancel_action: Callable[..., None]
    check: Callable[[int], Any]
    apply: Callable[[int], Any]
    owner: Callable[[CheckedRequest], dict[str, Any]] = lambda request: {
        "school": request.staff.school
    }
    list_context: Callable[[CheckedRequest], dict[str, Any]] = lambda request: {}
    detail_context: Callable[[M], dict[str, Any]] = lambda imported: {}
    most_bytes: int | None = None  # the limit of rosters where none is given

    def views(self, access: Callable[[View], View]) -> ImportViews:
        """The views of these pages, each behind the decorator `access`."""
        return ImportViews(
            listing=access(self.listing),
            detail=access(self.detail),
            confirm=access(require_POST(self.confirm)),
            cancel=access(require_POST(self.cancel)),
            annotated=access(self.annotated),
        )

    def listing(self, request: CheckedRequest) -> HttpResponse:
        """The upload form and earlier imports."""
        most_bytes = self.most_bytes or settings.ROSTER_MAX_BYTES
        form = WorkbookForm(posted(request), request.FILES, most_bytes=most_bytes)
        if form.is_valid():
            try:
                uploaded = self._upload(request, form.cleaned_data["file"])
                return redirect(self.address, pk=uploaded.pk)
            except DomainError as refusal:
                form.add_refusal(refusal)
        rows = self.visible(request).select_related("file", "by")[:30]
        context = {"imports": rows, "form": form, **self.list_context(request)}
        page = f"{self.templates}/imports.html"
        return render(request, page, context, status=422 if form.errors else 200)

    def _upload(self, request: CheckedRequest, workbook: UploadedFile) -> M:
        with transaction.atomic():
            uploaded = self.upload(
                **self.owner(request),
                content=workbook.read(),
                name=workbook.name or self.file_name,
                by=request.user,
            )
            transaction.on_commit(lambda: self.check(uploaded.pk))
        return uploaded

    def detail(self, request: CheckedRequest, pk: int) -> HttpResponse:
        """One import: its progress, its preview or its result. htmx asks for that part alone."""
        imported = self._get(request, pk)
        part = "parts/" if request.htmx else ""
        context = {
            "imported": imported,
            "running": imported.is_running,
            **self.detail_context(imported),
        }
        return render(request, f"{self.templates}/{part}import.html", context)

    def confirm(self, request: CheckedRequest, pk: int) -> HttpResponse:
        imported = self._get(request, pk)
        with transaction.atomic():
            self.confirm_action(imported, by=request.user)
            transaction.on_commit(lambda: self.apply(imported.pk))
        return redirect(self.address, pk=pk)

    def cancel(self, request: CheckedRequest, pk: int) -> HttpResponse:
        imported = self._get(request, pk)
        try:
            self.cancel_action(imported, by=request.user)
            messages.info(request, self.cancelled)
        except DomainError as refusal:
            messages.error(request, refusal.message)
        return redirect(f"{self.address}s")

    def annotated(self, request: CheckedRequest, pk: int) -> HttpResponseBase:
        """The workbook with refused cells marked."""
        imported = self._get(request, pk)
        if imported.annotated is None:
            return redirect(self.address, pk=pk)
        return files.respond(imported.annotated, download=True)

    def _get(self, request: CheckedRequest, pk: int) -> M:
        rows = self.visible(request).select_related("file", "annotated", "by")
        return get_object_or_404(rows, pk=pk)
