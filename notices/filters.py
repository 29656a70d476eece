"""The filter bars of the lists of notices and of their readers."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from codes import readers
from graduates.filters import GraduateFilter
from notices import queries
from notices.models import Notice
from notices.states import NoticeState, Readers, Reading

# Not a state: what this person still has to confirm.
UNCONFIRMED = "unconfirmed"


class NoticeFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label="状态", choices=[(UNCONFIRMED, "待我确认"), *NoticeState.choices], method="by_state"
    )
    readers = django_filters.ChoiceFilter(label="面向", choices=Readers.choices)
    q = django_filters.CharFilter(label="关键字", method="by_keyword", help_text="标题、正文")

    def by_state(self, queryset: QuerySet[Notice], name: str, value: str) -> QuerySet[Notice]:
        if value == UNCONFIRMED:
            waiting = queries.unconfirmed_by(self.request.user).order_by().values("pk")
            return queryset.filter(pk__in=waiting)
        return queryset.filter(state=value)

    def by_keyword(self, queryset: QuerySet[Notice], name: str, value: Any) -> QuerySet[Notice]:
        wanted = readers.search_words(value)
        return queryset.filter(Q(title__contains=wanted) | Q(body__contains=wanted))


class NoticeReaderFilter(GraduateFilter):
    """The audience of a notice, by what they have done with it."""

    reading = django_filters.ChoiceFilter(
        label="阅读情况", choices=Reading.choices, method="by_reading"
    )

    def by_reading(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == Reading.UNREAD:
            return queryset.filter(notice_read_at__isnull=True)
        confirmed = value == Reading.CONFIRMED
        return queryset.filter(
            notice_read_at__isnull=False, notice_confirmed_at__isnull=not confirmed
        )
