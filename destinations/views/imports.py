"""Import of destinations by workbook, from the template to the result, and the full export."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from core import spreadsheets
from destinations import tasks
from destinations.actions import imports
from destinations.fields import TEMPLATE
from destinations.models import DestinationImport
from destinations.resources import DestinationResource, workbook_choices
from destinations.views.lists import DestinationList
from schools.access import StaffRequest, staff_view
from workbooks.actions import imports as workbook_imports
from workbooks.views.imports import ImportPages, all_of_school_or_own

_PAGES = ImportPages(
    templates="destinations/console",
    address="console:destination-import",
    file_name="去向.xlsx",
    cancelled="已取消，没有录入任何去向。",
    visible=all_of_school_or_own(DestinationImport),
    upload=imports.upload,
    confirm_action=workbook_imports.confirm,
    cancel_action=workbook_imports.cancel,
    check=tasks.check_import.delay,
    apply=tasks.apply_import.delay,
)
_import_view = staff_view("destinations.import")
listing, detail, confirm, cancel, annotated = _PAGES.views(_import_view)


@_import_view
def template(request: StaffRequest) -> HttpResponse:
    """An empty workbook with the header row."""
    content = spreadsheets.write(TEMPLATE, [], title="去向", choices=workbook_choices())
    return spreadsheets.respond(content, "destination-template")


class DestinationExport(DestinationList):
    """The export of all filtered destinations in the layout of the import."""

    permission = "destinations.import"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        queryset, _ = self.filtered()
        rows = self.exportable(queryset).select_related("graduate")
        resource = DestinationResource()
        fields = resource.get_export_fields()
        content = spreadsheets.write(
            [f.column_name for f in fields],
            ([resource.export_field(f, d) for f in fields] for d in rows.iterator(2000)),
            title="去向",
            choices=workbook_choices(),
        )
        self.exported(len(content))
        return spreadsheets.respond(content, "destinations-full")
