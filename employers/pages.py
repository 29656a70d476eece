"""Newest first, a page at a time, on the employer's phone pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from core.forms import read_number

SIZE = 20


def newest(rows: QuerySet[Any], request: HttpRequest) -> tuple[list[Any], int | None]:
    """The rows older than `?before=`, and the id that the following page begins before."""
    before = read_number(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: SIZE + 1])
    return found[:SIZE], found[SIZE - 1].pk if len(found) > SIZE else None
