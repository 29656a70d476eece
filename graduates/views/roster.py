"""The pages of roster imports, and the empty workbook to fill in."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from codes.fields import choices_by_label
from core import spreadsheets
from graduates import tasks
from graduates.actions import roster
from graduates.fields import BY_KEY, TEMPLATE_KEYS
from graduates.models import RosterImport
from schools.access import StaffRequest, staff_view
from workbooks.views.imports import ImportPages, all_of_school


def _first_issues(imported: RosterImport) -> dict[str, Any]:
    return {
        "errors": imported.issues.filter(is_error=True)[:200],
        "warnings": imported.issues.filter(is_error=False)[:200],
    }


_PAGES = ImportPages(
    templates="graduates/console",
    address="console:import",
    file_name="生源.xlsx",
    cancelled="已取消，没有导入任何数据。",
    visible=all_of_school(RosterImport),
    upload=roster.upload,
    confirm_action=roster.confirm,
    cancel_action=roster.cancel,
    check=tasks.check_import.delay,
    apply=tasks.apply_import.delay,
    detail_context=_first_issues,
)
_import_view = staff_view("graduates.import")
imports, detail, confirm, cancel, annotated = _PAGES.views(_import_view)


@_import_view
def template(request: StaffRequest) -> HttpResponse:
    fields = [BY_KEY[k] for k in TEMPLATE_KEYS]
    content = spreadsheets.write(
        [f.label for f in fields], [], title="生源信息", choices=choices_by_label(fields)
    )
    return spreadsheets.respond(content, "roster-template")
