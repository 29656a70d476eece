"""The workbook that is given back: in the same layout, with wrong cells marked and reasons in words."""

from __future__ import annotations

from typing import Any

from core import spreadsheets
from core.spreadsheets import real_value
from graduates.roster.checker import CheckedRoster, CheckedRow
from graduates.roster.reader import Roster

# Up to so many rows the whole workbook is given back, above it only the refused rows (DOMAIN §2).
MOST_ROWS_OF_WHOLE = 5000
# So many empty rows may be among them. More would make a huge workbook of a few rows.
MOST_EMPTY = 5000
_REASON, _ROW = "未导入原因", "原行号"


def annotated_workbook(roster: Roster, checked: CheckedRoster) -> bytes:
    """The roster as .xlsx: refused cells are coloured and have a comment, and the last column has the
    reasons. In a whole workbook every row keeps its number, so titles and empty rows are kept, too.
    """
    whole = (
        roster.rows[-1][0] <= MOST_ROWS_OF_WHOLE + MOST_EMPTY
        and len(roster.rows) <= MOST_ROWS_OF_WHOLE
    )
    above = [[_cell_to_write(c) for c in cells] for cells in roster.above] if whole else []
    header = list(roster.header) + ([_REASON] if whole else [_REASON, _ROW])
    columns = {c.key: i for i, c in enumerate(roster.columns, start=1) if c is not None}
    rows: list[list[Any]] = []
    marks: dict[tuple[int, int], str] = {}
    for (number, cells), row in zip(roster.rows, checked.rows, strict=True):
        if row.ok and not whole:
            continue
        if whole:
            rows += [[] for _ in range(number - len(above) - 2 - len(rows))]
        line = len(above) + len(rows) + 2
        reasons = _mark_cells(row, columns, line, marks)
        values = [_cell_to_write(c) for c in cells]
        rows.append([*values, reasons] if whole else [*values, reasons, number])
    return spreadsheets.write(header, rows, title="生源信息", marks=marks, above=above)


def _mark_cells(
    row: CheckedRow, columns: dict[str, int], line: int, marks: dict[tuple[int, int], str]
) -> str:
    """Add the marks of a row that is written as line `line`; returns its reasons."""
    reasons = []
    for issue in row.issues:
        if issue.is_error:
            reasons.append(issue.message)
            column = columns.get(issue.field)
            if column:
                marks[(line, column)] = issue.message
    return "；".join(reasons)


def _cell_to_write(cell: object) -> Any:
    """A cell as it came in, dates as text and whole numbers without decimals."""
    value = real_value(cell)
    if hasattr(value, "strftime"):
        return value.strftime("%Y%m%d")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value
