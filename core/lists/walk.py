"""From a list to one of its records and on: the record's place in the filtered list, the records before
and after it, and the way back.

The link in a row carries the list's address, with its filter and order, as the parameter `from`. The
words of a search stay sealed in it. Whoever may not open that list, or does not have the record in
scope, is shown no walk.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.core.exceptions import EmptyResultSet, PermissionDenied
from django.db import connections
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, QueryDict
from django.urls import Resolver404, resolve, reverse

from core.forms import read_number
from core.lists import keyset, search_terms
from core.lists.links import PARAM, ROW, link_suffix
from core.lists.page import ListPage


@dataclass(frozen=True)
class Walk:
    """The record's place among `total` rows, and the addresses of the list and of the neighbours."""

    back: str
    position: int  # 0 if the filter no longer shows the record
    total: int
    cap: int
    previous: str
    following: str

    @property
    def place(self) -> str:
        """Such as "12 / 69"."""
        return (
            f"{self._capped(self.position) if self.position else '—'} / {self._capped(self.total)}"
        )

    def _capped(self, number: int) -> str:
        return f"{self.cap}+" if number > self.cap else str(number)


class Neighbour(NamedTuple):
    """A row of the list: its key, the number in its page's address, and its place in the order."""

    key: int
    number: int
    cursor: list[Any]


def address_of(request: HttpRequest) -> str:
    """The address of the list that this page was opened from, or whose form it answers; "" if there is
    none. A form is answered at another address, so its page is asked for."""
    given = _given(request).get(PARAM, "")
    if not given and request.method == "POST":
        given = request.POST.get(PARAM, "")  # a form of the list itself
    return given if list_at(given) is not None else ""


def _given(request: HttpRequest) -> QueryDict:
    """The query of the page that this request belongs to: of the page whose form it answers, or its
    own."""
    if request.method == "POST" and PARAM not in request.GET:
        return QueryDict(urlsplit(request.headers.get("Referer", "")).query)
    return request.GET


def list_at(address: str) -> tuple[type[ListPage], Any] | None:
    """The class of the list at this address, and the match of its path; None if it is no list's."""
    if not address.startswith("/") or address.startswith("//"):
        return None
    try:
        match = resolve(urlsplit(address).path)
    except Resolver404:
        return None
    kind = getattr(match.func, "view_class", None)
    if kind is None or not issubclass(kind, ListPage):
        return None
    return kind, match


def page_at(request: HttpRequest, address: str) -> ListPage | None:
    """The list at this address as the same person would see it; None if they may not, or if the words
    they searched for are too old to be read."""
    found = list_at(address)
    if found is None:
        return None
    kind, match = found
    asked = copy.copy(request)
    asked.method, asked.path = "GET", urlsplit(address).path
    asked.resolver_match = match
    asked.GET = QueryDict(urlsplit(address).query)
    words = asked.GET.get("q", "")
    if words and search_terms.unseal(words, request.user.pk) is None:
        return None
    page = kind(**match.func.view_initkwargs)
    page.setup(asked, *match.args, **match.kwargs)
    return page if page.may_open() else None


def of_request(request: HttpRequest) -> Walk | None:
    """The walk that this record's page was opened in. Worked out once a request."""
    if not hasattr(request, "_walk"):
        request._walk = _find(request)  # type: ignore[attr-defined]
    return request._walk  # type: ignore[attr-defined]


def _find(request: HttpRequest) -> Walk | None:
    match = request.resolver_match
    number = match.kwargs.get("pk") if match is not None else None
    address = address_of(request)
    if not address or not isinstance(number, int):
        return None
    page = page_at(request, address)
    if page is None or not page.leads_to:
        return None
    if not request.path.startswith(reverse(page.leads_to, args=[number])):
        return None
    try:
        return _walk(request, page, address, number)
    except (Http404, PermissionDenied):
        return None


