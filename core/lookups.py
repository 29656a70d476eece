"""Reads of one row that nearly every request makes: compiled once a process, planned once a
connection, asked every time.

Compiling and planning such a query with its joins costs ten times what reading the row does. Only
the SQL, its plan and the meaning of its columns are kept, never a row.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.transaction import TransactionManagementError

from core.prepared import prepared

M = TypeVar("M", bound=Model)


def _place(number: int, kind: type) -> Any:
    """Stands for a key while the query is compiled; no row has it."""
    return -(2**53) - 1 - number if kind is int else f"\ue000{number}"


@dataclass(frozen=True)
class _Compiled:
    """What the ORM works out anew for every query of the same shape."""

    sql: str
    # Values of the query's own, and for the others which of the keys they are.
    params: tuple[Any, ...]
    keys: dict[int, int]
    locks: bool
    model: type[Model]
    names: list[str]
    span: slice
    related: list[Any]
    annotated: dict[str, int]
    converters: dict[int, Any]
    convert: Callable[[list[Any], dict[int, Any]], Iterable[Any]]


class LookUp(Generic[M]):
    """The first row of `make(*keys)`: a queryset that has each key in just one place, and nothing
    else that changes from call to call. `kinds` are the keys' types, one number if not said."""

    def __init__(self, make: Callable[..., QuerySet[M]], *kinds: type) -> None:
        self._make, self._kinds = make, kinds or (int,)

    @functools.cached_property
    def _compiled(self) -> _Compiled:
        places = [_place(n, kind) for n, kind in enumerate(self._kinds)]
        query = self._make(*places)[:1].query
        compiler = query.get_compiler("default")
        sql, params = compiler.as_sql()
        keys = {at: places.index(p) for at, p in enumerate(params) if p in places}
        assert sorted(keys.values()) == list(range(len(places))), params
        info = compiler.klass_info
        columns = info["select_fields"]
        span = slice(columns[0], columns[-1] + 1)
        return _Compiled(
            sql=sql,
            params=tuple(params),
            keys=keys,
            locks=bool(query.select_for_update),
            model=info["model"],
            names=[column.target.attname for column, *_ in compiler.select[span]],
            span=span,
            # The stubs know Django 6's, which asks for one value more.
            related=get_related_populators(info, compiler.select, "default"),  # type: ignore[call-arg]
            annotated=dict(compiler.annotation_col_map or {}),
            converters=compiler.get_converters([column for column, *_ in compiler.select]),
            convert=compiler.apply_converters,
        )

    def first(self, *keys: Any) -> M | None:
        known = self._compiled
        if known.locks and not connection.in_atomic_block:
            raise TransactionManagementError("rows are locked inside a transaction only")
        params = list(known.params)
        for at, number in known.keys.items():
            params[at] = keys[number]
        with prepared(), connection.cursor() as cursor:
            cursor.execute(known.sql, params)
            row = cursor.fetchone()
        if row is None:
            return None
        if known.converters:
            (row,) = known.convert([row], known.converters)
        found: Any = known.model.from_db("default", known.names, row[known.span])
        for related in known.related:
            related.populate(row, found)
        for name, at in known.annotated.items():
            setattr(found, name, row[at])
        return found

    def get(self, *keys: Any) -> M:
        """Raises the model's `DoesNotExist`."""
        found = self.first(*keys)
        if found is None:
            raise self._compiled.model.DoesNotExist
        return found
