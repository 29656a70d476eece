"""Importing destinations from a workbook.

Each row is entered by the action `enter`, as if the person who uploaded the workbook had typed it.
Good rows are entered even if others are refused. A row that repeats what is registered already
changes nothing, whatever its state, so an import may be repeated, or continued after a crash, and
importing an untouched export approves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from codes.readers import CELL, CELL_1904, FAILED_LOOKUP, Source, read
from core import files, jobs, spreadsheets
from core.errors import DomainError, Invalid
from core.models import StoredFile
from core.spreadsheets import WorkbookRefused, real_value
from core.spreadsheets.child import plain_header
from destinations.actions import enter
from destinations.catalogue import catalogue
from destinations.fields import ALL, BY_KEY, CATEGORY, FORM, FORMS, KEY_COLUMNS, NAME, STUDENT_NO
from destinations.models import Destination, DestinationImport
from destinations.rules import check_registration
from destinations.steps import MACHINE
from schools.models import School
from schools.scope import visible_to
from workbooks.actions import imports
from workbooks.states import ImportState

MOST_ROWS = 20_000
DESTINATION_IMPORTS = imports.import_kind(
    DestinationImport,
    name="destinations",
    label="去向导入",
    task="destinations.tasks.sweep_imports",
)


@dataclass
class WorkbookRow:
    """One row of the workbook, with the destination it is about and what is wrong with it."""

    number: int  # as the spreadsheet counts, the first row being 1
    cells: list[Any]
    values: dict[str, Any]  # by column of `KEY_COLUMNS`, or by the key of a field
    destination: Destination | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)  # (column, sentence)
    unchanged: bool = False
    source: Source = CELL


def upload(*, school: School, content: bytes, name: str, by: User) -> DestinationImport:
    return imports.upload(DESTINATION_IMPORTS, school=school, content=content, name=name, by=by)


def check(import_id: int) -> None:
    """Read the workbook and check every row. Nothing is registered yet."""
    with imports.checking(DESTINATION_IMPORTS, import_id) as leased:
        if leased is not None:
            header, rows = read_rows(leased)
            _report(leased, header, rows)
            imports.finish(leased, ImportState.PREVIEWED)


def apply(import_id: int) -> None:
    """Enter the good rows, each in a transaction of its own."""
    with imports.applying(DESTINATION_IMPORTS, import_id) as leased:
        if leased is not None:
            _apply(leased)


def _apply(leased: DestinationImport) -> None:
    header, rows = read_rows(leased)
    for index, row in enumerate(rows):
        if index % 50 == 0:
            imports.progress(DESTINATION_IMPORTS, leased, int(100 * index / len(rows)))
        if row.problems or row.unchanged or row.destination is None:
            continue
        try:
            with jobs.writing(leased):
                enter.enter(graduate_id=row.destination.pk, typed=row.values, by=leased.by)
        except Invalid as invalid:
            row.problems += [(_column(k), s) for k, many in invalid.errors.items() for s in many]
        except DomainError as refusal:
            row.problems.append((STUDENT_NO, refusal.message))
    _report(leased, header, rows)
    imports.done(leased, by=leased.by)


def run_overdue() -> None:
    imports.run_overdue(DESTINATION_IMPORTS, check=check, apply=apply)


# --- reading ---------------------------------------------------------------------------------


def read_rows(imported: DestinationImport) -> tuple[list[str], list[WorkbookRow]]:
    """The header, and every row checked for the person who uploaded the workbook. Raises
    `WorkbookRefused`."""
    wanted = {plain_header(h): h for h in (*KEY_COLUMNS, FORM)}
    wanted |= {plain_header(f.label): f.key for f in ALL}
    with files.local_copy(imported.file) as path:
        sheet = spreadsheets.read(path, headers=list(wanted), most_rows=MOST_ROWS)
    columns = [wanted.get(plain_header(h)) for h in sheet.header]
    missing = [c for c in KEY_COLUMNS if c not in columns]
    if missing:
        raise WorkbookRefused("missing_columns", f"工作簿缺少这些列：{'、'.join(missing)}")
    source = CELL_1904 if sheet.from_1904 else CELL
    rows = []
    for number, cells in sheet.rows:
        values = {c: real_value(v) for c, v in zip(columns, cells, strict=False) if c}
        rows.append(WorkbookRow(number, cells, values, source=source))
    destinations = _destinations_by_number(imported, rows)
    first_rows: dict[str, int] = {}
    for row in rows:
        _check_row(row, destinations, first_rows, imported.by)
    return sheet.header, rows


def _student_no(row: WorkbookRow) -> str:
    return _read_column(row, STUDENT_NO, "student_no")


def _read_column(row: WorkbookRow, column: str, kind: str = "text") -> str:
    """The content of a column that is no field of the destination; "" where it can't be read."""
    reading = read(kind, row.values.get(column), label=column, source=CELL)
    return reading.value or ""


def _destinations_by_number(
    imported: DestinationImport, rows: list[WorkbookRow]
) -> dict[str, Destination]:
    """Student number → destination, for those that the person who uploaded the workbook may see."""
    numbers = [_student_no(row) for row in rows]
    destinations = Destination.objects.select_related("graduate", "cohort", "school").filter(
        school_id=imported.school_id, graduate__student_no__in=numbers
    )
    visible = visible_to(destinations, imported.by, graduate="graduate")
    return {d.graduate.student_no: d for d in visible}


