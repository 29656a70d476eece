"""What a reader is told about the value it reads, and the readings it may give."""

from __future__ import annotations

import enum
import re
from typing import Any, NamedTuple

from codes.findings import Finding


class Source(enum.Enum):
    """Where a value comes from. A workbook may count its days from 1900 or from 1904."""

    FORM = "form"
    CELL = "cell"
    CELL_1904 = "cell of a workbook that counts days from 1904"


class Reading(NamedTuple):
    """The value to store and the findings about it; `value` is None where it was refused."""

    value: Any
    findings: list[Finding]

    @property
    def ok(self) -> bool:
        return not any(f.is_error for f in self.findings)


class Expected(NamedTuple):
    """The declaration of a value as `codes.readers.read` was given it."""

    kind: str
    label: str
    table: str = ""
    max_length: int = 0
    required: bool = False
    source: Source = Source.FORM

    @property
    def is_cell(self) -> bool:
        return self.source is not Source.FORM


def accept(value: Any, findings: list[Finding] | None = None) -> Reading:
    """`value`, unless one of `findings` is an error."""
    if not findings:
        return Reading(value, [])
    return Reading(None if any(f.is_error for f in findings) else value, findings)


def accept_shape(value: str, shape: str, code: str, message: str) -> Reading:
    """`value` if the whole of it matches the pattern `shape`, else a refusal."""
    return accept(value) if re.fullmatch(shape, value) else refuse(code, message)


def accept_with_leading_zero(label: str, value: str) -> Reading:
    """`value` with the leading zero that a spreadsheet took away, and a warning."""
    note = f"{label}“{value}”缺少前导零，已按0{value}读取"
    return accept_with_warning(f"0{value}", "padded", note)


def refuse(code: str, message: str) -> Reading:
    return Reading(None, [Finding(code, message)])


def accept_with_warning(value: Any, code: str, message: str) -> Reading:
    return Reading(value, [Finding(code, message, is_error=False)])
