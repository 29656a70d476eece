"""The workbook that comes back: same layout, wrong cells marked, the reason in words."""

from __future__ import annotations

from typing import Any

from core import spreadsheets
from core.spreadsheets import real_value
from graduates.roster.checker import Checked, CheckedRow
from graduates.roster.reader import Roster

# Up to here the whole book comes back; above it only what was refused (DOMAIN §2).
WHOLE_BOOK = 5000
# So many empty rows may lie between and above; a lone row far below would make a huge book.
MOST_EMPTY = 5000
_REASON, _ROW = "未导入原因", "原行号"


def annotated_workbook(roster: Roster, checked: Checked) -> bytes:
    """The roster as .xlsx: refused cells coloured with a comment, reasons in a last column.

    The whole book has every row where it stood, titles and empty rows included.
    """
    whole = roster.rows[-1][0] <= WHOLE_BOOK + MOST_EMPTY and len(roster.rows) <= WHOLE_BOOK
    above = [[_shown(c) for c in cells] for cells in roster.above] if whole else []
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
        reasons = _mark(row, columns, line, marks)
        values = [_shown(c) for c in cells]
        rows.append([*values, reasons] if whole else [*values, reasons, number])
    return spreadsheets.write(header, rows, title="生源信息", marks=marks, above=above)


def _mark(
    row: CheckedRow, columns: dict[str, int], line: int, marks: dict[tuple[int, int], str]
) -> str:
    reasons = []
    for issue in row.issues:
        if issue.is_error:
            reasons.append(issue.message)
            column = columns.get(issue.field)
            if column:
                marks[(line, column)] = issue.message
    return "; ".join(reasons)


def _shown(cell: Any) -> Any:
    value = real_value(cell)
    if hasattr(value, "strftime"):
        return value.strftime("%Y%m%d")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value
