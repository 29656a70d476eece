"""What a list is declared with: columns, orders, and what a person may choose of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from core.lists import html

PAGE_SIZES = (20, 50, 100, 200)
Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One column. `needs` are the values to read for it, `cell` makes its HTML (the escaped value by
    default), `text` makes the value for the export (the words of the cell by default)."""

    key: str
    label: str
    needs: tuple[str, ...] = ()
    cell: Callable[[Row], str] | None = None
    text: Callable[[Row], object] | None = None
    css: str = ""
    optional: bool = False  # not shown until chosen

    @property
    def fields(self) -> tuple[str, ...]:
        return self.needs or (self.key,)

    def html(self) -> Callable[[Row], str]:
        """The function that makes the HTML of this column's cell from a row."""
        if self.cell is not None:
            return self.cell
        key = self.fields[0]
        return lambda row: "" if row[key] is None else html.text(row[key])

    def export(self, row: Row) -> object:
        if self.text is not None:
            return self.text(row)
        if self.cell is not None:
            return html.words(self.cell(row))
        value = row[self.fields[0]]
        return "" if value is None else str(value)


@dataclass(frozen=True)
class Order:
    """One order of a list. The head of the column `column` sorts by it, and pressed again in reverse,
    which the address writes as "-key"."""

    key: str
    label: str
    fields: tuple[str, ...]  # ends in a unique field, each NOT NULL
    descending: bool = False
    indexed: bool = False  # an index has a school's rows in this order, so they are not sorted
    column: str = ""

    @property
    def joins(self) -> bool:
        return any("__" in f for f in self.fields)

    @property
    def reverse(self) -> Order:
        """The same order the other way round."""
        key, label = f"-{self.key}", f"{self.label}（倒序）"
        return replace(self, key=key, label=label, descending=not self.descending)

    def towards(self, *, descending: bool) -> Order:
        return self if self.descending == descending else self.reverse


class Remembered(NamedTuple):
    """What a person has chosen for a list: the keys of its columns in their order, and how many rows
    a page has. Nothing of each if it was not chosen."""

    columns: Sequence[str] = ()
    size: int = 0


def offered_size(typed: str | None) -> int:
    """A size of the page that is offered, or 0."""
    return next((n for n in PAGE_SIZES if str(n) == typed), 0)
