"""HTML of the repeated parts of a list page: filter fields, options, orders and columns.

It is built in Python, because a loop in a template takes ten times as long. Values are escaped here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from html import escape, unescape
from typing import TYPE_CHECKING

import django_filters
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from core.lists.page import Column, Order

_SPECIAL = re.compile("[&<>\"']").search
_SELECT = (
    '<label class="filter-item"><span>{}</span>'
    '<select class="form-select form-select-sm" name="{}">{}</select></label>'
)
_SEARCH = (
    '<label class="filter-item filter-wide"><span>{}</span><input class="form-control'
    ' form-control-sm" type="search" name="{}" value="{}" placeholder="{}"></label>'
)
_PICK_ALL = (
    '<th class="pick"><input class="form-check-input" type="checkbox" data-pick-all'
    ' aria-label="选择本页全部"></th>'
)


def _safe(parts: Iterable[str]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped


def text(value: object) -> str:
    """`value` as HTML. Most values need no escaping, and checking is faster than escaping."""
    plain = str(value)
    return escape(plain) if _SPECIAL(plain) else plain


_BREAK, _TAG = re.compile("<br>|</div><div"), re.compile("<[^>]*>")


def words(cell: str) -> str:
    """The words of a cell's HTML, for an export."""
    if not _SPECIAL(cell):
        return cell
    return unescape(_TAG.sub("", _BREAK.sub("；", cell))).strip()


def row_link(url_name: str, pk: int, label: object) -> str:
    """A link to the page of one row. `url_name` names an address with one number in it."""
    before, after = _address_parts(url_name)
    return f'<a href="{before}{pk}{after}{_came_from.get()}">{text(label)}</a>'


# What the links of the rows that are being rendered end with (`core.lists.walk`).
_came_from: ContextVar[str] = ContextVar("came_from", default="")


def end_links(suffix: str) -> None:
    """Let the links of rows end with this part of an address, until the next call."""
    _came_from.set(escape(suffix))


@functools.cache
def _address_parts(url_name: str) -> tuple[str, str]:
    """The address before and after its number. Kept, because `reverse` takes a tenth of a
    millisecond and a page has fifty rows."""
    number = 9_876_543_210
    before, after = reverse(url_name, args=[number]).split(str(number))
    return escape(before), escape(after)


def options(choices: Iterable[tuple[object, str]], chosen: str) -> SafeString:
    return _options(tuple(choices), chosen)


@functools.lru_cache(maxsize=512)
def _options(choices: tuple[tuple[object, str], ...], chosen: str) -> SafeString:
    """Cached, because a school's departments and majors are the same on every list page."""
    return _safe(
        f'<option value="{escape(str(value))}"{" selected" if str(value) == chosen else ""}>'
        f"{escape(str(label))}</option>"
        for value, label in choices
    )


@dataclass(frozen=True)
class FilterBar:
    """The filter bar: fields that are always shown, the keyword, and those behind 「更多筛选」."""

    main: SafeString
    keyword: SafeString
    more: SafeString
    more_set: int  # how many fields of `more` are set; if any is, they are shown


def filter_bar(
    filterset: django_filters.FilterSet,
    orders: Sequence[Order],
    chosen: Order,
    *,
    only_waiting: bool | None = None,
) -> FilterBar:
    """Fields that the filter set names in `less_used`, and the order, are put behind 「更多筛选」.
    `only_waiting` is None for lists that have no such filter."""
    less_used = getattr(filterset, "less_used", ())
    main, keyword, more, more_set = [], "", [], 0
    if only_waiting is not None:
        choices = options(_WAITING, "1" if only_waiting else "")
        main.append(_SELECT.format("待办", "waiting", choices))
    for name, found in filterset.filters.items():
        value = filterset.data.get(name, "")
        if name == "q":
            keyword = _keyword(found, value)
        elif name in less_used:
            more.append(_select(name, found, value))
            more_set += bool(value)
        else:
            main.append(_select(name, found, value))
    (more if more else main).append(order_field(orders, chosen))
    if more and chosen.key != orders[0].key and not chosen.column:  # a head shows the others
        more_set += 1
    return FilterBar(_safe(main), _safe([keyword]), _safe(more), more_set)


_WAITING = (("", "全部"), ("1", "待我办理"))


def _keyword(found: django_filters.Filter, value: str) -> str:
    hint = escape(str(found.extra.get("help_text", "")))
    return _SEARCH.format(escape(str(found.label)), "q", escape(value), hint)


def _select(name: str, found: django_filters.Filter, value: str) -> str:
    choices = options(found.extra.get("choices", ()), value)
    nothing = escape(str(found.extra.get("empty_label", "全部")))
    return _SELECT.format(
        escape(str(found.label)), name, f'<option value="">{nothing}</option>{choices}'
    )


def order_field(orders: Sequence[Order], chosen: Order) -> SafeString:
    """The choice of the order; nothing to see if there is only one. The reverse of an order, which the
    heads of columns offer, is among them while it is chosen."""
    offered = [(o.key, o.label) for o in orders]
    if all(key != chosen.key for key, _ in offered):
        offered.append((chosen.key, chosen.label))
    if len(orders) > 1:
        return _safe([_SELECT.format("排序", "order", options(offered, chosen.key))])
    return hidden([("order", chosen.key)] if chosen.key != orders[0].key else ())


def hidden(pairs: Iterable[tuple[str, object]]) -> SafeString:
    return _safe(
        f'<input type="hidden" name="{escape(name)}" value="{escape(str(value))}">'
        for name, value in pairs
    )


_BOX = (
    '<li data-line><label><input class="form-check-input" type="checkbox" name="columns" value="{}"{}>'
    " {}</label>{}</li>"
)
_ALWAYS = '<li class="column-first"><input type="hidden" name="columns" value="{}">{}</li>'
_MOVES = (
    '<button type="button" hidden data-move="up" aria-label="上移{0}" title="上移">↑</button>'
    '<button type="button" hidden data-move="down" aria-label="下移{0}" title="下移">↓</button>'
)


def column_boxes(columns: Sequence[Column], shown: Sequence[Column]) -> SafeString:
    """The list of columns with their boxes, those that are shown first and in their order. The first
    column has no box. A script shows the buttons that move a line."""
    first = columns[0]
    named = [c for c in shown if c.label and c is not first]
    rest = [c for c in columns if c.label and c is not first and c not in named]
    lines = [_ALWAYS.format(first.key, escape(first.label))]
    for column in [*named, *rest]:
        label = escape(column.label)
        checked = " checked" if column in named else ""
        lines.append(_BOX.format(column.key, checked, label, _MOVES.format(label)))
    return _safe(lines)


def css(column: Column) -> str:
    return f' class="{column.css}"' if column.css else ""


def head(
    columns: Iterable[Column],
    *,
    selectable: bool,
    sorts: Mapping[str, tuple[str, str]],
) -> SafeString:
    """The cells of the head. `sorts` has for each column that sorts the address of its link, and how
    the list is sorted by it now."""
    cells = [_PICK_ALL] if selectable else []
    for column in columns:
        address, sorted_by = sorts.get(column.key, ("", ""))
        label = escape(column.label)
        if address:
            label = f'<a class="sort" href="{escape(address)}">{label}</a>'
        state = f' aria-sort="{sorted_by}"' if sorted_by else ""
        # A column of buttons has nothing to name.
        tag = "th" if label else "td"
        scope = ' scope="col"' if label else ""
        cells.append(f"<{tag}{scope}{css(column)}{state}>{label}</{tag}>")
    return _safe(cells)
