from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from codes import text
from graduates.fields import OriginField


@dataclass(frozen=True)
class Issue:
    """One refusal (`is_error`) or warning about one field. `code` is a stable slug."""

    field: str
    code: str
    message: str
    is_error: bool = True


Cell = str | int | float | bool | None
# A cell's value, None where it is refused, and what is to be said about it.
Read = tuple[Any, list[Issue]]


def refuse(field: OriginField, code: str, message: str) -> Read:
    return None, [Issue(field.key, code, message)]


def without_decimals(value: str) -> str:
    """340104 for 340104.0, as programs write a number that lost its type."""
    return re.sub(r"^(\d+)\.0+$", r"\1", value)


def plain_code(written: str) -> str:
    return without_decimals(text.clean_code(written))