def _check_row(
    row: WorkbookRow,
    destinations: Mapping[str, Destination],
    first_rows: dict[str, int],
    by: User,
) -> None:
    """Write into `row` its destination, its values as they were read, and its problems.

    `first_rows` collects for each student number the number of the row that had it first.
    """
    student_no = _student_no(row)
    if student_no in first_rows:
        row.problems.append((STUDENT_NO, f"学号与第{first_rows[student_no]}行重复"))
        return
    first_rows[student_no] = row.number
    d = row.destination = destinations.get(student_no)
    if d is None:
        row.problems.append((STUDENT_NO, f"学号“{student_no}”不存在或不在您的管理范围内"))
        return
    if _read_column(row, NAME, "name") != d.graduate.name:
        row.problems.append((NAME, f"姓名与学号不符，系统中为{d.graduate.name}"))
        return
    if _repeats_export(row, d):
        row.unchanged = True
        return
    leaf = catalogue().by_text(_read_column(row, CATEGORY))
    if leaf is None:
        row.problems.append((CATEGORY, "毕业去向不在类别表中，请填写名称或代码"))
        return
    row.values |= {"category": leaf.code, "form": _form_key(_read_column(row, FORM))}
    registration = check_registration(
        row.values, evidence=None, graduates_on=d.graduate.graduates_on, source=row.source
    )
    row.problems += [(_column(i.field), i.message) for i in registration.issues if i.is_error]
    if row.problems:
        return
    if d.category == registration.category:
        kept = [i.field for i in registration.warnings() if i.code == FAILED_LOOKUP]
        registration.values.update({key: getattr(d, key) for key in kept})
    # `enter` gets the values that were read: a cell's own content, such as the serial number of a
    # date, may mean something else when it is typed into a form.
    row.values |= registration.values
    stored = {k: getattr(d, k) for k in BY_KEY}
    same = (d.category, d.form) == (registration.category, registration.form)
    if same and stored == registration.values:
        row.unchanged = True
        return
    try:
        MACHINE.check("enter", d, by)
    except DomainError as refusal:
        row.problems.append((STUDENT_NO, refusal.message))


def _repeats_export(row: WorkbookRow, d: Destination) -> bool:
    """Whether the row has in every column the words that the export writes for `d`.

    This is asked before the rules are checked, because what is stored need not pass the rules for
    a new registration: a destination that nobody has filled in yet lacks required values.
    """
    exported = {CATEGORY: catalogue().label_of(d.category), FORM: FORMS.get(d.form, "")}
    exported |= {f.key: f.show(getattr(d, f.key)) for f in ALL}
    return all(
        column in row.values and _text(row.values[column]) == _text(spreadsheets.safe(words))
        for column, words in exported.items()
    )


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _form_key(typed: str) -> str:
    """The key of a local form that is written as its key or as its name."""
    return next((key for key, label in FORMS.items() if typed in (key, label)), typed)


def _column(key: str) -> str:
    """The header of the column that holds the field `key`."""
    return BY_KEY[key].label if key in BY_KEY else {"form": FORM}.get(key, CATEGORY)


# --- what the import's page shows ------------------------------------------------------------


def _report(imported: DestinationImport, header: list[str], rows: list[WorkbookRow]) -> None:
    """Put the counts, the first thousand problems and the marked workbook on the import."""
    refused = [row for row in rows if row.problems]
    unchanged = sum(row.unchanged for row in rows)
    imported.counts = {
        "rows": len(rows),
        "able": len(rows) - len(refused) - unchanged,
        "unchanged": unchanged,
        "rejected": len(refused),
    }
    imported.issues = [
        {"row": row.number, "column": column, "message": sentence}
        for row in refused
        for column, sentence in row.problems
    ][:1000]
    imported.annotated = _annotated_file(imported, header, refused) if refused else None


def _annotated_file(
    imported: DestinationImport, header: list[str], refused: list[WorkbookRow]
) -> StoredFile:
    """A workbook of the refused rows in the same layout: the wrong cells marked, and beside each
    row the reasons and its number in the uploaded workbook."""
    columns = {plain_header(h): i for i, h in enumerate(header, start=1)}
    marks, lines = {}, []
    for at, row in enumerate(refused, start=2):
        for column, sentence in row.problems:
            position = columns.get(plain_header(column))
            if position:
                marks[(at, position)] = sentence
        cells = (row.cells + [None] * len(header))[: len(header)]
        reasons = "；".join(sentence for _, sentence in row.problems)
        lines.append([*map(_cell_to_write, cells), reasons, row.number])
    content = spreadsheets.write(
        [*header, "未导入原因", "原行号"], lines, title="去向", marks=marks
    )
    return imports.store(
        DESTINATION_IMPORTS, content, name="去向-未导入.xlsx", school_id=imported.school_id
    )


def _cell_to_write(cell: object) -> Any:
    """A cell as it came in, dates as text and whole numbers without decimals."""
    value = real_value(cell)
    if hasattr(value, "strftime"):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value
