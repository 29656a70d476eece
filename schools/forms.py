"""Small forms of the console, in the shape `core/parts/field.html` takes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import DomainError, Invalid

Errors = dict[str, list[str]]


@dataclass(frozen=True)
class FormField:
    key: str
    label: str
    kind: str = "text"
    required: bool = True
    max_length: int = 0
    hint: str = ""
    choices: Sequence[tuple[Any, Any]] | None = None


def items(
    fields: Iterable[FormField], values: Mapping[str, Any], errors: Mapping[str, list[str]]
) -> list[dict[str, Any]]:
    """Each field with what was typed (or stands) and what is wrong with it."""
    found = []
    for field in fields:
        value = values.get(field.key)
        if isinstance(value, datetime.date):
            value = value.isoformat()
        item: dict[str, Any] = {
            "field": field,
            "value": "" if value is None else value,
            "may": True,
            "required": field.required,
            "errors": errors.get(field.key, []),
        }
        if field.choices is not None:
            item["choices"] = field.choices
        found.append(item)
    return found


def errors_of(refusal: DomainError) -> Errors:
    """Sentences by field; what belongs to no field stands under "" at the top of the form."""
    if isinstance(refusal, Invalid):
        return refusal.errors
    return {refusal.field or "": [refusal.message]}


def read_date(typed: str, field: str) -> datetime.date | None:
    if not typed.strip():
        return None
    try:
        return datetime.date.fromisoformat(typed.strip())
    except ValueError:
        raise Invalid({field: ["日期不正确, 应如 2027-08-31。"]}) from None


def read_number(typed: str) -> int | None:
    """None for nothing and for what is no whole number."""
    typed = typed.strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 9 else None


def read_ids(typed: Iterable[str]) -> set[int]:
    return {number for number in map(read_number, typed) if number is not None}
