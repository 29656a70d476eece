"""How many rows belong to each row of a list."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce


def count_of(rows: QuerySet[Any], key: str) -> Coalesce:
    """How many of `rows` name, in the field `key`, the row of the outer query. It is counted for the
    rows that a page shows only, where a join would count all of them first."""
    counted = rows.filter(**{key: OuterRef("pk")}).order_by().values(key)
    number = counted.annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number, output_field=IntegerField()), 0)
