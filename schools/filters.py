"""The filter of the staff list."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet

from codes import readers
from schools.models import BulkRow, StaffMember
from schools.roles import LEVELS, Level, Role

_ROLES = [(r.value, r.label) for r in Role if LEVELS[r] != Level.PROVINCE]


class BulkRowFilter(django_filters.FilterSet):
    result = django_filters.ChoiceFilter(
        label="结果", choices=[("1", "成功"), ("0", "未执行")], method="by_result"
    )

    def by_result(self, queryset: QuerySet[BulkRow], name: str, value: str) -> QuerySet[BulkRow]:
        return queryset.filter(done=value == "1")


class StaffFilter(django_filters.FilterSet):
    role = django_filters.ChoiceFilter(label="角色", choices=_ROLES)
    active = django_filters.ChoiceFilter(
        label="状态", choices=[("1", "启用"), ("0", "停用")], method="by_active"
    )
    q = django_filters.CharFilter(label="关键字", method="by_keyword", help_text="姓名或用户名")

    def by_active(
        self, queryset: QuerySet[StaffMember], name: str, value: str
    ) -> QuerySet[StaffMember]:
        return queryset.filter(user__is_active=value == "1")

    def by_keyword(
        self, queryset: QuerySet[StaffMember], name: str, value: str
    ) -> QuerySet[StaffMember]:
        wanted = readers.search_words(value)
        return queryset.filter(Q(user__label__contains=wanted) | Q(user__login__icontains=wanted))
