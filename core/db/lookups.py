"""Reads of a row or a few that nearly every request makes: compiled once a process, planned once a
connection, asked every time.

Compiling and planning such a query with its joins costs ten times what reading the row does. Only
the SQL, its plan and the meaning of its columns are kept, never a row.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.transaction import TransactionManagementError

from core.db.prepared import prepared

M = TypeVar("M", bound=Model)


def _place(number: int, kind: type) -> Any:
    """Stands for a key while the query is compiled; no row has it."""
    if kind is int:
        return -(2**53) - 1 - number
    return [f"\ue000{number}"] if kind is list else f"\ue000{number}"


class _Question:
    """A query compiled with places for its keys. `kinds` are the keys' types, one number if not
    said; a key of a list stands in `core.bulk.among`."""

    def __init__(self, kinds: tuple[type, ...]) -> None:
        self._kinds = kinds or (int,)

    def places(self) -> list[Any]:
        return [_place(n, kind) for n, kind in enumerate(self._kinds)]

    def compile(self, compiler: Any) -> None:
        self._sql, params = compiler.as_sql()
        places = self.places()
        self._params = list(params)
        self._keys = [(at, places.index(p)) for at, p in enumerate(params) if p in places]
        assert {number for _, number in self._keys} == set(range(len(places))), params

    @contextmanager
    def ask(self, keys: tuple[Any, ...]) -> Iterator[Any]:
        params = list(self._params)
        for at, number in self._keys:
            params[at] = keys[number]
        with prepared(), connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            yield cursor


@dataclass(frozen=True)
class _Shape:
    """What the ORM works out anew for every row of the same shape."""

    question: _Question
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
    else that changes from call to call."""

    def __init__(self, make: Callable[..., QuerySet[M]], *kinds: type) -> None:
        self._make, self._kinds = make, kinds

    @functools.cached_property
    def _shape(self) -> _Shape:
        question = _Question(self._kinds)
        query = self._make(*question.places())[:1].query
        compiler = query.get_compiler("default")
        question.compile(compiler)
        assert len(question._keys) == len(question.places()), question._sql
        info = compiler.klass_info
        columns = info["select_fields"]
        span = slice(columns[0], columns[-1] + 1)
        return _Shape(
            question=question,
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
        known = self._shape
        if known.locks and not connection.in_atomic_block:
            raise TransactionManagementError("rows are locked inside a transaction only")
        with known.question.ask(keys) as cursor:
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
            raise self._shape.model.DoesNotExist
        return found


class Rows:
    """All rows of `make(*keys)`, a queryset of plain values; a key may stand in several places."""

    def __init__(self, make: Callable[..., QuerySet[Any, Any]], *kinds: type) -> None:
        self._make, self._kinds = make, kinds

    @functools.cached_property
    def _question(self) -> _Question:
        question = _Question(self._kinds)
        compiler = self._make(*question.places()).query.get_compiler("default")
        question.compile(compiler)
        columns = [column for column, *_ in compiler.select]
        assert not compiler.get_converters(columns), question._sql
        return question

    def of(self, *keys: Any) -> list[tuple[Any, ...]]:
        with self._question.ask(keys) as cursor:
            return cursor.fetchall()
