"""All rules over all rows, column by column: values repeat, so each is judged once."""

from __future__ import annotations

import functools
import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from codes.findings import Finding
from codes.readers import Reading, Source
from core.spreadsheets import real_value
from graduates.fields import BY_KEY, OriginField
from graduates.pinyin import name_sort
from graduates.roster.reader import Roster
from graduates.rules import check_record

# Columns whose values hardly repeat: remembering them would only cost memory.
_UNIQUE = frozenset(
    {"name", "id_number", "student_no", "exam_no", "mobile", "email", "home_address"}
)
# Of those, how a text looks that every rule takes as it stands: plain ASCII without blanks, or
# the common Chinese characters. Whatever looks otherwise goes through the rules; a test holds
# the two against each other.
PLAIN = {
    "name": "[\u4e00-\u9fff]{2,20}",
    "id_number": "[0-9]{17}[0-9X]",
    "student_no": "[0-9]{2,20}",
    "exam_no": "[0-9]{4,18}",
    "mobile": "1[3-9][0-9]{9}",
    "email": r"[a-z0-9]{1,25}@[a-z0-9]{1,16}(\.[a-z0-9]{2,8}){1,2}",
}
_NOTHING_IS_PLAIN = "(?!)"  # matches no text
# Types whose values are never equal across types.
_KEYS_BY_THEMSELVES = frozenset({str, float, type(None)})
Progress = Callable[[int], None]


@dataclass
class CheckedRow:
    number: int
    values: dict[str, Any]
    issues: list[Finding]

    @property
    def ok(self) -> bool:
        return not self.issues or not any(i.is_error for i in self.issues)


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
    with _no_collection():
        checked = Checked(roster.keys)
        by_column, issues = _read_columns(roster, progress)
        sort_key = functools.cache(name_sort)
        for row, ((number, _), cells) in enumerate(
            zip(roster.rows, zip(*by_column, strict=True), strict=True)
        ):
            record = dict(zip(checked.keys, cells, strict=True))
            found = issues.get(row, [])
            found += check_record(record)
            record["name_sort"] = sort_key(record["name"]) if record["name"] else ""
            checked.rows.append(CheckedRow(number, record, found))
        _find_repetitions(checked)
    if progress:
        progress(80)
    return checked


@contextmanager
def _no_collection() -> Iterator[None]:
    """Half a million small objects come and none of them forms a cycle: looking for cycles among
    them over and over would take a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read_columns(
    roster: Roster, progress: Progress | None
) -> tuple[list[list[Any]], dict[int, list[Finding]]]:
    """The values of every column that is a field, and what is to be said about rows."""
    by_column: list[list[Any]] = []
    issues: dict[int, list[Finding]] = {}
    width = len(roster.columns)
    for index, column in enumerate(roster.columns):
        if column is None:
            continue
        values, problems = _read_column(
            column, [cells[index] for _, cells in roster.rows], roster.source
        )
        by_column.append(values)
        for row, found in problems:
            issues.setdefault(row, []).extend(found)
        if progress:
            progress(int(60 * (index + 1) / width))
    return by_column, issues


def _read_column(
    field: OriginField, raw: list[Any], source: Source
) -> tuple[list[Any], list[tuple[int, list[Finding]]]]:
    """The value of each cell of a column, and the rows about which there is something to say."""
    if field.key in _UNIQUE:
        return _read_unique(field, raw, source)
    if set(map(type, raw)) <= _KEYS_BY_THEMSELVES:
        read = {cell: field.read(cell, source=source) for cell in set(raw)}
        readings = [read[cell] for cell in raw]
    else:
        readings = _read_mixed(field, raw, source)
    problems = [(row, findings) for row, (_, findings) in enumerate(readings) if findings]
    return [value for value, _ in readings], problems


def _read_unique(
    field: OriginField, raw: list[Any], source: Source
) -> tuple[list[Any], list[tuple[int, list[Finding]]]]:
    """A plain cell, as most are, is its own value: only the others are read."""
    match = re.compile(PLAIN.get(field.key, _NOTHING_IS_PLAIN)).fullmatch
    values: list[Any] = list(raw)
    problems = []
    for row, cell in enumerate(raw):
        if type(cell) is str and match(cell):
            continue
        values[row], findings = field.read(real_value(cell), source=source)
        if findings:
            problems.append((row, findings))
    return values, problems


def _read_mixed(field: OriginField, raw: list[Any], source: Source) -> list[Reading]:
    """Each distinct cell is read once. Its type belongs to the key, because True == 1 == 1.0, and
    because dates come as lists and errors as dictionaries, which are no keys themselves."""
    memory: dict[Any, Reading] = {}
    readings = []
    for cell in raw:
        known = (str(cell) if isinstance(cell, list | dict) else cell, type(cell))
        reading = memory.get(known)
        if reading is None:
            reading = memory[known] = field.read(real_value(cell), source=source)
        readings.append(reading)
    return readings


def _find_repetitions(checked: Checked) -> None:
    """The first good row keeps a number; each later one with the same is refused."""
    # 学号 is unique in the school, the others in their 届.
    keys = [k for k in ("student_no", "exam_no", "id_number") if _has_repetitions(checked, k)]
    if not keys:
        return
    first: dict[tuple[str, Any, Any], int] = {}
    for row in checked.rows:
        mine = []
        for key in keys:
            value = row.values.get(key)
            if not value:
                continue
            known = (key, None if key == "student_no" else row.values.get("year"), value)
            if known in first:
                message = f"{BY_KEY[key].label}与第{first[known]}行重复"
                row.issues.append(Finding("repeated", message, field=key))
            else:
                mine.append(known)
        if row.ok:
            first.update(dict.fromkeys(mine, row.number))


def _has_repetitions(checked: Checked, key: str) -> bool:
    """Some value stands twice, in whatever year: most rosters have none and are done here."""
    values = [v for row in checked.rows if (v := row.values.get(key))]
    return len(set(values)) < len(values)
