"""Many rows at once: one statement over arrays, where Django's CASE per row is quadratic in work
(measured: 2,000 rows × 8 columns 3.5 s against 0.04 s)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
from django.db.models.lookups import Lookup

_encode = json.JSONEncoder(ensure_ascii=False).encode


class _Among(Lookup):  # type: ignore[type-arg]
    """name = ANY(array): one parameter, however many keys."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", (*params, list(self.rhs))


def among(name: str, keys: Iterable[Any]) -> Any:
    """A condition for `filter`: `name` is one of `keys`. The same rows as `name__in`, whose list
    of some hundreds of parameters takes longer to write than the rows to read."""
    return _Among(models.F(name), list(keys))


def update_rows(rows: Iterable[models.Model], fields: Sequence[str]) -> int:
    """UPDATE the named fields of `rows` (all of one model) by primary key; returns how many.

    A field that is the same in every row goes over once."""
    rows = list(rows)
    if not rows:
        return 0
    meta = rows[0]._meta
    key: Any = meta.pk
    sets, arrays, casts = [], [[getattr(r, key.attname) for r in rows]], [_array_of(key)]
    same = []
    for name in fields:
        field: Any = meta.get_field(name)
        values = [_plain(field, getattr(r, field.attname)) for r in rows]
        if values.count(values[0]) == len(values):
            sets.append(f'"{field.column}" = %s::{_type(field)}')
            same.append(values[0])
        else:
            sets.append(f'"{field.column}" = v.c{len(arrays)}::{_type(field)}')
            casts.append(_array_of(field))
            arrays.append(values)
    names = ", ".join(f"c{i}" for i in range(len(arrays)))
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{meta.db_table}" t SET {", ".join(sets)}'
            f" FROM unnest({', '.join(casts)}) AS v({names})"
            f' WHERE t."{key.column}" = v.c0',
            [*same, *arrays],
        )
        return cursor.rowcount


def insert_rows(
    model: type[models.Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY new rows, each the values of `fields`; columns not named take the database's
    defaults."""
    columns: list[Any] = [model._meta.get_field(name) for name in fields]
    names = ", ".join(f'"{f.column}"' for f in columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{model._meta.db_table}" ({names}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row([_plain(f, value) for f, value in zip(columns, row, strict=True)])


def _plain(field: Any, value: Any) -> Any:
    if isinstance(field, models.JSONField):
        return None if value is None else _encode(value)
    return value


def _array_of(field: Any) -> str:
    found = _type(field)
    text = found.startswith("varchar") or found == "jsonb"
    return f"%s::{'text' if text else found}[]"


def _type(field: Any) -> str:
    found: Any = field.target_field if isinstance(field, models.ForeignKey) else field
    return str(found.db_type(connection)).split(" CHECK")[0]
