"""A graduate's record as plain values by field key, and what hangs on those values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from graduates.fields import ALL, BY_KEY, CONFIRMED_KEYS, OriginField
from graduates.models import Graduate

RELATED = ("school", "cohort", "person", "department", "school_class")


def record_of(graduate: Graduate, keys: Sequence[str] = ()) -> dict[str, Any]:
    """Stored values by field key, of `keys` or of every field (then load `RELATED` first)."""
    record: dict[str, Any] = {}
    for key in keys or BY_KEY:
        match key:
            case "year":
                record[key] = graduate.cohort.year
            case "department":
                record[key] = graduate.department.name
            case "school_class":
                record[key] = graduate.school_class.name
            case "id_type" | "id_number":
                record[key] = getattr(graduate.person, key)
            case _:
                record[key] = getattr(graduate, key)
    return record


def shown(record: dict[str, Any]) -> list[tuple[str, list[tuple[OriginField, str]]]]:
    """The record in words, by group."""
    groups: dict[str, list[tuple[OriginField, str]]] = {}
    for field in ALL:
        groups.setdefault(field.group, []).append((field, field.show(record[field.key])))
    return list(groups.items())


def confirmation_hash(record: dict[str, Any]) -> str:
    """SHA-256 over everything the graduate confirms, as it is stored."""
    values = [[key, plain(record[key])] for key in CONFIRMED_KEYS]
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()


def plain(value: Any) -> Any:
    """A value as JSON has it: dates and decimals as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def is_confirmation_current(graduate: Graduate) -> bool:
    """The graduate confirmed, and what they confirmed still stands."""
    return graduate.confirmed_at is not None and graduate.confirmed_hash == confirmation_hash(
        record_of(graduate, CONFIRMED_KEYS)
    )
