"""HTML of the repeated parts of a list page: filter fields, options, orders and columns.

It is built in Python, because a loop in a template takes ten times as long. Values are escaped here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
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


def row_link(url_name: str, pk: int, label: object) -> str:
    """A link to the page of one row. `url_name` names an address with one number in it."""
    before, after = _address_parts(url_name)
    return f'<a href="{before}{pk}{after}">{text(label)}</a>'


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
    filterset: django_filters.FilterSet, orders: Sequence[Order], chosen: Order
) -> FilterBar:
    """Fields that the filter set names in `less_used`, and the order, are put behind 「更多筛选」."""
    less_used = getattr(filterset, "less_used", ())
    main, keyword, more, more_set = [], "", [], 0
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
    if more and chosen is not orders[0]:
        more_set += 1
    return FilterBar(_safe(main), _safe([keyword]), _safe(more), more_set)


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
    """The choice of the order; nothing if there is only one."""
    choices = options([(o.key, o.label) for o in orders], chosen.key)
    return _safe([_SELECT.format("排序", "order", choices)] if len(orders) > 1 else [])


def hidden(pairs: Iterable[tuple[str, object]]) -> SafeString:
    return _safe(
        f'<input type="hidden" name="{escape(name)}" value="{escape(str(value))}">'
        for name, value in pairs
    )


def column_boxes(columns: Iterable[Column], shown: Sequence[Column]) -> SafeString:
    keys = {c.key for c in shown}
    return _safe(
        '<label><input class="form-check-input" type="checkbox" name="columns"'
        f' value="{c.key}"{" checked" if c.key in keys else ""}> {escape(c.label)}</label>'
        for c in columns
    )


def css(column: Column) -> str:
    return f' class="{column.css}"' if column.css else ""


def head(columns: Iterable[Column], *, selectable: bool) -> SafeString:
    cells = [f'<th scope="col"{css(c)}>{escape(c.label)}</th>' for c in columns]
    return _safe([_PICK_ALL, *cells] if selectable else cells)
