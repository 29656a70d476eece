"""Writing one row where it is written again and again: events, messages, what a signature makes.

The same statement as the ORM's, compiled once a process and planned once a connection: compiling
it costs several times what PostgreSQL takes for it. No signals are sent; the house uses none.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model
from django.db.models.expressions import DatabaseDefault

from core.prepared import prepared


def insert(row: Model, *, once: bool = False) -> bool:
    """INSERT a new row and set its key and whatever the database filled in. With `once` a row that
    some unique index has already is left as it is; returns whether one was added."""
    values, names = [], []
    for field in row._meta.local_concrete_fields:
        value = field.pre_save(row, add=True)
        if isinstance(value, DatabaseDefault) or (value is None and field.primary_key):
            continue
        names.append(field.attname)
        values.append(field.get_db_prep_save(value, connection))
    sql, filled = _insert(type(row), tuple(names), once)
    with prepared(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        made = cursor.fetchone() if filled else None
        added = cursor.rowcount == 1
    for field, value in zip(filled, made or (), strict=False):
        setattr(row, field.attname, value)
    row._state.adding, row._state.db = not added, "default"
    return added


@functools.lru_cache(maxsize=256)
def _insert(
    model: type[Model], names: tuple[str, ...], once: bool
) -> tuple[str, Sequence[Field[Any, Any]]]:
    meta = model._meta
    fields = {f.attname: f for f in meta.local_concrete_fields}
    columns = ", ".join(f'"{fields[name].column}"' for name in names)
    filled = [f for f in meta.db_returning_fields if f.attname not in names]
    sql = f'INSERT INTO "{meta.db_table}" ({columns}) VALUES ({", ".join(["%s"] * len(names))})'
    if once:
        sql += " ON CONFLICT DO NOTHING"
    if filled:
        sql += " RETURNING " + ", ".join(f'"{f.column}"' for f in filled)
    return sql, filled


def update(row: Model, *names: str) -> None:
    """UPDATE the named fields of a row, or all of them; raises `DoesNotExist` if it is gone."""
    meta = row._meta
    own = [f for f in meta.local_concrete_fields if not f.primary_key]
    fields = [f for f in own if f.name in names] if names else own
    assert len(fields) == len(names) or not names, names
    values = [f.get_db_prep_save(f.pre_save(row, add=False), connection) for f in fields]
    with prepared(), connection.cursor() as cursor:
        cursor.execute(_update(type(row), tuple(f.column for f in fields)), [*values, row.pk])
        if cursor.rowcount != 1:
            raise type(row).DoesNotExist


@functools.lru_cache(maxsize=256)
def _update(model: type[Model], columns: tuple[str, ...]) -> str:
    meta = model._meta
    sets = ", ".join(f'"{column}" = %s' for column in columns)
    return f'UPDATE "{meta.db_table}" SET {sets} WHERE "{meta.pk.column}" = %s'
