"""A graduate's record as values by field key, and the confirmation of these values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from graduates.fields import BY_KEY, CONFIRMED_KEYS
from graduates.models import Graduate

RELATED = ("school", "cohort", "person", "department", "school_class")


def record_of(graduate: Graduate, keys: Sequence[str] = ()) -> dict[str, Any]:
    """The stored values by key, of the fields `keys` or of all fields. The relations in `RELATED` are
    best loaded before."""
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


def confirmation_hash(record: dict[str, Any]) -> str:
    """The SHA-256 of all values that the graduate confirms."""
    values = [[key, json_value(record[key])] for key in CONFIRMED_KEYS]
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()


def json_value(value: object) -> bool | int | str | None:
    """A value as it is written to JSON: dates and decimals as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)


def is_confirmation_current(graduate: Graduate) -> bool:
    """Whether the graduate confirmed the record as it is now."""
    return graduate.confirmed_at is not None and graduate.confirmed_hash == confirmation_hash(
        record_of(graduate, CONFIRMED_KEYS)
    )
