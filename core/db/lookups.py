"""Reads of one row or a few that nearly every request makes, compiled once a process.

Compiling such a query with its joins takes the ORM ten times as long as PostgreSQL takes to read
the row, and twice the time of the graduate's whole home page (`bin/bench orm`, docs/adr/0009). So
the SQL that the ORM writes is captured the first time and executed with other keys after that. No
row is ever kept.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import Field, ForeignKey, Model, OneToOneRel, QuerySet
from django.db.transaction import TransactionManagementError

from core.db.prepared import prepared

M = TypeVar("M", bound=Model)


def _placeholder(number: int, kind: type) -> Any:
    """A key that no row has; it marks the place of key `number` in the captured parameters."""
    if kind is int:
        return -(2**53) - 1 - number
    return [f"\ue000{number}"] if kind is list else f"\ue000{number}"


@dataclass(frozen=True)
class _Statement:
    """SQL, its parameters, and which parameters are which key: (position, number of the key)."""

    sql: str
    params: tuple[Any, ...]
    keys: tuple[tuple[int, int], ...]

    def execute(self, keys: Sequence[Any]) -> tuple[list[tuple[Any, ...]], list[str]]:
        """The rows, and the names of their columns."""
        params = list(self.params)
        for position, number in self.keys:
            params[position] = keys[number]
        with prepared(), connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            return cursor.fetchall(), [column[0] for column in cursor.description]


class _Captured(Exception):
    """Carries the statement that the ORM was about to execute."""


def _capture(queryset: QuerySet[Any, Any], placeholders: Sequence[Any]) -> _Statement:
    """The statement that evaluating `queryset` would execute. It is not executed."""

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        raise _Captured(sql, tuple(params))

    try:
        with connection.execute_wrapper(wrapper):
            list(queryset)
    except _Captured as captured:
        sql, params = captured.args
    keys = [
        (position, placeholders.index(param))
        for position, param in enumerate(params)
        if param in placeholders
    ]
    if {number for _, number in keys} != set(range(len(placeholders))):
        raise ImproperlyConfigured(f"not every key stands in the query: {sql}")
    return _Statement(sql, params, tuple(keys))


class Rows:
    """All rows of `make(*keys)`, a queryset of plain values.

    `kinds` are the types of the keys: int, str, or list for a key of `core.db.bulk.any_of`; one
    int if not given. A key may stand in several places.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, Any]], *kinds: type) -> None:
        self._make, self._kinds = make, kinds or (int,)

    @functools.cached_property
    def _statement(self) -> _Statement:
        placeholders = [_placeholder(n, kind) for n, kind in enumerate(self._kinds)]
        return _capture(self._make(*placeholders), placeholders)

    def of(self, *keys: Any) -> list[tuple[Any, ...]]:
        rows, _ = self._statement.execute(keys)
        return rows


# --- rows as objects -----------------------------------------------------------------------------


@functools.cache
def concrete_fields(model: type[Model]) -> list[Field[Any, Any]]:
    """The fields of `model` that have a column, in the order in which the ORM selects them."""
    fields = (f for f in model._meta.get_fields() if isinstance(f, Field) and f.concrete)
    return sorted((f for f in fields if not f.many_to_many), key=lambda f: f.creation_counter)


@dataclass(frozen=True)
class _Part:
    """The columns of one model in a row: of the row itself, or of a related object."""

    model: type[Model]
    path: tuple[str, ...]  # relations that lead here from the row's own model
    start: int
    names: tuple[str, ...]
    converters: tuple[tuple[int, Callable[..., Any]], ...]

    @property
    def stop(self) -> int:
        return self.start + len(self.names)

    def build(self, row: tuple[Any, ...]) -> Model | None:
        values = list(row[self.start : self.stop])
        if self.path and not any(value is not None for value in values):
            return None  # an outer join that found nothing
        for position, convert in self.converters:
            values[position] = convert(values[position], None, connection)
        return self.model.from_db("default", self.names, values)


