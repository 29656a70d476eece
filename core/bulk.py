"""Writing many rows at once: one statement over arrays, where Django's CASE per row is quadratic
in work (measured: 2,000 rows × 8 columns 3.5 s against 0.04 s)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


def update_rows(rows: Iterable[models.Model], fields: Sequence[str]) -> int:
    """UPDATE the named fields of `rows` (all of one model) by primary key; returns how many."""
    rows = list(rows)
    if not rows:
        return 0
    meta = rows[0]._meta
    key: Any = meta.pk
    columns: list[Any] = [meta.get_field(name) for name in fields]
    arrays = [[getattr(r, key.attname) for r in rows]]
    arrays += [[_plain(f, getattr(r, f.attname)) for r in rows] for f in columns]
    names = ", ".join(f"c{i}" for i in range(len(arrays)))
    casts = ", ".join(f"%s::{_array_type(f)}[]" for f in (key, *columns))
    sets = ", ".join(f'"{f.column}" = v.c{i}::{_type(f)}' for i, f in enumerate(columns, start=1))
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{meta.db_table}" t SET {sets} FROM unnest({casts}) AS v({names})'
            f' WHERE t."{key.column}" = v.c0',
            arrays,
        )
        return cursor.rowcount


def insert_rows(rows: Sequence[models.Model], fields: Sequence[str]) -> None:
    """COPY new rows of one model; columns not named take the database's defaults."""
    if not rows:
        return
    meta = rows[0]._meta
    columns: list[Any] = [meta.get_field(name) for name in fields]
    names = ", ".join(f'"{f.column}"' for f in columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{meta.db_table}" ({names}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row([_plain(f, getattr(row, f.attname)) for f in columns])


def _plain(field: Any, value: Any) -> Any:
    if isinstance(field, models.JSONField):
        return None if value is None else json.dumps(value, ensure_ascii=False)
    return value


def _type(field: Any) -> str:
    found: Any = field.target_field if isinstance(field, models.ForeignKey) else field
    return str(found.db_type(connection)).split(" CHECK")[0]


def _array_type(field: Any) -> str:
    found = _type(field)
    return "text" if found.startswith("varchar") or found == "jsonb" else found
