"""Imports whose rows each change one record: reading the rows, checking, writing and reporting them.

An app gives a `RowImport` the two functions that know its records: `read`, which checks every row,
and `write`, which writes one good row. Rosters and invitations have readers of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from codes import readers
from codes.readers import CELL, CELL_1904, FAILED_LOOKUP, Source
from core import files, jobs, spreadsheets
from core.errors import DomainError, Invalid
from core.jobs import JobKind
from core.spreadsheets import WorkbookRefused, real_value
from core.spreadsheets.child import plain_header
from workbooks.actions import imports
from workbooks.models import RowsImport, WorkbookImport
from workbooks.states import ImportState

STUDENT_NO, NAME = "学号", "姓名"
_MOST_ISSUES = 1000  # shown of the errors, and of the warnings
# (header of the column, sentence).
Issue = tuple[str, str]


@dataclass
class WorkbookRow:
    """One row of a workbook about one graduate, and what was found about it.

    `values` has the cells by key of their column. `problems` refuse the row, `warnings` do not.
    """

    number: int  # as the spreadsheet counts, the first row being 1
    cells: list[Any]
    values: dict[str, Any]
    source: Source = CELL
    problems: list[Issue] = field(default_factory=list)
    warnings: list[Issue] = field(default_factory=list)
    unchanged: bool = False
    student_no: str = ""

    def read_column(self, column: str, kind: str = "text") -> str:
        """The content of a column that is no declared field; "" if it is empty. A cell that can't be
        read, such as one whose formula failed, is a problem of the row; the 0 of a failed lookup is
        a warning."""
        reading = readers.read(kind, self.values.get(column), label=column, source=self.source)
        for finding in reading.findings:
            if finding.is_error:
                self.problems.append((column, finding.message))
            elif finding.code == FAILED_LOOKUP:
                self.warnings.append((column, finding.message))
        return reading.value or ""


M = TypeVar("M", bound=RowsImport)
T = TypeVar("T")
R = TypeVar("R", bound=WorkbookRow)


def read_cells(
    imported: WorkbookImport,
    columns: Mapping[str, str],
    *,
    required: Collection[str],
    most_rows: int,
    row_class: type[R],
) -> tuple[list[str], list[R]]:
    """The header and the rows of the workbook, not checked yet.

    `columns` maps headers to the keys of the rows' values; of several headers for a key, the last is
    its label. Raises `WorkbookRefused` if the workbook has none of them, lacks one of the `required`
    keys, or has one twice.
    """
    wanted = {plain_header(header): key for header, key in columns.items()}
    with files.local_copy(imported.file) as path:
        sheet = spreadsheets.read(path, headers=list(wanted), most_rows=most_rows)
    keys = [wanted.get(plain_header(h)) for h in sheet.header]
    labels = {key: label for label, key in columns.items()}
    missing = [labels[key] for key in required if key not in keys]
    if missing:
        raise WorkbookRefused("missing_columns", f"工作簿缺少这些列：{'、'.join(missing)}")
    twice = [labels[key] for key in labels if keys.count(key) > 1]
    if twice:
        raise WorkbookRefused("repeated_columns", f"工作簿中这些列出现了两次：{'、'.join(twice)}")
    source = CELL_1904 if sheet.from_1904 else CELL
    rows = [
        row_class(
            number,
            cells,
            {k: real_value(v) for k, v in zip(keys, cells, strict=False) if k},
            source=source,
        )
        for number, cells in sheet.rows
    ]
    for row in rows if STUDENT_NO in labels else ():
        row.student_no = row.read_column(STUDENT_NO, "student_no")
    return sheet.header, rows


class RecordFinder(Generic[T]):
    """Finds the record of each row by student number, and checks the name that the row has with it.

    `records` are those that the person who uploaded the workbook may see, by student number.
    """

    def __init__(self, records: Mapping[str, T], name_of: Callable[[T], str]) -> None:
        self._records = records
        self._name_of = name_of
        self._first_rows: dict[str, int] = {}

    def find(self, row: WorkbookRow) -> T | None:
        """The record of the row; None, and a problem of the row, if it is about nobody, has another
        name, or is about the same graduate as an earlier row."""
        if row.problems:
            return None
        number = row.student_no
        if number in self._first_rows:
            row.problems.append((STUDENT_NO, f"学号与第{self._first_rows[number]}行重复"))
            return None
        self._first_rows[number] = row.number
        record = self._records.get(number)
        if record is None:
            row.problems.append((STUDENT_NO, f"学号“{number}”不存在或不在您的管理范围内"))
            return None
        name, known = row.read_column(NAME, "name"), self._name_of(record)
        if not row.problems and name != known:
            row.problems.append((NAME, f"姓名与学号不符，系统中为{known}"))
        return None if row.problems else record


@dataclass(frozen=True)
class RowImport(Generic[M, R]):
    """One kind of import. `read` gives the header and the checked rows of a workbook, `write` enters
    one good row in a transaction of this class's, and `column` gives the label for the key of a
    field that an action refused. `title` names the workbook that is given back, `columns` is what
    `read_cells` was given."""

    kind: JobKind[M]
    title: str
    columns: Mapping[str, str]
    read: Callable[[M], tuple[list[str], list[R]]]
    write: Callable[[R, M], object]
    column: Callable[[str], str]

    def check(self, import_id: int) -> None:
        """Read the workbook and check every row. Nothing is written yet."""
        with imports.checking(self.kind, import_id) as leased:
            if leased is not None:
                header, rows = self.read(leased)
                self._report(leased, header, rows)
                imports.finish(leased, ImportState.PREVIEWED)

    def apply(self, import_id: int) -> None:
        """Write the good rows, each in a transaction of its own."""
        with imports.applying(self.kind, import_id) as leased:
            if leased is not None:
                self._apply(leased)

    def run_overdue(self) -> None:
        imports.run_overdue(self.kind, check=self.check, apply=self.apply)

    def _apply(self, leased: M) -> None:
        header, rows = self.read(leased)
        for index, row in enumerate(rows):
            if index % 50 == 0:
                imports.progress(self.kind, leased, int(100 * index / len(rows)))
            if row.problems or row.unchanged:
                continue
            try:
                with jobs.writing(leased):
                    self.write(row, leased)
            except Invalid as invalid:
                row.problems += [
                    (self.column(key), sentence)
                    for key, sentences in invalid.errors.items()
                    for sentence in sentences
                ]
            except DomainError as refusal:
                row.problems.append((STUDENT_NO, refusal.message))
        self._report(leased, header, rows)
        imports.done(leased, by=leased.by)

    def _report(self, imported: M, header: list[str], rows: list[R]) -> None:
        report(
            self.kind, imported, header, rows,
            title=self.title, columns=self.columns, school_id=imported.school_id,
        )  # fmt: skip


# --- what the import's page shows ------------------------------------------------------------------


def report(
    kind: JobKind[Any],
    imported: Any,
    header: list[str],
    rows: Sequence[WorkbookRow],
    *,
    title: str,
    columns: Mapping[str, str],
    school_id: int | None = None,
    by_id: int | None = None,
) -> None:
    """Put the counts, the first problems and warnings and the marked workbook on the import, not saved
    yet. `columns` is what `read_cells` was given, `title` names the workbook that is given back."""
    refused = [row for row in rows if row.problems]
    taken = [row for row in rows if not row.problems]
    unchanged = sum(row.unchanged for row in taken)
    imported.counts = {
        "rows": len(rows),
        "able": len(taken) - unchanged,
        "unchanged": unchanged,
        "rejected": len(refused),
    }
    shown = _own_headers(header, columns)
    for row in rows:
        row.problems = [(shown.get(column, column), text) for column, text in row.problems]
        row.warnings = [(shown.get(column, column), text) for column, text in row.warnings]
    problems = [(row.number, *issue) for row in refused for issue in row.problems]
    warnings = [(row.number, *issue) for row in taken for issue in row.warnings]
    imported.issues = [
        {"row": number, "column": column, "message": sentence} | more
        for issues, more in ((problems, {}), (warnings, {"is_warning": True}))
        for number, column, sentence in issues[:_MOST_ISSUES]
    ]
    imported.annotated = None
    if refused:
        imported.annotated = imports.store(
            kind, _annotated_workbook(header, refused, title=title),
            name=f"{title}-未导入.xlsx", school_id=school_id, by_id=by_id,
        )  # fmt: skip


def _annotated_workbook(header: list[str], refused: Sequence[WorkbookRow], *, title: str) -> bytes:
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
    return spreadsheets.write([*header, "未导入原因", "原行号"], lines, title=title, marks=marks)


def _own_headers(header: list[str], columns: Mapping[str, str]) -> dict[str, str]:
    """Label of a column → the header that it has in this workbook."""
    wanted = {plain_header(h): key for h, key in columns.items()}
    labels = {key: label for label, key in columns.items()}
    keys = [wanted.get(plain_header(h)) for h in header]
    return {labels[key]: h.strip() for key, h in zip(keys, header, strict=True) if key}


def repeats_words(cell: object, words: str) -> bool:
    """Whether a cell has the words that an export of ours has written into it."""
    written = spreadsheets.safe(words)
    return ("" if cell is None else str(cell).strip()) == str(written).strip()


def _cell_to_write(cell: object) -> Any:
    """A cell as it came in, dates as text and whole numbers without decimals."""
    value = real_value(cell)
    if hasattr(value, "strftime"):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value
