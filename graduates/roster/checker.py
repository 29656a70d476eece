"""Checking a roster. Cells are read column by column, so that a value that repeats is read once."""

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
from core import pdf
from core.spreadsheets import real_value
from graduates.fields import BY_KEY, OriginField
from graduates.pinyin import name_sort
from graduates.roster.reader import Roster
from graduates.rules import check_record
from graduates.rules.glyphs import check_glyphs

# Columns whose values hardly repeat, so that remembering them would only cost memory.
_HARDLY_REPEATED = frozenset(
    {"name", "id_number", "student_no", "exam_no", "mobile", "email", "home_address"}
)
# How cells of these columns look that a reader would accept unchanged: plain ASCII without blanks, or
# common Chinese characters. They are not read. A test checks that the readers do accept them.
PLAIN_VALUES = {
    "name": "[\u4e00-\u9fff]{2,20}",
    "id_number": "[0-9]{17}[0-9X]",
    "student_no": "[0-9]{2,20}",
    "exam_no": "[0-9]{4,18}",
    "mobile": "1[3-9][0-9]{9}",
    "email": r"[a-z0-9]{1,25}@[a-z0-9]{1,16}(\.[a-z0-9]{2,8}){1,2}",
}
_NEVER = "(?!)"  # a pattern that matches no text
# Types of which no two values of different types are equal.
_DISTINCT_TYPES = frozenset({str, float, type(None)})
# Is told how far the check is, in percent.
ReportProgress = Callable[[int], None]


@dataclass
class CheckedRow:
    """One row of a roster: its values as they were read, and what is wrong or doubtful."""

    number: int
    values: dict[str, Any]
    issues: list[Finding]

    @property
    def ok(self) -> bool:
        return not self.issues or not any(i.is_error for i in self.issues)


@dataclass
class CheckedRoster:
    """A roster after the check. `keys` are the fields that the workbook has; the import leaves all
    other fields alone."""

    keys: list[str]
    rows: list[CheckedRow] = field(default_factory=list)

    @property
    def good(self) -> list[CheckedRow]:
        return [r for r in self.rows if r.ok]


def check_roster(roster: Roster, progress: ReportProgress | None = None) -> CheckedRoster:
    """Read every cell, check the rules between fields, and find numbers that occur twice."""
    with _without_garbage_collection():
        checked = CheckedRoster(roster.keys)
        by_column, issues = _read_columns(roster, progress)
        sort_key = functools.cache(name_sort)
        for row, ((number, _), cells) in enumerate(
            zip(roster.rows, zip(*by_column, strict=True), strict=True)
        ):
            record = dict(zip(checked.keys, cells, strict=True))
            findings = issues.get(row, [])
            findings += check_record(record)
            record["name_sort"] = sort_key(record["name"]) if record["name"] else ""
            checked.rows.append(CheckedRow(number, record, findings))
        _find_repetitions(checked)
        _find_missing_glyphs(checked)
    if progress:
        progress(80)
    return checked


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Switch the garbage collector off. A check makes half a million small objects, none of them in a
    cycle, and looking for cycles among them takes a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read_columns(
    roster: Roster, progress: ReportProgress | None
) -> tuple[list[list[Any]], dict[int, list[Finding]]]:
    """The values of each column that is a field, and the findings by index of the row."""
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
        for row, findings in problems:
            issues.setdefault(row, []).extend(findings)
        if progress:
            progress(int(60 * (index + 1) / width))
    return by_column, issues


def _read_column(
    field: OriginField, raw: list[Any], source: Source
) -> tuple[list[Any], list[tuple[int, list[Finding]]]]:
    """The value of each cell of a column, and the findings of the rows that have any."""
    if field.key in _HARDLY_REPEATED:
        return _read_one_by_one(field, raw, source)
    if set(map(type, raw)) <= _DISTINCT_TYPES:
        read = {cell: field.read(cell, source=source) for cell in set(raw)}
        readings = [read[cell] for cell in raw]
    else:
        readings = _read_mixed_types(field, raw, source)
    problems = [(row, findings) for row, (_, findings) in enumerate(readings) if findings]
    return [value for value, _ in readings], problems


def _read_one_by_one(
    field: OriginField, raw: list[Any], source: Source
) -> tuple[list[Any], list[tuple[int, list[Finding]]]]:
    """As `_read_column`, reading only the cells that are not plain; most are."""
    match = re.compile(PLAIN_VALUES.get(field.key, _NEVER)).fullmatch
    values: list[Any] = list(raw)
    problems = []
    for row, cell in enumerate(raw):
        if type(cell) is str and match(cell):
            continue
        values[row], findings = field.read(real_value(cell), source=source)
        if findings:
            problems.append((row, findings))
    return values, problems


def _read_mixed_types(field: OriginField, raw: list[Any], source: Source) -> list[Reading]:
    """Read each distinct cell once. A cell is remembered together with its type, because
    True == 1 == 1.0. Dates are lists and errors are dictionaries, so their text is remembered."""
    memory: dict[Any, Reading] = {}
    readings = []
    for cell in raw:
        key = (str(cell) if isinstance(cell, list | dict) else cell, type(cell))
        reading = memory.get(key)
        if reading is None:
            reading = memory[key] = field.read(real_value(cell), source=source)
        readings.append(reading)
    return readings


def _find_missing_glyphs(checked: CheckedRoster) -> None:
    """Warn of names with a character that no font has: an agreement with it could not be printed."""
    names = [row.values.get("name") or "" for row in checked.rows]
    if not pdf.missing_characters("".join(names)):
        return
    for row, name in zip(checked.rows, names, strict=True):
        row.issues += check_glyphs(name)


def _find_repetitions(checked: CheckedRoster) -> None:
    """Refuse each row whose 学号, 考生号 or 证件号码 an earlier good row has, too. 学号 are compared in
    the whole roster, the others within one 届."""
    keys = [k for k in ("student_no", "exam_no", "id_number") if _has_repetitions(checked, k)]
    if not keys:
        return
    first: dict[tuple[str, Any, Any], int] = {}
    for row in checked.rows:
        own = []
        for key in keys:
            value = row.values.get(key)
            if not value:
                continue
            number = (key, None if key == "student_no" else row.values.get("year"), value)
            if number in first:
                message = f"{BY_KEY[key].label}与第{first[number]}行重复"
                row.issues.append(Finding("repeated", message, field=key))
            else:
                own.append(number)
        if row.ok:
            first.update(dict.fromkeys(own, row.number))


def _has_repetitions(checked: CheckedRoster, key: str) -> bool:
    """Whether a value occurs twice in any year. In most rosters none does, and nothing more is done."""
    values = [v for row in checked.rows if (v := row.values.get(key))]
    return len(set(values)) < len(values)
