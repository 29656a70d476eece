"""Postings by workbook on the unit's pages: template, upload, preview, confirmation and result."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from core import spreadsheets
from core.errors import DomainError
from core.forms import pressed
from employers.access import EmployerRequest, employer_view
from employers.models import Membership
from recruiting import queries, tasks
from recruiting.actions import posting_imports
from recruiting.models import Posting, PostingImport
from recruiting.unit_standing import recruiting_refusals
from workbooks.views.imports import ImportPages

_TAB = {"tab": "postings"}


def _visible(request: EmployerRequest) -> QuerySet[PostingImport]:
    rows = queries.posting_imports_of(request.memberships)
    return rows.select_related("member__unit")


def _list_context(request: EmployerRequest) -> dict[str, Any]:
    """The list has the workbooks of the chosen unit alone."""
    own = _visible(request).filter(member__unit=request.member.unit_id)
    return {
        "imports": own.select_related("file", "by")[:30],
        "verified": request.member.state == Membership.VERIFIED,
        "most": posting_imports.MOST_ROWS,
        "kept": posting_imports.KEPT_FOR.days,
        **_TAB,
    }


def _detail_context(imported: PostingImport) -> dict[str, Any]:
    issues = imported.issues
    counts = imported.counts
    made = {int(number): pk for number, pk in counts.get("made", {}).items()}
    rows = Posting.objects.in_bulk(made.values())
    return {
        "problems": [i for i in issues if not i.get("is_warning")],
        "warnings": [i for i in issues if i.get("is_warning")],
        "made": [(number, rows[pk]) for number, pk in sorted(made.items()) if pk in rows],
        "over": max(counts.get("able", 0) - counts.get("left", 0), 0),
        "refusals": recruiting_refusals(imported.member.unit),
        **_TAB,
    }


_PAGES = ImportPages(
    templates="recruiting/employer/workbook",
    address="employer-posting-workbook",
    file_name="职位.xlsx",
    cancelled="已取消，没有新增职位。",
    visible=_visible,
    upload=posting_imports.upload,
    confirm_action=posting_imports.confirm,
    cancel_action=posting_imports.cancel,
    check=tasks.check_posting_import.delay,
    apply=tasks.apply_posting_import.delay,
    owner=lambda request: {"member": request.member},
    list_context=_list_context,
    detail_context=_detail_context,
    most_bytes=posting_imports.MOST_BYTES,
)
listing, detail, _, cancel, annotated = _PAGES.views(employer_view)


@employer_view
@require_POST
def confirm(request: EmployerRequest, pk: int) -> HttpResponse:
    """Make drafts of the good rows, or hand them in, as the pressed button says."""
    imported = get_object_or_404(_visible(request), pk=pk)
    unit_id = imported.member.unit_id
    member = next(m for m in request.memberships if m.unit_id == unit_id)
    try:
        with transaction.atomic():
            posting_imports.confirm(
                imported, member=member, submits=pressed(request, "do") == "submit", by=request.user
            )
            transaction.on_commit(lambda: tasks.apply_posting_import.delay(pk))
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("employer-posting-workbook", pk=pk)


@employer_view
def template(request: EmployerRequest) -> HttpResponse:
    return spreadsheets.respond(posting_imports.template_workbook(), "postings-template")
