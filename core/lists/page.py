"""The base of every list page. A page declares its filter, columns and orders.

A list is keyset-paged with a capped count, keeps its filter in the address, remembers which
columns a person wants, and exports exactly what is filtered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import django_filters
from django.contrib import messages
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.views import View

from core.lists import html, keyset, search_terms
from core.lists.columns import PAGE_SIZES, Column, Order, Remembered, Row, offered_size
from core.lists.exports import ExportedList
from core.lists.links import link_suffix

COUNT_CAP = 10_000
# A keyword that finds more rows is too common to be useful, so counting stops.
SEARCH_CAP = 1_000


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


class ListPage(ExportedList, View):
    """Subclasses declare title, columns and orders. `get_queryset` must start from the scope."""

    title: ClassVar[str]
    columns: ClassVar[Sequence[Column]]
    orders: ClassVar[Sequence[Order]]
    filterset_class: ClassVar[type[django_filters.FilterSet] | None] = None
    template_name: ClassVar[str] = "core/list.html"
    page_size: ClassVar[int] = 50
    selectable: ClassVar[bool] = False
    tells_waiting: ClassVar[bool] = False  # has a filter for what waits for the person
    row_key: ClassVar[str] = "pk"
    leads_to: ClassVar[str] = ""  # the URL name of a row's page, which shows the row's place
    walked_by: ClassVar[str] = "pk"  # the field that the address of a row's page has
    empty_title: ClassVar[str] = "没有符合条件的记录"
    empty_text: ClassVar[str] = "请调整筛选条件后再试。"
    status = 200  # of the answer; another one if a form of the list was refused

    @property
    def by_year(self) -> bool:
        """Whether the filter shows the rows of one year, the one that the page is about."""
        return getattr(self.filterset_class, "by_year", False)

    # --- for subclasses --------------------------------------------------------------------

    def get_queryset(self) -> QuerySet[Any]:
        raise NotImplementedError

    def get_context(self, page: Page) -> dict[str, Any]:
        return {}

    def may_open(self) -> bool:
        """Whether this person may see the list at all."""
        return True

    def placed_rows(self) -> QuerySet[Any]:
        """The rows that have a place in the list's order, even if its filter no longer shows them."""
        return self.get_queryset()

    def waiting_rows(self) -> QuerySet[Any]:
        """The rows that wait for this person. Asked for only by a list that `tells_waiting`."""
        raise NotImplementedError

    def offered_columns(self) -> Sequence[Column]:
        """The columns that this person may choose from."""
        return self.columns

    def remembered(self) -> Remembered:
        """What this person has chosen for this list before."""
        return Remembered()

    def remember(self, chosen: Remembered) -> None:
        """Keep what this person chose."""

    def saved_views(self) -> dict[str, Any]:
        """What the template needs of the views of this list that are kept under a name."""
        return {}

    def keep_view(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the form that saves, changes or removes a view of this list."""
        raise Http404

    def empty_reason(self) -> tuple[str, str]:
        """Title and line of the empty state; the line names the cause."""
        return self.empty_title, self.empty_text

    # --- how a page is made ----------------------------------------------------------------

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        queryset, filterset = self.filtered()
        if request.GET.get("export") and self.may_export():
            return self.export(queryset, every_column=request.GET["export"] == "all")
        page = self.page(queryset)
        template = self.template_name
        context = {
            "list": self,
            "title": self.title,
            "page": page,
            "filter": self.filter_bar(filterset),
            "exports": [] if page.is_empty else self.export_menu(),
            "empty": self.empty_reason() if page.is_empty else None,
            "filtered": self.is_filtered(),
            **self.column_chooser(page.columns),
            **self.saved_views(),
            **self.get_context(page),
        }
        return HttpResponse(render_to_string(template, context, request), status=self.status)

    def own_address(self) -> str:
        """The list's address with its filter and order, and without its page."""
        query = self.request.GET.copy()
        for key in ("after", "before", "export"):
            query.pop(key, None)
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path

    def filter_bar(self, filterset: django_filters.FilterSet | None) -> html.FilterBar | None:
        if filterset is None:
            return None
        wait = self.only_waiting() if self.tells_waiting else None
        return html.filter_bar(filterset, self.orders, self.order(), only_waiting=wait)

    def only_waiting(self) -> bool:
        return self.request.GET.get("waiting") == "1"

    def is_filtered(self) -> bool:
        return any(v for k, v in self.request.GET.items() if k not in _FRAME)

    def filtered(self) -> tuple[QuerySet[Any], django_filters.FilterSet | None]:
        queryset = self.get_queryset()
        if self.tells_waiting and self.only_waiting():
            queryset = queryset.filter(pk__in=self.waiting_rows().order_by().values("pk"))
        filterset = self._filterset(self._plain_query, queryset)
        return (queryset, None) if filterset is None else (filterset.qs, filterset)

    def filters_for(self, pairs: Iterable[tuple[str, str]]) -> Mapping[str, django_filters.Filter]:
        """The filters of this list, with the choices that they offer for the address of these pairs."""
        query = QueryDict(mutable=True)
        for key, value in pairs:
            query.appendlist(key, value)
        filterset = self._filterset(lambda: query, self.get_queryset())
        return {} if filterset is None else filterset.filters

    def _filterset(
        self, query: Callable[[], QueryDict], queryset: QuerySet[Any]
    ) -> django_filters.FilterSet | None:
        if self.filterset_class is None:
            return None
        return self.filterset_class(query(), queryset=queryset, request=self.request)

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

    def _choose(self, posted: QueryDict) -> HttpResponse:
        """Remember the columns and the size of the page that a person chose, and lead back to the
        first page of what they saw."""
        keys = [c.key for c in self.offered_columns()]
        default = "default" in posted
        columns = [] if default else [k for k in posted.getlist("columns") if k in keys]
        size = 0 if default else offered_size(posted.get("size"))
        self.remember(Remembered(list(dict.fromkeys(columns)), size))
        query = self.request.GET.copy()
        for key in ("columns", "size", "after", "before"):
            query.pop(key, None)
        if size:
            query["size"] = str(size)
        return redirect(f"{self.request.path}?{query.urlencode()}")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and _SEARCH_MARK in request.POST:
            return self._search(request.POST)
        if request.method == "POST" and _CHOOSE_MARK in request.POST:
            return self._choose(request.POST)
        if request.method == "POST" and _VIEW_MARK in request.POST:
            return self.keep_view(request)
        return super().dispatch(request, *args, **kwargs)

    def order(self) -> Order:
        wanted = self.request.GET.get("order", "")
        for order in self.orders:
            if order.key == wanted:
                return order
            if order.key == wanted.removeprefix("-"):
                return order.reverse
        return self.orders[0]

    def size(self) -> int:
        """How many rows a page has: as the address says, or as this person chose before."""
        return (
            offered_size(self.request.GET.get("size")) or self.remembered().size or self.page_size
        )

    def keys_first(self, order: Order) -> bool:
        """Whether to sort keys before reading rows: if no index has the order and no join is needed."""
        return not order.indexed and not order.joins

    def column_chooser(self, shown: Sequence[Column]) -> dict[str, Any]:
        """The boxes of the column chooser, the sizes of the page, and the hidden fields that keep the
        rest of the address in the filter's form."""
        kept = [(k, v) for k in ("cohort", "view", *_CHOSEN) for v in self.request.GET.getlist(k)]
        size = self.size()
        sizes = [(n, f"{n} 条") for n in sorted({*PAGE_SIZES, size})]
        return {
            "column_boxes": html.column_boxes(self.offered_columns(), shown),
            "size_options": html.options(sizes, str(size)),
            "kept_choices": html.hidden(kept),
        }

    def chosen_columns(self) -> list[Column]:
        """The columns in the order that the address, or the person before, chose. The first column
        leads to the row's page, so it is always shown; so are columns without a label."""
        first, *others = self.offered_columns()
        wanted = self.request.GET.getlist("columns") or self.remembered().columns
        if not wanted:
            return [first, *(c for c in others if not c.optional)]
        by_key = {c.key: c for c in others if c.label}
        chosen = [by_key[key] for key in dict.fromkeys(wanted) if key in by_key]
        return [first, *chosen, *(c for c in others if not c.label)]

    def sort_links(self, present: Order) -> dict[str, tuple[str, str]]:
        """For each column that has an order: the address of the list sorted by it, and the value of
        `aria-sort` if the list is sorted by it."""
        query = self.request.GET.copy()
        for key in ("order", "after", "before"):
            query.pop(key, None)
        kept = f"{query.urlencode()}&" if query else ""
        links: dict[str, tuple[str, str]] = {}
        for order in self.orders:
            if not order.column or order.column in links:
                continue
            wanted, sorted_by = order, ""
            if present.column == order.column:
                sorted_by = "descending" if present.descending else "ascending"
                wanted = order.towards(descending=not present.descending)
            links[order.column] = (f"?{kept}order={wanted.key}", sorted_by)
        return links

    def page(self, queryset: QuerySet[Any]) -> Page:
        order, columns = self.order(), self.chosen_columns()
        width = len(order.fields)
        after, before = self.request.GET.get("after"), self.request.GET.get("before")
        needs = {f for c in columns for f in c.fields} | set(order.fields) | {self.row_key}
        if self.walked_by != "pk":
            needs.add("pk")
        searching = bool(self.request.GET.get("q"))
        rows, earlier, later, total = keyset.page_of(
            queryset.values(*sorted(needs)),
            order.fields,
            descending=order.descending,
            after=keyset.decode(after, width) if after else None,
            before=keyset.decode(before, width) if before else None,
            size=self.size(),
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
            head=html.head(columns, selectable=self.selectable, sorts=self.sort_links(order)),
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
        suffix = link_suffix(self.own_address()) if self.leads_to else ""
        html.end_links(suffix)
        for row in rows:
            key = row[self.row_key]
            if self.walked_by != "pk":
                html.end_links(f"{suffix}&row={row['pk']}")
            parts.append(f'<tr data-key="{key}">')
            if self.selectable:
                parts.append(
                    f'<td class="pick"><input class="form-check-input" type="checkbox" name="pick"'
                    f' value="{key}" aria-label="选择"></td>'
                )
            parts += [f"{start}{html(row)}</td>" for start, html in cells]
            parts.append("</tr>")
        html.end_links("")
        return mark_safe("".join(parts))  # noqa: S308 - every cell escapes its own values


# The filter form, the form of columns and the forms of saved views send these fields, so that other forms of a list page are
# not taken for them.
_SEARCH_MARK, _CHOOSE_MARK, _VIEW_MARK = "search", "choose", "keep_view"
_MOST_SEARCHED = 200
_CHOSEN = ("columns", "size")
_FRAME = ("after", "before", "order", "export", "cohort", "view", *_CHOSEN)
