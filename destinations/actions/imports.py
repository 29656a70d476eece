"""Import of destinations by workbook: every row goes through `enter`, as if typed by that person.

A good row is never lost for a bad one; a row that says what is registered already changes
nothing, so a repeated import, or one taken up again after a crash, does no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from codes.readers import CELL, CELL_1904, Source, read
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
from destinations.states import APPROVED
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
class Line:
    """One row of the workbook: what it asks for, and what is to be said about it."""

    number: int
    cells: list[Any]
    values: dict[str, Any]
    destination: Destination | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)  # (column, sentence)
    unchanged: bool = False
    source: Source = CELL


def upload(*, school: School, content: bytes, name: str, by: User) -> DestinationImport:
    return imports.upload(DESTINATION_IMPORTS, school=school, content=content, name=name, by=by)


def check(import_id: int) -> None:
    """Read and judge every row; nothing is registered yet."""
    with imports.checking(DESTINATION_IMPORTS, import_id) as leased:
        if leased is not None:
            header, lines = read_lines(leased)
            _report(leased, header, lines)
            imports.finish(leased, ImportState.PREVIEWED)


def apply(import_id: int) -> None:
    """Enter the good rows, each in a transaction of its own."""
    with imports.applying(DESTINATION_IMPORTS, import_id) as leased:
        if leased is not None:
            _apply(leased)


def _apply(leased: DestinationImport) -> None:
    header, lines = read_lines(leased)
    for index, line in enumerate(lines):
        if index % 50 == 0:
            imports.progress(DESTINATION_IMPORTS, leased, int(100 * index / len(lines)))
        if line.problems or line.unchanged or line.destination is None:
            continue
        try:
            with jobs.writing(leased):
                enter.enter(graduate_id=line.destination.pk, typed=line.values, by=leased.by)
        except Invalid as invalid:
            line.problems += [(_label(k), s) for k, many in invalid.errors.items() for s in many]
        except DomainError as refusal:
            line.problems.append((STUDENT_NO, refusal.message))
    _report(leased, header, lines)
    imports.done(leased, by=leased.by)


def run_overdue() -> None:
    imports.run_overdue(DESTINATION_IMPORTS, check=check, apply=apply)


# --- reading ---------------------------------------------------------------------------------


def read_lines(made: DestinationImport) -> tuple[list[str], list[Line]]:
    """The workbook's rows judged for the person who uploaded it. Raises `WorkbookRefused`."""
    wanted = {plain_header(h): h for h in (*KEY_COLUMNS, FORM)}
    wanted |= {plain_header(f.label): f.key for f in ALL}
    with files.local_copy(made.file) as path:
        sheet = spreadsheets.read(path, headers=list(wanted), most_rows=MOST_ROWS)
    columns = [wanted.get(plain_header(h)) for h in sheet.header]
    missing = [c for c in KEY_COLUMNS if c not in columns]
    if missing:
        raise WorkbookRefused("missing_columns", f"工作簿缺少这些列: {'、'.join(missing)}")
    source = CELL_1904 if sheet.from_1904 else CELL
    lines = []
    for number, cells in sheet.rows:
        values = {c: real_value(v) for c, v in zip(columns, cells, strict=False) if c}
        lines.append(Line(number, cells, values, source=source))
    found = _destinations(made, lines)
    seen: dict[str, int] = {}
    for line in lines:
        _judge(line, found, seen, made)
    return sheet.header, lines


def _student_no(line: Line) -> str:
    return _written(line, STUDENT_NO, "student_no")


def _written(line: Line, column: str, kind: str = "text") -> str:
    """The content of a column that is no field of the destination, "" where it can't be read."""
    reading = read(kind, line.values.get(column), label=column, source=CELL)
    return reading.value or ""


