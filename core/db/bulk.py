"""Updates and inserts of many rows in one statement over arrays.

Django's `bulk_update` writes a CASE for each row: 2,000 rows of 8 columns take it 3.5 s instead of
0.04 s.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field
from django.db.models.lookups import Lookup
from django.db.models.sql.compiler import SQLCompiler

_encode = json.JSONEncoder(ensure_ascii=False).encode


class _EqualsAny(Lookup):  # type: ignore[type-arg]
    """`name = ANY(array)`: one parameter, however many keys there are."""

    prepare_rhs = False

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        keys = list(self.rhs)
        if keys and type(keys[0]) is int:
            return f"{left} = ANY(%s::bigint[])", (*params, _array(keys))
        return f"{left} = ANY(%s)", (*params, keys)


def any_of(name: str, keys: Iterable[Any]) -> Lookup[bool]:
    """A condition for `filter`: `name` is one of `keys`. It matches the same rows as `name__in`,
    which writes a parameter for each key; with hundreds of keys that takes longer than the query."""
    return _EqualsAny(models.F(name), list(keys))


class RawJson(str):
    """Text that is JSON already, which is stored as it is instead of being encoded again."""

    __slots__ = ()


def update_rows(
    rows: Iterable[Any], fields: Sequence[str], model: type[models.Model] | None = None
) -> int:
    """UPDATE the named fields of `rows` by primary key; returns how many rows were changed.

    Rows are of one model or, with `model`, any objects that have `pk` and the fields. A value that
    is the same in all rows is sent once."""
    rows = list(rows)
    if not rows:
        return 0
    meta = (model or type(rows[0]))._meta
    key = meta.pk
    sets, casts, params = [], [_array_of(key)], []
    arrays = [_array([row.pk for row in rows])]
    for name in fields:
        field: Any = meta.get_field(name)
        values = [getattr(row, field.attname) for row in rows]
        if values.count(values[0]) == len(values):
            sets.append(f'"{field.column}" = %s::{_type(field)}')
            params.append(_plain(field, values[0]))
        else:
            if isinstance(field, models.JSONField):
                values = [_plain(field, value) for value in values]
            sets.append(f'"{field.column}" = v.c{len(arrays)}::{_type(field)}')
            casts.append(_array_of(field))
            arrays.append(_array(values))
    names = ", ".join(f"c{i}" for i in range(len(arrays)))
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{meta.db_table}" t SET {", ".join(sets)}'
            f" FROM unnest({', '.join(casts)}) AS v({names})"
            f' WHERE t."{key.column}" = v.c0',
            [*params, *arrays],
        )
        return cursor.rowcount


def _array(values: Sequence[object]) -> str:
    """An array literal. Letting psycopg look up the type of each of hundreds of values takes ten
    times as long."""
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if type(value) is int:
        return str(value)
    text = str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def insert_rows(
    model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY new rows, each the values of `fields`; columns not named take the database's
    defaults."""
    columns: list[Any] = [model._meta.get_field(name) for name in fields]
    json_at = [n for n, field in enumerate(columns) if isinstance(field, models.JSONField)]
    names = ", ".join(f'"{f.column}"' for f in columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{model._meta.db_table}" ({names}) FROM STDIN') as copy,
    ):
        for row in rows:
            values = list(row)
            for n in json_at:
                values[n] = _plain(columns[n], values[n])
            copy.write_row(values)


def _plain(field: Field[Any, Any], value: Any) -> Any:
    if isinstance(field, models.JSONField):
        if isinstance(value, RawJson):
            return str(value)
        return None if value is None else _encode(value)
    return value


def _array_of(field: Field[Any, Any]) -> str:
    found = _type(field)
    text = found.startswith("varchar") or found == "jsonb"
    return f"%s::{'text' if text else found}[]"


@functools.cache
def _type(field: Field[Any, Any]) -> str:
    found: Any = field.target_field if isinstance(field, models.ForeignKey) else field
    return str(found.db_type(connection)).split(" CHECK")[0]
