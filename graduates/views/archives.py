"""The console's list of archive transfers (档案转寄), and their import and export by workbook."""

from __future__ import annotations

from html import escape
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from codes import lookup
from codes.fields import choices_by_label
from core import spreadsheets
from core.lists.html import row_link
from core.lists.page import Column, Order, Page, Row
from graduates import tasks
from graduates.actions import archive_imports
from graduates.archive import ALL
from graduates.filters import GraduateFilter
from graduates.models import ArchiveImport, Graduate
from schools.access import StaffRequest, staff_view
from schools.lists import ConsoleList
from workbooks.actions import imports
from workbooks.views.imports import ImportPages, all_of_school_or_own

_TYPE, _SENT = "archive__transfer_type", "archive__sent_on"
_EMPTY, _READY, _GONE = "empty", "ready", "sent"
_STATES = {_EMPTY: "未填写去处", _READY: "待寄出", _GONE: "已寄出"}
_COLOURS = {_EMPTY: "off", _READY: "pending", _GONE: "ok"}
_HAS_TYPE = Q(archive__transfer_type__gt="")
_CONDITIONS = {
    _EMPTY: ~_HAS_TYPE,
    _READY: _HAS_TYPE & Q(archive__sent_on=None),
    _GONE: Q(archive__sent_on__isnull=False),
}


class ArchiveFilter(GraduateFilter):
    unit_name = "archive__unit_name"

    archive = django_filters.ChoiceFilter(
        label="档案", choices=list(_STATES.items()), method="by_archive"
    )

    def by_archive(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(_CONDITIONS[value])


def _name(row: Row) -> str:
    return row_link("console:archive", row["id"], row["name"])


def _state_of(row: Row) -> str:
    if row[_SENT] is not None:
        return _GONE
    return _READY if row[_TYPE] else _EMPTY


def _state(row: Row) -> str:
    state = _state_of(row)
    return f'<span class="state state-{_COLOURS[state]}">{_STATES[state]}</span>'


def _type(row: Row) -> str:
    return escape(lookup.name("archive_transfer_type", row[_TYPE] or ""))


class ArchiveList(ConsoleList):
    leads_to = "console:archive"
    title = "档案转寄"
    permission = "graduates.view"
    filterset_class = ArchiveFilter
    template_name = "graduates/archives/list.html"
    export_name = "archives"
    export_permission = "graduates.export"
    row_key = "id"
    columns = (
        Column("name", "姓名", ("name", "id"), _name, lambda r: r["name"]),
        Column("student_no", "学号", css="mono"),
        Column("state", "档案", (_TYPE, _SENT), _state, lambda r: _STATES[_state_of(r)]),
        Column("department", "院系", ("department__name",), css="wide"),
        Column("school_class", "班级", ("school_class__name",), css="wide"),
        Column("transfer_type", "档案转递类型", (_TYPE,), _type),
        Column("unit_name", "档案转寄单位名称", ("archive__unit_name",), css="wide"),
        Column("tracking_no", "机要/EMS单号", ("archive__tracking_no",), css="mono"),
        Column("sent_on", "寄出日期", (_SENT,), css="num"),
    )
    orders = (
        Order("student_no", "学号", ("student_no", "id"), indexed=True, column="student_no"),
        Order("name", "姓名拼音", ("name_sort", "id"), column="name"),
    )

    def all_rows(self) -> QuerySet[Graduate]:
        return Graduate.objects.all()

    def more_exports(self) -> list[tuple[str, str]]:
        may = self.user.has_perm("graduates.edit")
        return [("完整导入式", "console:archives-export")] if may else []

    def get_context(self, page: Page) -> dict[str, Any]:
        return {"may_import": self.user.has_perm("graduates.edit")}


# Columns of the export that the import does not read.
_MORE_COLUMNS = ("院系名称", "班级名称")
_NATIONAL_COLUMNS = ("转递编号", "核验编号")


class ArchiveExport(ArchiveList):
    """The export of all filtered graduates in the layout of the import. It is logged."""

    permission = "graduates.edit"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        queryset, _ = self.filtered()
        rows = self.exportable(queryset).select_related("archive", "department", "school_class")
        header = [*archive_imports.KEY_COLUMNS, *_MORE_COLUMNS, *(f.label for f in ALL)]
        content = spreadsheets.write(
            [*header, *_NATIONAL_COLUMNS],
            (_export_row(g) for g in rows.iterator(2000)),
            title="档案转寄",
            choices=choices_by_label(ALL),
        )
        self.exported(len(content))
        return spreadsheets.respond(content, "archives")


def _export_row(graduate: Graduate) -> list[str]:
    archive = getattr(graduate, "archive", None)
    first = [
        graduate.student_no, graduate.name, graduate.department.name, graduate.school_class.name,
    ]  # fmt: skip
    if archive is None:
        return first
    fields = [f.show(getattr(archive, f.key)) for f in ALL]
    return [*first, *fields, archive.transfer_no, archive.check_no]


_PAGES = ImportPages(
    templates="graduates/archives",
    address="console:archive-import",
    file_name="档案转寄.xlsx",
    cancelled="已取消，没有改动任何档案信息。",
    visible=all_of_school_or_own(ArchiveImport),
    upload=archive_imports.upload,
    confirm_action=imports.confirm,
    cancel_action=imports.cancel,
    check=tasks.check_archive_import.delay,
    apply=tasks.apply_archive_import.delay,
)
_import_view = staff_view("graduates.edit")
listing, detail, confirm, cancel, annotated = _PAGES.views(_import_view)


@_import_view
def template(request: StaffRequest) -> HttpResponse:
    """An empty workbook with the header row."""
    header = [*archive_imports.KEY_COLUMNS, *(f.label for f in ALL)]
    content = spreadsheets.write(header, [], title="档案转寄", choices=choices_by_label(ALL))
    return spreadsheets.respond(content, "archive-template")
