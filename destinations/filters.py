"""Filters of destination lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from destinations import reports
from destinations.catalogue import catalogue
from destinations.states import State
from graduates.filters import GraduateFilter, search
from schools.options import Choices


class DestinationFilter(GraduateFilter):
    path = "graduate__"
    less_used = GraduateFilter.less_used | {"rate"}

    state = django_filters.ChoiceFilter(label="审核情况", choices=State.choices)
    category = django_filters.ChoiceFilter(label="毕业去向", choices=(), method="by_category")
    rate = django_filters.ChoiceFilter(label="统计归类", choices=(), method="by_rate")

    def choices(self) -> dict[str, Choices]:
        leaves = catalogue().leaves.values()
        return super().choices() | {
            "category": [(leaf.code, leaf.label) for leaf in leaves],
            "rate": reports.choices(),
        }

    def by_category(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(category=value)

    def by_rate(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """The list behind a figure."""
        return reports.rows_behind(queryset, value)

    def by_keyword(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        found = search(queryset, value, self.request.user, "graduate__")
        if len(value.strip()) >= 4 and not value.strip().isascii():
            return queryset.filter(
                Q(pk__in=found.values("pk")) | Q(unit_name__contains=value.strip())
            )
        return found
