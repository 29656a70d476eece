"""Faster INSERT and UPDATE of single rows, for events, messages and signing.

Each statement is compiled once a process and planned once a connection. With plain
`save` an acceptance takes 1.7 times as long (`bin/bench orm`, docs/adr/0009). No signals are sent;
the platform uses none.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Field, Model
from django.db.models.expressions import DatabaseDefault
from django.db.transaction import TransactionManagementError
from psycopg import Pipeline

from core.db.lookups import concrete_fields
from core.db.prepared import prepared


@contextmanager
def pipelined() -> Iterator[None]:
    """Inside the block a write is sent without waiting for the answer to the one before (libpq's
    pipeline mode). An error may be raised after its statement, at the end of the block at the
    latest, so the block must be inside a transaction."""
    if not connection.in_atomic_block:
        raise TransactionManagementError("pipelines are for transactions only")
    if _open.get() is not None:
        yield
        return
    with connection.wrap_database_errors:
        with connection.connection.pipeline() as pipeline:
            batch = _Batch(pipeline)
            token = _open.set(batch)
            try:
                yield
            finally:
                _open.reset(token)
        for read in batch.unread:
            read()


@dataclass
class _Batch:
    """A pipeline, and functions that read the answers to its statements."""

    pipeline: Pipeline
    unread: list[Callable[[], None]] = field(default_factory=list)


_open: ContextVar[_Batch | None] = ContextVar("pipelined", default=None)


def _ask(
    sql: str, values: Sequence[Any], read: Callable[[CursorWrapper], None], *, later: bool
) -> None:
    """Execute a statement and give its cursor to `read`: at once, or with `later` when the
    pipeline ends."""
    batch = _open.get()
    with prepared():
        cursor = connection.cursor()
        cursor.execute(sql, values)

    def finish() -> None:
        with cursor:
            read(cursor)

    if batch is None:
        finish()
    elif later:
        batch.unread.append(finish)
    else:
        batch.pipeline.sync()
        finish()


def insert(row: Model, *, once: bool = False, later: bool = False) -> bool:
    """INSERT a new row and set its key and whatever the database filled in.

    With `once` a row that would break a unique index is left out. Returns whether a row was added.
    With `later` the answer is not needed before a surrounding `pipelined` block ends.
    """
    names, values = _given(row)
    sql, filled = _insert(type(row), names, once)
    row._state.db = "default"

    def read(cursor: CursorWrapper) -> None:
        made = cursor.fetchone() if filled else None
        row._state.adding = cursor.rowcount != 1
        for one, value in zip(filled, made or (), strict=False):
            setattr(row, one.attname, value)

    _ask(sql, values, read, later=later)
    return not row._state.adding


def insert_each(new: Sequence[Model]) -> None:
    """INSERT new rows of one model, with the same columns given, in one statement. A row that would
    break a unique index is left out. Sets no keys."""
    given = [_given(row) for row in new]
    (names,) = {names for names, _ in given}
    sql, _ = _insert(type(new[0]), names, True, len(new))
    _ask(sql, [v for _, values in given for v in values], lambda cursor: None, later=True)


def _given(row: Model) -> tuple[tuple[str, ...], list[Any]]:
    """The columns of a new row that the database does not fill in, and their values."""
    values, names = [], []
    for column in concrete_fields(type(row)):
        value = column.pre_save(row, add=True)
        if isinstance(value, DatabaseDefault) or (value is None and column.primary_key):
            continue
        names.append(column.attname)
        values.append(column.get_db_prep_save(value, connection))
    return tuple(names), values


@functools.lru_cache(maxsize=256)
def _insert(
    model: type[Model], names: tuple[str, ...], once: bool, count: int = 1
) -> tuple[str, Sequence[Field[Any, Any]]]:
    meta = model._meta
    fields = {f.attname: f for f in concrete_fields(model)}
    columns = ", ".join(f'"{fields[name].column}"' for name in names)
    filled = [f for f in fields.values() if f.attname not in names]
    places = f"({', '.join(['%s'] * len(names))})"
    sql = f'INSERT INTO "{meta.db_table}" ({columns}) VALUES {", ".join([places] * count)}'
    if once:
        sql += " ON CONFLICT DO NOTHING"
    if filled:
        sql += " RETURNING " + ", ".join(f'"{f.column}"' for f in filled)
    return sql, filled


def update(row: Model, *names: str) -> None:
    """UPDATE the named fields of a row, or all of them. Raises `DoesNotExist` if it is gone; inside
    `pipelined`, at the end of the block."""
    own = [f for f in concrete_fields(type(row)) if not f.primary_key]
    fields = [f for f in own if f.name in names] if names else own
    assert len(fields) == len(names) or not names, names
    values = [f.get_db_prep_save(f.pre_save(row, add=False), connection) for f in fields]

    def read(cursor: CursorWrapper) -> None:
        if cursor.rowcount != 1:
            raise type(row).DoesNotExist  # type: ignore[attr-defined]  # every model has one

    sql = _update(type(row), tuple(f.column for f in fields))
    _ask(sql, [*values, row.pk], read, later=True)


@functools.lru_cache(maxsize=256)
def _update(model: type[Model], columns: tuple[str, ...]) -> str:
    meta = model._meta
    sets = ", ".join(f'"{column}" = %s' for column in columns)
    return f'UPDATE "{meta.db_table}" SET {sets} WHERE "{meta.pk.column}" = %s'
