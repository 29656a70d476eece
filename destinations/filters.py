"""Filters of destination lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from accounts.models import User
from destinations import alike, dimensions, reports
from destinations.catalogue import catalogue
from destinations.final_steps import STATE_LABELS
from destinations.states import APPROVED, State
from graduates.filters import GraduateFilter
from schools.options import Choices

REGISTERED, REVIEWED = "registered", "reviewed"
_SEVERAL_STATES = ((REGISTERED, "已登记（各种情况）"), (REVIEWED, "已通过初审或终审"))


class DestinationFilter(GraduateFilter):
    path = "graduate__"
    unit_name = "unit_name"
    less_used = GraduateFilter.less_used | {
        "rate", "origin", "origin_place", "place", "industry",
    }  # fmt: skip

    state = django_filters.ChoiceFilter(
        label="审核情况", choices=[*State.choices, *_SEVERAL_STATES], method="by_state"
    )
    category = django_filters.ChoiceFilter(label="毕业去向", choices=(), method="by_category")
    origin = django_filters.ChoiceFilter(
        label="生源信息", choices=[("done", "已确认或锁定"), ("open", "未确认")], method="by_origin"
    )
    rate = django_filters.ChoiceFilter(label="统计归类", choices=(), method="by_rate")
    # Only there if the address names it: the review page links to what has the same as its record.
    alike = django_filters.ChoiceFilter(label="相同之处", choices=(), method="by_alike")
    origin_place = django_filters.ChoiceFilter(label="生源地", choices=(), method="by_origin_place")
    place = django_filters.ChoiceFilter(label="就业地", choices=(), method="by_place")
    industry = django_filters.ChoiceFilter(label="行业", choices=(), method="by_industry")

    def choices(self) -> dict[str, Choices]:
        leaves = catalogue().leaves.values()
        return super().choices() | {
            "category": [(leaf.code, leaf.label) for leaf in leaves],
            "rate": reports.rate_choices(),
            "alike": self._alike_choices(),
            "origin_place": dimensions.origin_choices(),
            "place": dimensions.place_choices(),
            "industry": dimensions.industry_choices(),
        }

    def _alike_choices(self) -> Choices:
        value = self.data.get("alike", "")
        assert isinstance(self.request.user, User)
        self._alike = alike.asked_for(value, self.request.user) if value else None
        if self._alike is None:
            return []
        d, kind = self._alike
        return [(value, f"与{d.graduate.name}{alike.WORDS[kind]}")]

    def by_alike(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        assert self._alike is not None  # else there is no such filter
        d, kind = self._alike
        return alike.others(queryset, d, kind, alike.hashes_of(d))

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == REGISTERED:
            return queryset.filter(reports.is_registered())
        if value == REVIEWED:
            return queryset.filter(state__in=APPROVED)
        return queryset.filter(state=value)

    def by_origin(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        confirmed = reports.origin_confirmed()
        return queryset.filter(confirmed if value == "done" else ~confirmed)

    def by_category(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(category=value)

    def by_rate(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """The destinations that a figure counts."""
        return reports.rows_behind(queryset, value)

    def by_origin_place(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(dimensions.origin_is(value))

    def by_place(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(dimensions.place_is(value))

    def by_industry(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(dimensions.industry_is(value))


class FinalFilter(GraduateFilter):
    """Graduates by what they said in the final confirmation."""

    state = django_filters.ChoiceFilter(
        label="确认情况", choices=list(STATE_LABELS.items()), field_name="final_state"
    )
