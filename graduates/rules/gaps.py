"""The required fields that a record leaves empty."""

from __future__ import annotations

from typing import Any

from graduates.fields import ALL, BY_KEY, OriginField
from graduates.rules.record import Record, names_unit

# The fields that `required_gaps` looks at. A record with other fields only has no gaps.
_KEYS = tuple(f.key for f in ALL if f.asked or f.key == "directed_unit")


def required_gaps(record: Record) -> list[OriginField]:
    """The fields that the record must have and leaves empty. With one of them it can neither be
    confirmed nor locked. A roster may leave out some of them, which the graduate fills in."""
    return [BY_KEY[key] for key in _KEYS if _is_needed(key, record) and is_empty(record[key])]


def is_empty(value: Any) -> bool:
    return value is None or value == ""


def _is_needed(key: str, record: Record) -> bool:
    return key in record and (key != "directed_unit" or names_unit(record))
