"""Paging of the employer's lists, the newest rows first."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest

from core.forms import read_number
from employers.queries import Row

SIZE = 20


def newest_page(rows: QuerySet[Row], request: HttpRequest) -> tuple[list[Row], int | None]:
    """One page of rows, older than the id in `?before=`, and the `before` of the following page; None
    if this is the last one."""
    before = read_number(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    # One row more than shown says whether there is a following page.
    page = list(rows.order_by("-pk")[: SIZE + 1])
    return page[:SIZE], page[SIZE - 1].pk if len(page) > SIZE else None
