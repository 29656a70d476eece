"""The cells of a workbook of invitations: which column is which field, and what a row says.

A row keeps its cells as the text that somebody would type for them, so that they can be read again
when the row is sent.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from codes import readers, text
from codes.findings import Finding
from codes.readers import CELL, FAILED_LOOKUP, Source
from core.spreadsheets import real_value
from core.spreadsheets.child import plain_header
from esign.actions.registered import KEYS, NAME, SCHOOL, STUDENT_NO
from esign.fields import ARCHIVE, BY_KEY, JOB, SIGN, of_step

_CONTACT = ("contact_phone", "contact_email")
FIELD_KEYS = (*[f.key for s in (JOB, ARCHIVE, SIGN) for f in of_step(s)], *_CONTACT)
COLUMN_KEYS = (*KEYS, *FIELD_KEYS)
HEADER = (*KEYS.values(), *[BY_KEY[k].label for k in FIELD_KEYS])
KEY_OF_HEADER = {plain_header(h): k for k, h in zip(COLUMN_KEYS, HEADER, strict=True)}
REQUIRED_KEYS = {*KEYS, *[f.key for f in of_step(JOB)]} - {"signing_notes", "penalty_notes"}
# An empty cell of these columns takes the known value; of other columns it is an empty value.
KEYS_WITH_KNOWN_VALUES = (*_CONTACT, "valid_days")
# The school in the template's example row. Rows with it are not read.
EXAMPLE_SCHOOL = "示例院校（本行是填写示例，不会发送）"
# How the cells that name the graduate are read.
_KINDS = {SCHOOL: "text", NAME: "name", STUDENT_NO: "student_no"}
# (number of the column from 1, or 0 for the whole row; sentence).
Problems = list[tuple[int, str]]


def columns_of(header: list[str]) -> list[str]:
    """The key of each column, "" for one that is not read."""
    return [KEY_OF_HEADER.get(plain_header(h), "") for h in header]


def cell_text(cell: Any, key: str, source: Source) -> str:
    """A cell's value as the text that somebody would type for it."""
    value = real_value(cell)
    field = BY_KEY.get(key)
    if field is not None and field.kind == "date":
        day = field.read(value, source=source).value
        if day is not None:
            return str(day)
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if value is None:
        return ""
    if field is not None and field.kind == "clauses":
        return text.unmark(text.clean_clauses(str(value)))
    if field is not None and field.kind == "text":
        return text.unquote(text.clean(str(value)))
    return text.clean(str(value))


@dataclass(frozen=True)
class RowCells:
    """One row of the workbook: its header and its cells as text."""

    header: list[str]
    cells: list[str]

    @cached_property
    def columns(self) -> list[str]:
        return columns_of(self.header)

    @cached_property
    def by_key(self) -> dict[str, str]:
        return dict(zip(self.columns, self.cells, strict=False))

    @property
    def is_example(self) -> bool:
        return self.by_key.get(SCHOOL) == EXAMPLE_SCHOOL

    def who(self) -> tuple[dict[str, str], dict[str, list[str]]]:
        """School, name and student number of the graduate, "" for what can't be read, and the errors
        of these cells by key."""
        who, errors = {}, {}
        for key, label in KEYS.items():
            raw = self.by_key.get(key)
            reading = readers.read(_KINDS[key], raw, label=label, required=True, source=CELL)
            who[key] = reading.value or ""
            if not reading.ok:
                errors[key] = [f.message for f in reading.findings]
        return who, errors

    def typed(self) -> dict[str, str]:
        """The values of the form's fields that the row fills in. The 0 of a failed lookup counts as
        empty, and an empty cell leaves a value that is known to the platform."""
        cells = {k: "" if k in self._zeros else v for k, v in self.by_key.items() if k in BY_KEY}
        return {k: v for k, v in cells.items() if v or k not in KEYS_WITH_KNOWN_VALUES}

    @cached_property
    def _zeros(self) -> dict[str, str]:
        """The warnings about cells that hold the 0 of a failed lookup, by key."""
        found = {}
        for key, cell in self.by_key.items():
            if key in BY_KEY:
                reading = BY_KEY[key].read(cell, source=CELL, required=False)
                if any(f.code == FAILED_LOOKUP for f in reading.findings):
                    label = BY_KEY[key].label
                    found[key] = f"{label}是0，一般是查找公式没有找到内容，按空白读取"
        return found

    def locate_warnings(self, findings: Iterable[Finding]) -> Problems:
        """What is to be looked at: failed lookups, and the findings of the rules."""
        by_key = {key: [sentence] for key, sentence in self._zeros.items()}
        for finding in findings:
            by_key.setdefault(finding.field, []).append(finding.message)
        return self.locate(by_key)

    def locate(self, sentences_by_key: Mapping[str, list[str]]) -> Problems:
        """The sentences by column. One about a field that the workbook has no column for begins with
        the field's name."""
        columns = self.columns
        return [
            (columns.index(k) + 1, sentence) if k in columns
            else (0, f"{BY_KEY[k].label}：{sentence}" if k in BY_KEY and k not in FIELD_KEYS else sentence)
            for k, sentences in sentences_by_key.items() for sentence in sentences
        ]  # fmt: skip
