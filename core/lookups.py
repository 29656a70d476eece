"""Reads of one row that nearly every request makes: compiled once a process, planned once a
connection, asked every time.

Compiling and planning such a query with its joins costs ten times what reading the row does. Only
the SQL, its plan and the meaning of its columns are kept, never a row.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

from core.prepared import prepared

M = TypeVar("M", bound=Model)
# Stands in the query for the key while it is compiled; no row has it.
_PLACE = -(2**53) - 1


@dataclass(frozen=True)
class _Compiled:
    """What the ORM works out anew for every query of the same shape."""

    sql: str
    params: tuple[Any, ...]
    model: type[Model]
    names: list[str]
    span: slice
    related: list[Any]


class LookUp(Generic[M]):
    """The first row of `make(key)`: a queryset that has the key, a number, in just one place."""

    def __init__(self, make: Callable[[int], QuerySet[M]]) -> None:
        self._make = make

    @functools.cached_property
    def _compiled(self) -> _Compiled:
        query = self._make(_PLACE)[:1].query
        compiler = query.get_compiler("default")
        sql, params = compiler.as_sql()
        assert params.count(_PLACE) == 1, params
        assert not compiler.get_converters([column for column, *_ in compiler.select]), sql
        info = compiler.klass_info
        places = info["select_fields"]
        span = slice(places[0], places[-1] + 1)
        return _Compiled(
            sql=sql,
            params=tuple(params),
            model=info["model"],
            names=[column.target.attname for column, *_ in compiler.select[span]],
            span=span,
            # The stubs know Django 6's, which asks for one value more.
            related=get_related_populators(info, compiler.select, "default"),  # type: ignore[call-arg]
        )

    def first(self, key: int) -> M | None:
        known = self._compiled
        with prepared(), connection.cursor() as cursor:
            cursor.execute(known.sql, [key if p == _PLACE else p for p in known.params])
            row = cursor.fetchone()
        if row is None:
            return None
        found: Any = known.model.from_db("default", known.names, row[known.span])
        for related in known.related:
            related.populate(row, found)
        return found