def _walk(request: HttpRequest, page: ListPage, address: str, number: int) -> Walk | None:
    filtered, _ = page.filtered()
    order = page.order()
    fields = list(order.fields)
    here = page.placed_rows()
    if page.walked_by == "pk":
        here = here.filter(pk=number)
    else:
        key = read_number(_given(request).get(ROW, "")) or 0
        here = here.filter(pk=key, **{page.walked_by: number})
    row = here.values_list("pk", *fields).first()
    if row is None:
        return None
    key, cursor = row[0], list(row[1:])
    down = order.descending
    before = filtered.filter(keyset.RowCompare(fields, ">" if down else "<", cursor))
    after = filtered.filter(keyset.RowCompare(fields, "<" if down else ">", cursor))
    cap = page.count_cap
    earlier_count, total, inside = _counts(before, filtered, filtered.filter(pk=key), cap=cap)
    earlier = _nearest(page, before, fields, descending=not down)
    later = _nearest(page, after, fields, descending=down)
    back = address
    if earlier is not None and earlier_count >= page.size():
        join = "&" if "?" in address else "?"
        back = f"{address}{join}after={keyset.encode(earlier.cursor)}"
    return Walk(
        back=back,
        position=earlier_count + 1 if inside else 0,
        total=total,
        cap=cap,
        previous=_address(page, earlier, address),
        following=_address(page, later, address),
    )


def _nearest(
    page: ListPage, rows: QuerySet[Any], fields: list[str], *, descending: bool
) -> Neighbour | None:
    ordered = rows.order_by(*[f"-{f}" if descending else f for f in fields])
    found = ordered.values_list("pk", page.walked_by, *fields).first()
    return Neighbour(found[0], found[1], list(found[2:])) if found else None


def _address(page: ListPage, row: Neighbour | None, address: str) -> str:
    if row is None:
        return ""
    own = f"&{ROW}={row.key}" if page.walked_by != "pk" else ""
    return f"{reverse(page.leads_to, args=[row.number])}{link_suffix(address)}{own}"


def _counts(*querysets: QuerySet[Any], cap: int) -> list[int]:
    """How many rows each has, in one query; counting stops at the cap."""
    parts: list[str] = []
    params: list[Any] = []
    for queryset in querysets:
        query = queryset.values("pk").query
        query.clear_ordering(force=True)
        query.set_limits(high=cap + 1)
        try:
            sql, values = query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
            continue
        parts.append(f"(SELECT count(*) FROM ({sql}) found)")
        params += values
    with connections[querysets[0].db].cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)
        return list(cursor.fetchone())


def carry(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Keep the walk over an answer to a form: a page that leads to the list leads to the filtered one,
    a page that stays with the record keeps the way back, and one that goes on to another record goes
    on within the filter."""
    location = response.headers.get("Location", "")
    if request.method != "POST" or not location.startswith("/"):
        return response
    address = address_of(request)
    found = list_at(address)
    if found is None or PARAM in QueryDict(urlsplit(location).query):
        return response
    path = urlsplit(location).path
    if path == urlsplit(address).path:
        if not urlsplit(location).query:
            response["Location"] = address
        return response
    match, goal = request.resolver_match, _match(path)
    number = match.kwargs.get("pk") if match is not None else None
    if goal is None or not found[0].leads_to or goal.view_name != found[0].leads_to:
        return response
    if goal.kwargs.get("pk") == number:
        row = _given(request).get(ROW, "")
        own = f"&{ROW}={row}" if row.isdigit() else ""
        response["Location"] = f"{path}{link_suffix(address)}{own}"
    elif (walk := _fresh(request)) is not None:
        response["Location"] = walk.following or walk.back
    return response


def _fresh(request: HttpRequest) -> Walk | None:
    """The walk as it is after the form has changed the record."""
    request.__dict__.pop("_walk", None)
    return of_request(request)


def _match(path: str) -> Any:
    try:
        return resolve(path)
    except Resolver404:
        return None
