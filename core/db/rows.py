"""Writing one row where it is written again and again: events, messages, what a signature makes.

The same statement as the ORM's, compiled once a process and planned once a connection: compiling
it costs several times what PostgreSQL takes for it. No signals are sent; the house uses none.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Field, Model
from django.db.models.expressions import DatabaseDefault
from django.db.transaction import TransactionManagementError

from core.db.prepared import prepared


@contextmanager
def pipelined() -> Iterator[None]:
    """Within, no statement waits for the answer to the one before, unless that answer is needed:
    several go to PostgreSQL and back at once (libpq's pipeline). Only in a transaction, for what
    goes wrong may come out later than it was said, at the end at the latest."""
    if not connection.in_atomic_block:
        raise TransactionManagementError("statements go together inside a transaction only")
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
    """Statements that go together, and what is still to be read of their answers."""

    pipeline: Any
    unread: list[Callable[[], None]] = field(default_factory=list)


_open: ContextVar[_Batch | None] = ContextVar("pipelined", default=None)


def _ask(sql: str, values: Sequence[Any], read: Callable[[Any], None], *, later: bool) -> None:
    """Run a statement and let `read` look at its cursor: now, or when all went together."""
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
    """INSERT a new row and set its key and whatever the database filled in. With `once` a row that
    some unique index has already is left as it is; returns whether one was added. With `later`
    nobody needs the key, or to know whether it was added, before what goes `together` ends."""
    names, values = _given(row)
    sql, filled = _insert(type(row), names, once)
    row._state.db = "default"

    def read(cursor: Any) -> None:
        made = cursor.fetchone() if filled else None
        row._state.adding = cursor.rowcount != 1
        for one, value in zip(filled, made or (), strict=False):
            setattr(row, one.attname, value)

    _ask(sql, values, read, later=later)
    return not row._state.adding


def insert_each(found: Sequence[Model]) -> None:
    """INSERT several new rows of one model, with the same values given, in one statement; what a
    unique index has already is left as it is. Sets no keys."""
    given = [_given(row) for row in found]
    (names,) = {names for names, _ in given}
    sql, _ = _insert(type(found[0]), names, True, len(found))
    _ask(sql, [v for _, values in given for v in values], lambda cursor: None, later=True)


def _given(row: Model) -> tuple[tuple[str, ...], list[Any]]:
    """The columns of a new row that the database doesn't fill in, and their values."""
    values, names = [], []
    for column in row._meta.local_concrete_fields:
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
    fields = {f.attname: f for f in meta.local_concrete_fields}
    columns = ", ".join(f'"{fields[name].column}"' for name in names)
    filled = [f for f in meta.db_returning_fields if f.attname not in names]
    places = f"({', '.join(['%s'] * len(names))})"
    sql = f'INSERT INTO "{meta.db_table}" ({columns}) VALUES {", ".join([places] * count)}'
    if once:
        sql += " ON CONFLICT DO NOTHING"
    if filled:
        sql += " RETURNING " + ", ".join(f'"{f.column}"' for f in filled)
    return sql, filled


def update(row: Model, *names: str) -> None:
    """UPDATE the named fields of a row, or all of them; raises `DoesNotExist` if it is gone, which
    shows at the end of what goes `together`."""
    meta = row._meta
    own = [f for f in meta.local_concrete_fields if not f.primary_key]
    fields = [f for f in own if f.name in names] if names else own
    assert len(fields) == len(names) or not names, names
    values = [f.get_db_prep_save(f.pre_save(row, add=False), connection) for f in fields]

    def read(cursor: Any) -> None:
        if cursor.rowcount != 1:
            raise type(row).DoesNotExist

    sql = _update(type(row), tuple(f.column for f in fields))
    _ask(sql, [*values, row.pk], read, later=True)


@functools.lru_cache(maxsize=256)
def _update(model: type[Model], columns: tuple[str, ...]) -> str:
    meta = model._meta
    sets = ", ".join(f'"{column}" = %s' for column in columns)
    return f'UPDATE "{meta.db_table}" SET {sets} WHERE "{meta.pk.column}" = %s'
