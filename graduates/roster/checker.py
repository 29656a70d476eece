"""All rules over all rows, column by column: values repeat, so each is judged once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.workbooks import real_value
from graduates.fields import ALL, BY_KEY
from graduates.pinyin import name_sort
from graduates.roster.reader import Roster
from graduates.rules import Issue, check_record, read_cell

# Columns whose values hardly repeat: remembering them would only cost memory.
_UNIQUE = frozenset(
    {"name", "id_number", "student_no", "exam_no", "mobile", "email", "home_address"}
)
Progress = Callable[[int], None]


@dataclass
class CheckedRow:
    number: int
    values: dict[str, Any]
    issues: list[Issue]

    @property
    def ok(self) -> bool:
        return not any(i.is_error for i in self.issues)


@dataclass
class Checked:
    """`keys` are the fields the workbook has; others are left alone by the import."""

    keys: list[str]
    rows: list[CheckedRow] = field(default_factory=list)

    @property
    def good(self) -> list[CheckedRow]:
        return [r for r in self.rows if r.ok]


def check_roster(roster: Roster, progress: Progress | None = None) -> Checked:
    """Read and judge every row: cells, rules between fields, repetitions within the workbook."""
    width = len(roster.columns)
    by_column: list[list[Any]] = []
    issues: list[list[Issue]] = [[] for _ in roster.rows]
    keys = roster.keys
    for index in range(width):
        column = roster.columns[index]
        if column is None:
            continue
        raw = [cells[index] for _, cells in roster.rows]
        values, problems = _read_column(column.key, raw)
        by_column.append(values)
        for row, found in problems:
            issues[row] += found
        if progress:
            progress(int(60 * (index + 1) / width))
    checked = Checked(keys)
    for row, ((number, _), cells) in enumerate(
        zip(roster.rows, zip(*by_column, strict=True), strict=True)
    ):
        record = dict(zip(keys, cells, strict=True))
        found = issues[row]
        found += check_record(record)
        record["name_sort"] = name_sort(record["name"]) if record["name"] else ""
        checked.rows.append(CheckedRow(number, record, found))
    _find_repetitions(checked)
    if progress:
        progress(80)
    return checked


def _read_column(key: str, raw: list[Any]) -> tuple[list[Any], list[tuple[int, list[Issue]]]]:
    values: list[Any] = []
    problems: list[tuple[int, list[Issue]]] = []
    memory: dict[Any, Any] | None = None if key in _UNIQUE else {}
    for row, cell in enumerate(raw):
        if memory is not None:
            # True == 1 == 1.0 as dictionary keys, so the type belongs to the key.
            known = (cell[0] if isinstance(cell, list) else cell, type(cell))
            result = memory.get(known)
            if result is None:
                result = memory[known] = read_cell(key, real_value(cell))
        else:
            result = read_cell(key, real_value(cell))
        values.append(result[0])
        if result[1]:
            problems.append((row, result[1]))
    return values, problems


def _find_repetitions(checked: Checked) -> None:
    """The first good row keeps a number; each later one with the same is refused."""
    first: dict[tuple[str, Any, Any], int] = {}
    for row in checked.rows:
        mine = []
        for key in ("student_no", "exam_no", "id_number"):
            value = row.values.get(key)
            if not value:
                continue
            # 学号 is unique in the school, the others in their 届.
            known = (key, None if key == "student_no" else row.values.get("year"), value)
            if known in first:
                message = f"{BY_KEY[key].label}与第{first[known]}行重复"
                row.issues.append(Issue(key, "repeated", message))
            else:
                mine.append(known)
        if row.ok:
            first.update(dict.fromkeys(mine, row.number))


def complete(record: dict[str, Any]) -> dict[str, Any]:
    """`record` with the empty value of each field the workbook has not."""
    whole = {
        f.key: read_cell(f.key, None)[0] for f in ALL if f.key not in record and not f.required
    }
    return whole | record