def _destinations(made: DestinationImport, lines: list[Line]) -> dict[str, Destination]:
    """By student number, within the scope of who uploaded."""
    numbers = [_student_no(line) for line in lines]
    rows = Destination.objects.select_related("graduate", "cohort", "school").filter(
        school_id=made.school_id, graduate__student_no__in=numbers
    )
    visible = visible_to(rows, made.by, graduate="graduate")
    return {d.graduate.student_no: d for d in visible}


def _judge(
    line: Line, found: dict[str, Destination], seen: dict[str, int], made: DestinationImport
) -> None:
    number = _student_no(line)
    if number in seen:
        line.problems.append((STUDENT_NO, f"学号与第{seen[number]}行重复"))
        return
    seen[number] = line.number
    d = line.destination = found.get(number)
    if d is None:
        line.problems.append((STUDENT_NO, f"学号“{number}”不存在或不在您的管理范围内"))
        return
    if _written(line, NAME, "name") != d.graduate.name:
        line.problems.append((NAME, f"姓名与学号不符, 系统中为{d.graduate.name}"))
        return
    leaf = catalogue().by_text(_written(line, CATEGORY))
    if leaf is None:
        line.problems.append((CATEGORY, "毕业去向不在类别表中, 请填写名称或代码"))
        return
    line.values |= {"category": leaf.code, "form": _form(_written(line, FORM))}
    registration = check_registration(
        line.values, evidence=None, graduates_on=d.graduate.graduates_on, source=line.source
    )
    line.problems += [(_label(i.field), i.message) for i in registration.issues if i.is_error]
    if line.problems:
        return
    # What was read is entered: the cell itself may mean something else when typed into a form.
    line.values |= registration.values
    stored = {k: getattr(d, k) for k in BY_KEY}
    same = (d.category, d.form) == (registration.category, registration.form)
    if d.state in APPROVED and same and stored == registration.values:
        line.unchanged = True
        return
    try:
        MACHINE.check("enter", d, made.by)
    except DomainError as refusal:
        line.problems.append((STUDENT_NO, refusal.message))


def _form(typed: str) -> str:
    return next((key for key, label in FORMS.items() if typed in (key, label)), typed)


def _label(key: str) -> str:
    return BY_KEY[key].label if key in BY_KEY else {"form": FORM}.get(key, CATEGORY)


# --- the row of the import -------------------------------------------------------------------


def _report(made: DestinationImport, header: list[str], lines: list[Line]) -> None:
    rejected = [line for line in lines if line.problems]
    unchanged = sum(line.unchanged for line in lines)
    made.counts = {
        "rows": len(lines),
        "able": len(lines) - len(rejected) - unchanged,
        "unchanged": unchanged,
        "rejected": len(rejected),
    }
    made.issues = [
        {"row": line.number, "column": column, "message": sentence}
        for line in rejected
        for column, sentence in line.problems
    ][:1000]
    made.annotated = _annotated(made, header, rejected) if rejected else None


def _annotated(made: DestinationImport, header: list[str], rejected: list[Line]) -> StoredFile:
    """The refused rows in the same layout, the wrong cells marked, the reason in a last column."""
    columns = {plain_header(h): i for i, h in enumerate(header, start=1)}
    marks, rows = {}, []
    for at, line in enumerate(rejected, start=2):
        for column, sentence in line.problems:
            position = columns.get(plain_header(column))
            if position:
                marks[(at, position)] = sentence
        cells = [_shown(c) for c in _values(line, len(header))]
        rows.append([*cells, "; ".join(s for _, s in line.problems), line.number])
    content = spreadsheets.write([*header, "未导入原因", "原行号"], rows, title="去向", marks=marks)
    return imports.store(
        DESTINATION_IMPORTS, content, name="去向-未导入.xlsx", school_id=made.school_id
    )


def _values(line: Line, width: int) -> Iterator[Any]:
    yield from (line.cells + [None] * width)[:width]


def _shown(cell: Any) -> Any:
    value = real_value(cell)
    if hasattr(value, "strftime"):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value
