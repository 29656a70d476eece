"""The base of every list page. A page declares its filter, columns and orders.

A list is keyset-paged with a capped count, keeps its filter in the address, remembers which
columns a person wants, and exports exactly what is filtered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import django_filters
from django.contrib import messages
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.views import View

from core import rate, spreadsheets
from core.errors import Refused
from core.lists import html, keyset, search_terms

COUNT_CAP = 10_000
# A keyword that finds more rows is too common to be useful, so counting stops.
SEARCH_CAP = 1_000
MOST_EXPORTS = 30  # of one person in an hour
Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One column. `needs` are the values to read for it, `cell` makes its HTML (the escaped value by
    default), `text` makes the value for the export."""

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
        value = row[self.fields[0]]
        return "" if value is None else str(value)


@dataclass(frozen=True)
class Order:
    key: str
    label: str
    fields: tuple[str, ...]  # ends in a unique field, each NOT NULL
    descending: bool = False
    indexed: bool = False  # an index has a school's rows in this order, so they are not sorted

    @property
    def joins(self) -> bool:
        return any("__" in f for f in self.fields)


@dataclass
class Page:
    """One page of the list, for the template."""

    rows_html: SafeString
    head: SafeString
    count: int
    capped: bool
    columns: Sequence[Column]
    is_empty: bool
    previous: str = ""
    following: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


