"""The pages of every import of a workbook: upload → progress → preview → confirm → result.

Staff's and employers' requests pass; what differs between them is given by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from core import files
from core.errors import DomainError, Refused
from workbooks.models import WorkbookImport

M = TypeVar("M", bound=WorkbookImport)
Request = Any  # passed a door: StaffRequest or EmployerRequest


@dataclass(frozen=True)
class ImportPages(Generic[M]):
    """The pages of one kind of import; an app wraps these methods in its own access check.

    `visible` are the imports somebody sees; `upload`, `confirm` and `cancel` are the actions,
    `check` and `apply` the tasks that follow them; `owner` says whose an upload is, `around` and
    `details` what the list and the page of one show more.
    """

    templates: str
    address: str  # of one import; that of the list ends in an s more
    file_name: str  # of a workbook that came without
    cancelled: str
    visible: Callable[[Request], QuerySet[M]]
    upload: Callable[..., M]
    confirm_action: Callable[..., None]
    cancel_action: Callable[..., None]
    check: Callable[[int], Any]
    apply: Callable[[int], Any]
    owner: Callable[[Request], dict[str, Any]] = lambda request: {"school": request.staff.school}
    around: Callable[[Request], dict[str, Any]] = lambda request: {}
    details: Callable[[M], dict[str, Any]] = lambda made: {}
    most_bytes: int | None = None  # the roster's by default

    def listing(self, request: Request) -> HttpResponse:
        """The upload form and earlier imports."""
        error = ""
        if request.method == "POST":
            try:
                return redirect(self.address, pk=self._take(request).pk)
            except DomainError as refusal:
                error = refusal.message
        rows = self.visible(request).select_related("file", "by")[:30]
        context = {"imports": rows, "error": error, **self.around(request)}
        page = f"{self.templates}/imports.html"
        return render(request, page, context, status=422 if error else 200)

    def _take(self, request: Request) -> M:
        upload = request.FILES.get("file")
        if upload is None:
            raise Refused("no_file", "请选择要导入的工作簿。")
        most = self.most_bytes or settings.ROSTER_MAX_BYTES
        if (upload.size or 0) > most:
            raise Refused("too_large", f"工作簿超过{most // 1024 // 1024}MB, 请分成几个文件导入。")
        with transaction.atomic():
            made = self.upload(
                **self.owner(request),
                content=upload.read(),
                name=upload.name or self.file_name,
                by=request.user,
            )
            transaction.on_commit(lambda: self.check(made.pk))
        return made

    def detail(self, request: Request, pk: int) -> HttpResponse:
        made = self._get(request, pk)
        part = "parts/" if request.htmx else ""  # type: ignore[attr-defined]
        context = {"made": made, "running": made.is_running, **self.details(made)}
        return render(request, f"{self.templates}/{part}import.html", context)

    def confirm(self, request: Request, pk: int) -> HttpResponse:
        made = self._get(request, pk)
        with transaction.atomic():
            self.confirm_action(made, by=request.user)
            transaction.on_commit(lambda: self.apply(made.pk))
        return redirect(self.address, pk=pk)

    def cancel(self, request: Request, pk: int) -> HttpResponse:
        made = self._get(request, pk)
        try:
            self.cancel_action(made, by=request.user)
            messages.info(request, self.cancelled)
        except DomainError as refusal:
            messages.error(request, refusal.message)
        return redirect(f"{self.address}s")

    def annotated(self, request: Request, pk: int) -> HttpResponseBase:
        """The workbook with refused cells marked."""
        made = self._get(request, pk)
        if made.annotated is None:
            return redirect(self.address, pk=pk)
        return files.respond(made.annotated, download=True)

    def _get(self, request: Request, pk: int) -> M:
        rows = self.visible(request).select_related("file", "annotated", "by")
        return get_object_or_404(rows, pk=pk)
