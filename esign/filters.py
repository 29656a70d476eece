"""Filters of the console's lists of agreements, terminations and documents."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from accounts.models import User
from codes import readers, text
from destinations.states import State
from esign.reader_words import termination_choices
from esign.states import AgreementState, ConclusionState, DocumentState, Ground
from graduates.filters import GraduateFilter, search_graduates

_KEYWORD = "姓名、学号、单位或协议书编号"


def _filter_by_keyword(queryset: QuerySet[Any], value: str, user: User, to: str) -> QuerySet[Any]:
    """Rows found by the graduate, the unit's name or the agreement's number. `to` is the lookup
    prefix that leads from a row to its agreement."""
    typed, code = readers.search_words(value), text.clean_code(value)
    matches = Q(pk__in=search_graduates(queryset, value, user, "graduate__").values("pk"))
    if text.is_digits(code) and len(code) >= 8:
        matches |= Q(**{f"{to}number__startswith": code})
    elif len(typed) >= 2 and not typed.isascii():
        matches |= Q(**{f"{to}unit__name__contains": typed})
    return queryset.filter(matches)


class AgreementFilter(GraduateFilter):
    path = "graduate__"

    state = django_filters.ChoiceFilter(label="协议状态", choices=AgreementState.choices)
    review = django_filters.ChoiceFilter(
        label="去向审核", choices=State.choices, field_name="graduate__destination__state"
    )
    q = django_filters.CharFilter(label="关键字", method="by_keyword", help_text=_KEYWORD)

    def by_keyword(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return _filter_by_keyword(queryset, value, self.request.user, "")


class PrintFilter(GraduateFilter):
    path = "graduate__"

    printed = django_filters.ChoiceFilter(
        label="打印情况", choices=[("0", "未打印"), ("1", "已打印")], method="by_printed"
    )
    q = django_filters.CharFilter(label="关键字", method="by_keyword", help_text=_KEYWORD)

    def by_printed(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(times__isnull=value == "0")

    def by_keyword(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return _filter_by_keyword(queryset, value, self.request.user, "")


class TerminationFilter(GraduateFilter):
    path = "graduate__"

    state = django_filters.ChoiceFilter(
        label="办理状态",
        choices=termination_choices(),
    )
    ground = django_filters.ChoiceFilter(label="解约事由", choices=Ground.choices)
    q = django_filters.CharFilter(label="关键字", method="by_keyword", help_text=_KEYWORD)

    def by_keyword(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return _filter_by_keyword(queryset, value, self.request.user, "agreement__")


class ConclusionFilter(GraduateFilter):
    path = "graduate__"

    state = django_filters.ChoiceFilter(label="状态", choices=ConclusionState.choices)
    q = django_filters.CharFilter(label="关键字", method="by_keyword", help_text=_KEYWORD)

    def by_keyword(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return _filter_by_keyword(queryset, value, self.request.user, "agreement__")


class DocumentFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label="状态",
        choices=[c for c in DocumentState.choices if c[0] != DocumentState.READY],
    )
