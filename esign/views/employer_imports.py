"""Invitations by workbook on the unit's pages: template, upload, preview, confirmation and result."""

from __future__ import annotations

import functools
import operator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from accounts.throttle import client_address
from core import spreadsheets
from employers.access import EmployerRequest, employer_view
from employers.queries import begun_by
from esign import tasks
from esign.actions import imports
from esign.models import InvitationImport
from esign.resources import template_workbook
from workbooks.actions import imports as workbook_imports
from workbooks.views.imports import ImportPages

_TAB = {"tab": "invitations"}


def _visible(request: EmployerRequest) -> QuerySet[InvitationImport]:
    """The person's own imports, in all units they sign for, since they came to the unit or came back to
    it. A workbook is sent with the signature of
    whoever uploaded it, so not even a verified colleague may confirm it."""
    own = [begun_by(member, "created_at") for member in request.memberships]
    return InvitationImport.objects.filter(functools.reduce(operator.or_, own))


def _owner(request: EmployerRequest) -> dict[str, Any]:
    return {"member": request.member, "address": client_address(request)}


def _list_context(request: EmployerRequest) -> dict[str, Any]:
    missing = imports.missing_papers(request.member)
    return {"missing": missing, "most": imports.MOST_ROWS, "kept": imports.KEPT_FOR.days, **_TAB}


def _detail_context(workbook: InvitationImport) -> dict[str, Any]:
    return {"rows": imports.rows_with_names(workbook), **_TAB}


_PAGES = ImportPages(
    templates="esign/employer",
    address="employer-workbook",
    file_name="批量邀约.xlsx",
    cancelled="已取消，没有发送任何邀约。",
    visible=_visible,
    upload=imports.upload,
    confirm_action=workbook_imports.confirm,
    cancel_action=workbook_imports.cancel,
    check=tasks.check_import.delay,
    apply=tasks.apply_import.delay,
    owner=_owner,
    list_context=_list_context,
    detail_context=_detail_context,
    most_bytes=imports.MOST_BYTES,
)
listing, detail, confirm, cancel, annotated = _PAGES.views(employer_view)


@employer_view
def template(request: EmployerRequest) -> HttpResponse:
    return spreadsheets.respond(template_workbook(), "invitations-template")
