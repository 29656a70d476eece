"""The filter bar of the list of findings."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone

from graduates.filters import GraduateFilter
from quality import rule_book
from quality.states import UNSETTLED, FindingOwner, FindingState

UNSETTLED_ONES = "unsettled"
_STATES = [
    (UNSETTLED_ONES, "待办（待核实、核实中）"),
    *FindingState.choices,
]


class FindingFilter(GraduateFilter):
    path = "graduate__"
    less_used = GraduateFilter.less_used | {"due"}

    rule = django_filters.ChoiceFilter(
        label="规则", choices=[(d.key, d.label) for d in rule_book.ALL], field_name="rule_id"
    )
    state = django_filters.ChoiceFilter(label="状态", choices=_STATES, method="by_state")
    owner = django_filters.ChoiceFilter(label="处理方", choices=FindingOwner.choices)
    due = django_filters.ChoiceFilter(
        label="期限", choices=[("over", "已逾期"), ("week", "7天内到期")], method="by_due"
    )

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == UNSETTLED_ONES:
            return queryset.filter(state__in=UNSETTLED)
        return queryset.filter(state=value)

    def by_due(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        rows, today = queryset.filter(state__in=UNSETTLED), timezone.localdate()
        if value == "over":
            return rows.filter(due_on__lt=today)
        return rows.filter(due_on__gte=today, due_on__lte=today + datetime.timedelta(days=7))

    def by_department(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Of the department's graduates, and about the department itself."""
        of_graduates = super().by_department(queryset, name, value)
        return queryset.filter(
            Q(pk__in=of_graduates.order_by().values("pk")) | Q(department_id=int(value))
        )