def _parts(
    model: type[Model],
    related: Sequence[str],
    path: tuple[str, ...] = (),
    start: int = 0,
    skipped: int = 0,
) -> Iterator[_Part]:
    """The parts of a row in the order in which `select_related` selects them: a model's own
    columns, `skipped` annotations, then the columns of each related model, in the order of the
    model's fields."""
    fields = concrete_fields(model)
    converters = [(n, f.from_db_value) for n, f in enumerate(fields) if hasattr(f, "from_db_value")]
    own = _Part(model, path, start, tuple(f.attname for f in fields), tuple(converters))
    yield own
    start = own.stop + skipped
    for name, target in _relations(model):
        if name not in {wanted.partition("__")[0] for wanted in related}:
            continue
        deeper = [wanted.partition("__")[2] for wanted in related if wanted.startswith(f"{name}__")]
        for part in _parts(target, deeper, (*path, name), start):
            yield part
            start = part.stop


def _relations(model: type[Model]) -> Iterator[tuple[str, type[Model]]]:
    """Name and model of what `select_related` can follow from `model`: its foreign keys, then the
    one-to-one fields of other models that point at it."""
    for field in concrete_fields(model):
        if isinstance(field, ForeignKey):
            yield field.name, field.related_model
    for relation in model._meta.get_fields():
        if isinstance(relation, OneToOneRel):
            yield relation.name, relation.related_model


class LookUp(Generic[M]):
    """The first row of `make(*keys)`, as an object with its `related` objects.

    `make` returns a queryset that has each key once and nothing else that changes from call to
    call. It leaves `select_related` to `related`, which names foreign keys as `select_related`
    does, and says in `annotations` which names it annotates, in their order. `kinds` as for
    `Rows`.
    """

    def __init__(
        self,
        make: Callable[..., QuerySet[M]],
        *kinds: type,
        related: Sequence[str] = (),
        annotations: Sequence[str] = (),
    ) -> None:
        self._make, self._kinds = make, kinds or (int,)
        self._related, self._annotations = tuple(related), tuple(annotations)

    @functools.cached_property
    def _shape(self) -> tuple[_Statement, list[_Part], list[str]]:
        placeholders = [_placeholder(n, kind) for n, kind in enumerate(self._kinds)]
        queryset = self._make(*placeholders)
        if self._related:
            queryset = queryset.select_related(*self._related)
        statement = _capture(queryset[:1], placeholders)
        if len(statement.keys) != len(placeholders):
            raise ImproperlyConfigured(f"a key stands in the query twice: {statement.sql}")
        parts = list(_parts(queryset.model, self._related, skipped=len(self._annotations)))
        columns = [str(field.column) for field in concrete_fields(queryset.model)]
        columns += self._annotations
        columns += [str(f.column) for part in parts[1:] for f in concrete_fields(part.model)]
        return statement, parts, columns

    def first(self, *keys: Any) -> M | None:
        """Raises `TransactionManagementError` when rows are locked outside a transaction."""
        statement, parts, expected = self._shape
        if " FOR " in statement.sql and not connection.in_atomic_block:
            raise TransactionManagementError("rows are locked inside a transaction only")
        rows, columns = statement.execute(keys)
        if columns != expected:
            raise ImproperlyConfigured(f"unexpected columns: {columns} instead of {expected}")
        if not rows:
            return None
        built: dict[tuple[str, ...], Any] = {}
        own = parts[0]
        for part in parts:
            built[part.path] = instance = part.build(rows[0])
            parent = built.get(part.path[:-1])
            if part.path and parent is not None and instance is not None:
                setattr(parent, part.path[-1], instance)
        for position, name in enumerate(self._annotations, start=own.stop):
            setattr(built[()], name, rows[0][position])
        return built[()]

    def get(self, *keys: Any) -> M:
        """Raises the model's `DoesNotExist`."""
        found = self.first(*keys)
        if found is None:
            raise self._make(*keys).model.DoesNotExist  # type: ignore[attr-defined]  # every model has one
        return found
