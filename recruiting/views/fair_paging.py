"""Pages of events by their start, for units and for graduates."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from core.forms import read_number
from recruiting.models import Fair

SIZE = 20


def page_by_start(
    rows: QuerySet[Fair], request: HttpRequest, *, rising: bool
) -> tuple[list[Fair], int | None]:
    """One page of events by their start, behind the one with the id in `?after=`, and the `after` of the
    following page; None on the last one."""
    after = read_number(request.GET.get("after", ""))
    last = rows.filter(pk=after).first() if after is not None else None
    if last is not None:
        beyond = "gt" if rising else "lt"
        rows = rows.filter(
            Q(**{f"starts_at__{beyond}": last.starts_at})
            | Q(starts_at=last.starts_at, **{f"pk__{beyond}": last.pk})
        )
    order = ("starts_at", "pk") if rising else ("-starts_at", "-pk")
    page = list(rows.order_by(*order)[: SIZE + 1])
    return page[:SIZE], page[SIZE - 1].pk if len(page) > SIZE else None