class ListPage(View):
    """Subclasses declare title, columns and orders. `get_queryset` must start from the scope."""

    title: ClassVar[str]
    columns: ClassVar[Sequence[Column]]
    orders: ClassVar[Sequence[Order]]
    filterset_class: ClassVar[type[django_filters.FilterSet] | None] = None
    template_name: ClassVar[str] = "core/list.html"
    page_size: ClassVar[int] = 50
    export_name: ClassVar[str] = ""
    export_cap: ClassVar[int] = 30_000
    selectable: ClassVar[bool] = False
    row_key: ClassVar[str] = "pk"
    empty_title: ClassVar[str] = "没有符合条件的记录"
    empty_text: ClassVar[str] = "请调整筛选条件后再试。"

    @property
    def by_year(self) -> bool:
        """Whether the filter shows the rows of one year, the one that the page is about."""
        return getattr(self.filterset_class, "by_year", False)

    # --- for subclasses --------------------------------------------------------------------

    def get_queryset(self) -> QuerySet[Any]:
        raise NotImplementedError

    def get_context(self, page: Page) -> dict[str, Any]:
        return {}

    def may_export(self) -> bool:
        return bool(self.export_name)

    def empty_reason(self) -> tuple[str, str]:
        """Title and line of the empty state; the line names the cause."""
        return self.empty_title, self.empty_text

    # --- how a page is made ----------------------------------------------------------------

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        queryset, filterset = self.filtered()
        if request.GET.get("export") and self.may_export():
            return self.export(queryset)
        page = self.page(queryset)
        template = self.template_name
        context = {
            "list": self,
            "title": self.title,
            "page": page,
            "filter": self.filter_bar(filterset),
            "empty": self.empty_reason() if page.is_empty else None,
            "filtered": self.is_filtered(),
            **self.column_chooser(page.columns),
            **self.get_context(page),
        }
        return HttpResponse(render_to_string(template, context, request))

    def filter_bar(self, filterset: django_filters.FilterSet | None) -> html.FilterBar | None:
        if filterset is None:
            return None
        return html.filter_bar(filterset, self.orders, self.order())

    def is_filtered(self) -> bool:
        return any(v for k, v in self.request.GET.items() if k not in _FRAME)

    def filtered(self) -> tuple[QuerySet[Any], django_filters.FilterSet | None]:
        queryset = self.get_queryset()
        if self.filterset_class is None:
            return queryset, None
        filterset = self.filterset_class(
            self._plain_query(), queryset=queryset, request=self.request
        )
        return filterset.qs, filterset

    def _plain_query(self) -> QueryDict:
        """The address's query with the words that are searched for in plain text."""
        sealed = self.request.GET.get("q", "")
        if not sealed:
            return self.request.GET
        words = search_terms.unseal(sealed, self.request.user.pk)
        if words == sealed:
            return self.request.GET
        query = self.request.GET.copy()
        query["q"] = words or ""
        if words is None:
            messages.info(self.request, "搜索的内容已过期，请重新输入。")
        return query

    def _search(self, posted: QueryDict) -> HttpResponse:
        """Lead to the address of what the filter form asks for, with the searched words sealed."""
        query = QueryDict(mutable=True)
        for key, values in posted.lists():
            if key not in ("csrfmiddlewaretoken", _SEARCH_MARK):
                query.setlist(key, [v for v in values if v])
        if words := query.get("q", "").strip():
            query["q"] = search_terms.seal(words[:_MOST_SEARCHED], self.request.user.pk)
        return redirect(f"{self.request.path}?{query.urlencode()}")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and _SEARCH_MARK in request.POST:
            return self._search(request.POST)
        return super().dispatch(request, *args, **kwargs)

    def order(self) -> Order:
        wanted = self.request.GET.get("order")
        return next((o for o in self.orders if o.key == wanted), self.orders[0])

    def keys_first(self, order: Order) -> bool:
        """Whether to sort keys before reading rows: if no index has the order and no join is needed."""
        return not order.indexed and not order.joins

    def column_chooser(self, shown: Sequence[Column]) -> dict[str, SafeString]:
        """The check boxes of the column chooser and the hidden fields that keep the rest of the
        address in its form and in the filter's form."""
        optional = [c for c in self.columns if c.optional]
        keep = [(k, v) for k, v in self.request.GET.items() if k not in _CHOOSER_DROPS]
        return {
            "column_boxes": html.column_boxes(optional, shown),
            "kept_query": html.hidden(keep if optional else ()),
            "kept_columns": html.hidden(
                [("columns", c.key) for c in shown if c.optional]
                + [("cohort", year) for year in self.request.GET.getlist("cohort")[:1]]
            ),
        }

    def chosen_columns(self) -> list[Column]:
        wanted = set(self.request.GET.getlist("columns"))
        return [c for c in self.columns if not c.optional or c.key in wanted]

    def page(self, queryset: QuerySet[Any]) -> Page:
        order, columns = self.order(), self.chosen_columns()
        width = len(order.fields)
        after, before = self.request.GET.get("after"), self.request.GET.get("before")
        needs = {f for c in columns for f in c.fields} | set(order.fields) | {self.row_key}
        searching = bool(self.request.GET.get("q"))
        rows, earlier, later, total = keyset.page_of(
            queryset.values(*sorted(needs)),
            order.fields,
            descending=order.descending,
            after=keyset.decode(after, width) if after else None,
            before=keyset.decode(before, width) if before else None,
            size=self.page_size,
            keys_from=queryset if searching or self.keys_first(order) else None,
            counting=searching,
        )
        if not (earlier or later):
            count = len(rows)
        else:
            count = self.count(queryset) if total is None else total
        page = Page(
            rows_html=self.render_rows(rows, columns),
            count=min(count, self.count_cap),
            capped=count > self.count_cap,
            head=html.head(columns, selectable=self.selectable),
            columns=columns,
            is_empty=not rows,
        )
        if rows and earlier:
            page.previous = keyset.encode([rows[0][f] for f in order.fields])
        if rows and later:
            page.following = keyset.encode([rows[-1][f] for f in order.fields])
        page.extra["keys"] = [row[self.row_key] for row in rows]
        return page

    @property
    def count_cap(self) -> int:
        return SEARCH_CAP if self.request.GET.get("q") else COUNT_CAP

    def count(self, queryset: QuerySet[Any]) -> int:
        """How many rows match; counting stops at the cap."""
        query = queryset.values("pk").query
        query.clear_ordering(force=True)
        query.set_limits(high=self.count_cap + 1)
        try:
            sql, params = query.sql_with_params()
        except EmptyResultSet:
            return 0
        # The same query as `.count()`, but compiled once instead of twice.
        with connections[queryset.db].cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({sql}) found", params)
            return cursor.fetchone()[0]

    def render_rows(self, rows: Iterable[Row], columns: Sequence[Column]) -> SafeString:
        """The table's body. Built in Python because a template's loop takes ten times as long."""
        cells = [(f"<td{html.css(c)}>", c.html()) for c in columns]
        parts = []
        for row in rows:
            key = row[self.row_key]
            parts.append(f'<tr data-key="{key}">')
            if self.selectable:
                parts.append(
                    f'<td class="pick"><input class="form-check-input" type="checkbox" name="pick"'
                    f' value="{key}" aria-label="选择"></td>'
                )
            parts += [f"{start}{html(row)}</td>" for start, html in cells]
            parts.append("</tr>")
        return mark_safe("".join(parts))  # noqa: S308 - every cell escapes its own values

    def exportable(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The filtered rows in the list's order. Refuses more rows than an export may have, and more
        exports than a person needs in an hour."""
        try:
            rate.limit(f"export:{self.request.user.pk}", most=MOST_EXPORTS, seconds=3600)
        except rate.RateLimited:
            raise rate.RateLimited(
                "export_too_often",
                f"每人每小时最多导出{MOST_EXPORTS}次。请一小时后再试，或先筛选好，把需要的记录一次导出。",
            ) from None
        if queryset.order_by().values("pk")[: self.export_cap + 1].count() > self.export_cap:
            raise Refused(
                "export_too_many",
                f"符合条件的超过{self.export_cap}条，请缩小筛选范围（如按院系、届别）分次导出。",
            )
        order = self.order()
        return queryset.order_by(*[f"-{f}" if order.descending else f for f in order.fields])

    def export(self, queryset: QuerySet[Any]) -> HttpResponse:
        """The filtered rows as a workbook, in the list's order and chosen columns."""
        columns = [c for c in self.columns if c.label]
        rows = self.exportable(queryset).values(*{f for c in columns for f in c.fields})
        content = spreadsheets.write(
            [c.label for c in columns],
            ([c.export(row) for c in columns] for row in rows.iterator(chunk_size=2000)),
            title=self.title[:30],
        )
        self.exported(len(content))
        response = HttpResponse(content, content_type=spreadsheets.CONTENT_TYPE)
        response["Content-Disposition"] = f'attachment; filename="{self.export_name}.xlsx"'
        return response

    def exported(self, size: int) -> None:
        """Called after an export, to log it."""


# The filter form sends this field, so that other forms of a list page are not taken for it.
_SEARCH_MARK = "search"
_MOST_SEARCHED = 200
_FRAME = ("after", "before", "order", "columns", "export", "cohort")
_CHOOSER_DROPS = ("columns", "after", "before")
