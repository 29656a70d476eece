"""Keyset paging: a page begins after the last row of the page before, so that a page costs the
same in a large table as in a small one."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from cryptography.fernet import Fernet, InvalidToken
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    DateField,
    DateTimeField,
    F,
    Field,
    Func,
    IntegerField,
    Model,
    QuerySet,
    Value,
)
from django.db.models.expressions import Combinable

from core.encryption import cipher


class RowCompare(Func):
    """SQL row comparison `(a, b) > (x, y)`, which an index on (a, b) answers directly."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, fields: Sequence[str], operator: str, values: Sequence[Any]) -> None:
        left: list[Combinable] = [F(f) for f in fields]
        super().__init__(*left, *[Value(v) for v in values])
        self.operator, self.width = operator, len(left)

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:  # type: ignore[override]
        parts, params = [], []
        for expression in self.source_expressions:
            sql, values = compiler.compile(expression)
            parts.append(sql)
            params += values
        left, right = ", ".join(parts[: self.width]), ", ".join(parts[self.width :])
        return f"({left}) {self.operator} ({right})", params


class CountOfAll(Func):
    """The number of all rows, in each row; cheaper to compile than the ORM's `Window`."""

    template = "count(*) OVER ()"
    output_field = BigIntegerField()
    contains_over_clause = True

    def get_group_by_cols(self) -> list[Any]:
        return []


class HasKey(Func):
    """`pk = ANY(keys)`: one parameter, however many keys there are."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, keys: Sequence[int]) -> None:
        super().__init__(F("pk"), Value(list(keys), ArrayField(BigIntegerField())))

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:  # type: ignore[override]
        (key, _), (keys, params) = map(compiler.compile, self.source_expressions)
        return f"{key} = ANY({keys})", params


def encode(values: Sequence[Any]) -> str:
    """The cursor of a row with these values. It is encrypted, because addresses get into logs and
    histories, and the values may be a person's name or number."""
    plain = [_plain(v) for v in values]
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return _cipher().encrypt(text.encode()).decode().rstrip("=")


def decode(cursor: str, width: int) -> list[Any] | None:
    """The values in `cursor`, or None if it was not made by `encode`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(_cipher().decrypt(padded.encode()))
        if not isinstance(values, list) or len(values) != width:
            return None
        return [_moment(v) if isinstance(v, dict) else v for v in values]
    except (InvalidToken, ValueError, KeyError, TypeError):
        return None


def _plain(value: Any) -> Any:
    """A value as JSON has it: a time under "t", a date under "d"."""
    if isinstance(value, datetime.datetime):
        return {"t": value.isoformat()}
    return {"d": value.isoformat()} if isinstance(value, datetime.date) else value


def _moment(value: dict[str, str]) -> datetime.datetime | datetime.date:
    if "t" in value:
        return datetime.datetime.fromisoformat(value["t"])
    return datetime.date.fromisoformat(value["d"])


def _cipher() -> Fernet:
    return cipher("cursors of lists")


class PageRows(NamedTuple):
    """The rows of a page, whether there are earlier and later pages, and the number of all rows if
    it was counted."""

    rows: list[Any]
    earlier: bool
    later: bool
    total: int | None = None


def page_of(
    queryset: QuerySet[Any],
    fields: Sequence[str],
    *,
    descending: bool,
    after: list[Any] | None,
    before: list[Any] | None,
    size: int,
    keys_from: QuerySet[Any] | None = None,
    counting: bool = False,
) -> PageRows:
    """One page of `queryset` in the order of `fields`, which end in a unique one.

    `keys_from` is the same query without its joins. If it is given, the keys of the page are found
    in it first, so that rows which no index has in order are sorted before they are joined. With
    `counting` the query for the first page's keys also counts all rows.
    """
    after, before = (
        valid_cursor(queryset.model, fields, after),
        valid_cursor(queryset.model, fields, before),
    )
    backwards = before is not None
    cursor = before if backwards else after
    down = descending != backwards
    order = [f"-{f}" if down else f for f in fields]
    total = None

    def from_cursor(rows: QuerySet[Any]) -> QuerySet[Any]:
        if cursor is not None:
            rows = rows.filter(RowCompare(fields, "<" if down else ">", cursor))
        return rows.order_by(*order)

    if keys_from is None:
        queryset = from_cursor(queryset)
    else:
        keys: list[tuple[int, ...]]
        if counting and cursor is None:
            counted = keys_from.annotate(found=CountOfAll()).values_list("pk", "found")
            keys = list(counted.order_by(*order)[: size + 1])
            total = keys[0][1] if keys else 0
        else:
            keys = list(from_cursor(keys_from).values_list("pk")[: size + 1])
        queryset = queryset.filter(HasKey([key for key, *_ in keys])).order_by(*order)
    rows = list(queryset[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
        return PageRows(rows, more, True, total)
    return PageRows(rows, after is not None, more, total)


def valid_cursor(
    model: type[Model], fields: Sequence[str], cursor: list[Any] | None
) -> list[Any] | None:
    """`cursor` if every value has the type of its field, else None."""
    if cursor is None or len(cursor) != len(fields):
        return None
    fits = all(_fits(_field_at(model, f), v) for f, v in zip(fields, cursor, strict=True))
    return cursor if fits else None


def _field_at(model: type[Model], path: str) -> Field:
    found: Any = None
    for name in path.split("__"):
        meta = (found.related_model if found is not None else model)._meta
        found = meta.pk if name == "pk" else meta.get_field(name)
    while found.is_relation:
        found = found.target_field
    return found


def _fits(field: Field, value: Any) -> bool:
    if isinstance(field, DateTimeField):
        return isinstance(value, datetime.datetime) and value.tzinfo is not None
    if isinstance(field, DateField):
        return type(value) is datetime.date
    if isinstance(field, IntegerField):
        return type(value) is int and abs(value) < 2**63
    return isinstance(value, str) and "\x00" not in value
