"""Importing archive transfers (档案转寄) from a workbook: courier numbers, and where archives go.

A workbook changes only the fields that it has columns for, so the list of a courier with 学号, 姓名,
单号 and 寄出日期 is enough. A row that repeats what is stored changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from codes.readers import FAILED_LOOKUP
from core.errors import DomainError
from graduates.actions import archive
from graduates.archive import ALL, BY_KEY, KEYS, OWN_KEYS, SENT_KEYS
from graduates.models import ArchiveImport, ArchiveTransfer, Graduate
from schools.models import School
from schools.scope import visible_to
from workbooks.actions import imports
from workbooks.actions.rows import (
    NAME,
    STUDENT_NO,
    RecordFinder,
    RowImport,
    WorkbookRow,
    read_cells,
    repeats_words,
)

MOST_ROWS = 20_000
KEY_COLUMNS = (STUDENT_NO, NAME)
ARCHIVE_IMPORTS = imports.import_kind(
    ArchiveImport,
    name="archives",
    label="档案转寄导入",
    task="graduates.tasks.sweep_archive_imports",
)
# How couriers and schools head these columns, too.
_OTHER_HEADERS = {
    "快递单号": "tracking_no", "EMS单号": "tracking_no", "机要号": "tracking_no",
    "单号": "tracking_no", "邮寄日期": "sent_on", "寄送日期": "sent_on",
}  # fmt: skip
_COLUMNS = {h: h for h in KEY_COLUMNS} | _OTHER_HEADERS | {f.label: f.key for f in ALL}


@dataclass
class ArchiveRow(WorkbookRow):
    """One row of the workbook, with the archive that it is about. `values` has what is stored after
    the import."""

    archive: ArchiveTransfer | None = None


def upload(*, school: School, content: bytes, name: str, by: User) -> ArchiveImport:
    return imports.upload(ARCHIVE_IMPORTS, school=school, content=content, name=name, by=by)


def _read_rows(imported: ArchiveImport) -> tuple[list[str], list[ArchiveRow]]:
    """The header, and every row checked for the person who uploaded the workbook."""
    header, rows = read_cells(
        imported, _COLUMNS, required=KEY_COLUMNS, most_rows=MOST_ROWS, row_class=ArchiveRow
    )
    finder = RecordFinder(_archives_by_number(imported, rows), lambda a: a.graduate.name)
    for row in rows:
        row.archive = finder.find(row)
        if row.archive is not None:
            _check_row(row, row.archive, imported.by)
    return header, rows


def _archives_by_number(
    imported: ArchiveImport, rows: list[ArchiveRow]
) -> dict[str, ArchiveTransfer]:
    """Student number → archive, for the graduates that the person may see. Those who have none yet
    get a new one, which is not saved."""
    graduates = Graduate.objects.select_related("cohort", "archive").filter(
        school_id=imported.school_id, student_no__in=[row.student_no for row in rows]
    )
    visible = visible_to(graduates, imported.by)
    return {g.student_no: _archive_of(g) for g in visible}


def _archive_of(graduate: Graduate) -> ArchiveTransfer:
    found = getattr(graduate, "archive", None)
    return found or ArchiveTransfer(graduate=graduate, school_id=graduate.school_id)


def _check_row(row: ArchiveRow, a: ArchiveTransfer, by: User) -> None:
    """Write into `row` the values as they were read, and its problems."""
    typed = {key: cell for key, cell in row.values.items() if key in BY_KEY}
    stored = {key: getattr(a, key) for key in KEYS}
    row.values = stored
    if all(repeats_words(cell, BY_KEY[key].show(stored[key])) for key, cell in typed.items()):
        row.unchanged = True
        return
    for key, cell in typed.items():
        reading = BY_KEY[key].read(cell, source=row.source, required=False)
        issues = row.problems if not reading.ok else row.warnings
        issues += [(BY_KEY[key].label, f.message) for f in reading.findings]
        if reading.ok and not any(f.code == FAILED_LOOKUP for f in reading.findings):
            row.values = row.values | {key: reading.value}
    row.unchanged = row.values == stored
    if row.problems or row.unchanged:
        return
    reason = archive.why_grey(a.graduate, a, by)
    if reason:
        row.problems.append((STUDENT_NO, reason))
        return
    errors: dict[str, list[str]] = {}
    if _changes(row, a, OWN_KEYS):
        errors |= archive.check_receiver(row.values)
    if _changes(row, a, SENT_KEYS):
        errors |= archive.check_sending(row.values)[1]
        try:
            archive.check_receiver_known(row.values["transfer_type"])
        except DomainError as refusal:
            errors.setdefault("transfer_type", [refusal.message])
    row.problems += [(_column(key), sentence) for key, many in errors.items() for sentence in many]


def _changes(row: ArchiveRow, a: ArchiveTransfer, keys: tuple[str, ...]) -> bool:
    return any(row.values[key] != getattr(a, key) for key in keys)


def _write_row(row: ArchiveRow, imported: ArchiveImport) -> None:
    a = row.archive
    if a is None:
        return
    if _changes(row, a, OWN_KEYS):
        archive.save(graduate_id=a.graduate_id, typed=row.values, by=imported.by)
    if _changes(row, a, SENT_KEYS):
        archive.record_sending(graduate_id=a.graduate_id, typed=row.values, by=imported.by)


def _column(key: str) -> str:
    """The header of the column that holds the field `key`."""
    return BY_KEY[key].label


_IMPORT = RowImport(
    kind=ARCHIVE_IMPORTS,
    title="档案转寄",
    columns=_COLUMNS,
    read=_read_rows,
    write=_write_row,
    column=_column,
)
check, apply, run_overdue = _IMPORT.check, _IMPORT.apply, _IMPORT.run_overdue
