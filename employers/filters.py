"""The filter of the province's list of letters."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from codes import readers, text
from employers.models import LetterKind, LetterState


class LetterFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label="状态", choices=LetterState.choices)
    kind = django_filters.ChoiceFilter(label="事项", choices=LetterKind.choices)
    q = django_filters.CharFilter(
        label="关键字", method="by_keyword", help_text="单位名称、代码或手机号码"
    )

    def by_keyword(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        wanted = readers.search_words(value)
        by_unit = Q(unit__name__contains=wanted) | Q(unit__code=text.clean_code(value))
        return queryset.filter(by_unit | Q(mobile=text.clean_phone(value)))
