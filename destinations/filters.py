"""Filters of destination lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from accounts.models import User
from codes import readers
from destinations import alike, reports
from destinations.catalogue import catalogue
from destinations.states import APPROVED, State
from graduates.filters import GraduateFilter, search_graduates
from schools.options import Choices
from schools.scope import scope_of

REGISTERED, REVIEWED = "registered", "reviewed"
_SEVERAL_STATES = ((REGISTERED, "已登记（各种情况）"), (REVIEWED, "已通过初审或终审"))


class DestinationFilter(GraduateFilter):
    path = "graduate__"
    less_used = GraduateFilter.less_used | {"rate", "origin"}

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

    def choices(self) -> dict[str, Choices]:
        leaves = catalogue().leaves.values()
        return super().choices() | {
            "category": [(leaf.code, leaf.label) for leaf in leaves],
            "rate": reports.rate_choices(),
            "alike": self._alike_choices(),
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

    def by_keyword(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Graduates by name or number; a Chinese keyword is looked for in units' names, too: two
        characters are enough within a school, four among all schools, whose rows no index narrows."""
        by_graduate = search_graduates(queryset, value, self.request.user, "graduate__")
        keyword = readers.search_words(value)
        scope = scope_of(self.request.user)
        everywhere = scope is not None and scope.everything and not self.data.get("school")
        if len(keyword) >= (4 if everywhere else 2) and not keyword.isascii():
            return queryset.filter(
                Q(pk__in=by_graduate.values("pk")) | Q(unit_name__contains=keyword)
            )
        return by_graduate
