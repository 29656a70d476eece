"""Readers: one function for each kind of value, used wherever such values are typed or imported.

`read` turns what a person typed or a spreadsheet holds into the value to store, and says what is
wrong or doubtful about it. Forms, rosters, workbooks of destinations and invitations, corrections,
one-time codes and search boxes all use it. It depends on its arguments and the code tables only,
so that an import reads each distinct value once.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from codes import lookup
from codes.findings import Finding
from codes.readers import choices, contacts, dates, documents, numbers, texts, written
from codes.readers.expected import Expected, Reading, Source

__all__ = [
    "CELL", "CELL_1904", "FAILED_LOOKUP", "FORM", "KINDS", "Finding", "Reading", "Source",
    "empty_of", "read", "search_words",
]  # fmt: skip

# The code of the warning about an optional cell with the 0 of a failed lookup. It reads as empty, and
# an import keeps the value that is stored.
FAILED_LOOKUP = written.FAILED_LOOKUP
FORM, CELL, CELL_1904 = Source.FORM, Source.CELL, Source.CELL_1904

# The reader of each kind. It is given what is expected, the cleaned text, and the raw value.
_READERS: dict[str, Callable[[Expected, str, object], Reading]] = {
    "text": texts.read_text,
    "long": texts.read_long_text,
    "clauses": texts.read_clauses,
    "name": texts.read_name,
    "code": choices.read_code,
    "place": choices.read_place,
    "areas": choices.read_areas,
    "date": dates.read_date,
    "date_or_month": dates.read_date,
    "month": dates.read_date,
    "year": numbers.read_year,
    "number": numbers.read_whole_number,
    "money": numbers.read_whole_number,
    "decimal": numbers.read_duration,
    "bool": numbers.read_bool,
    "id_number": documents.read_id_number,
    "student_no": documents.read_student_no,
    "exam_no": documents.read_exam_no,
    "major_code": documents.read_major_code,
    "unit_code": documents.read_unit_code,
    "one_time_code": documents.read_one_time_code,
    "mobile": contacts.read_mobile,
    "phone": contacts.read_phone,
    "email": contacts.read_email,
    "postcode": contacts.read_postcode,
    "qq": contacts.read_qq,
    "url": contacts.read_url,
    "search": texts.read_search,
}
KINDS = frozenset(_READERS)
_WITHOUT_VALUE = frozenset(
    {"date", "date_or_month", "month", "year", "number", "money", "decimal", "bool"}
)

# Kinds of which the same text comes again and again: an upload of 20,000 records reads some 180,000
# values, and reading each of them anew took a third of its time. Names, numbers of persons and long
# texts are not kept.
_KEPT_KINDS = frozenset(
    {"text", "code", "place", "date", "date_or_month", "month", "year", "number", "money", "decimal",
     "bool", "major_code", "unit_code"}
)  # fmt: skip
_KEPT_TYPES = frozenset({int, float, bool, datetime.date, Decimal})
_LONGEST_KEPT = 60  # characters


def empty_of(kind: str) -> Any:
    """What is stored where nothing was written: None for days, numbers and yes or no, else ""."""
    return None if kind in _WITHOUT_VALUE else ""


def read(
    kind: str,
    raw: object,
    *,
    label: str,
    table: str = "",
    max_length: int = 0,
    required: bool = False,
    source: Source = FORM,
) -> Reading:
    """The value to store for `raw` and the findings about it.

    `kind` is one of `KINDS`, `table` the code table of a code, `max_length` in characters (0 for
    no limit). `raw` is what a form or `core.spreadsheets.real_value` gives: text, a number, a
    bool, a date or None. Nothing written reads as `empty_of(kind)`, or is refused with the code
    "empty" if `required`; the 0 that a failed lookup leaves in a cell likewise, with a warning. A
    refused value is None. Never raises on any `raw`.
    """
    expected = Expected(kind, label, table, max_length, required, source)
    if kind in _KEPT_KINDS and _is_short(raw):
        kept = _read_and_keep(expected, raw)
        return Reading(kept.value, list(kept.findings))
    return _read(expected, raw)


def search_words(typed: object) -> str:
    """What was typed into a search box; "" if nothing was, or nothing that can be looked for, such as
    the sign that stands for bytes of another encoding."""
    return read("search", typed, label="关键字").value or ""


@lookup.forgotten_with_tables
@functools.lru_cache(maxsize=20_000, typed=True)
def _read_and_keep(expected: Expected, raw: object) -> Reading:
    return _read(expected, raw)


def _is_short(raw: object) -> bool:
    """Whether `raw` is a plain value that takes little memory to keep."""
    return len(raw) <= _LONGEST_KEPT if type(raw) is str else type(raw) in _KEPT_TYPES


def _read(expected: Expected, raw: object) -> Reading:
    kind, label, required = expected.kind, expected.label, expected.required
    max_length = expected.max_length
    plain = written.as_text(expected, raw)
    if isinstance(plain, Finding):
        return Reading(None, [plain])
    if written.is_empty(expected, plain):
        if required:
            return Reading(None, [Finding("empty", f"{label}不能为空")])
        return Reading(empty_of(kind), [])
    if written.is_failed_lookup(expected, plain):
        return Reading(None if required else empty_of(kind), [written.failed_lookup(expected)])
    reading = _READERS[kind](expected, plain, raw)
    if max_length and isinstance(reading.value, str) and len(reading.value) > max_length:
        return Reading(None, [Finding("too_long", f"{label}超过{max_length}个字")])
    return reading
