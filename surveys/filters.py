"""The filter bar of the lists of surveys."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from codes import readers
from surveys.models import Survey
from surveys.states import Audience, SurveyState


class SurveyFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label="状态", choices=SurveyState.choices)
    audience = django_filters.ChoiceFilter(label="调查对象", choices=Audience.choices)
    q = django_filters.CharFilter(label="关键字", method="by_keyword", help_text="标题")

    def by_keyword(self, queryset: QuerySet[Survey], name: str, value: Any) -> QuerySet[Survey]:
        return queryset.filter(title__contains=readers.search_words(value))
