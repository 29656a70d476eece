"""The filter bars of the lists of notices and of their readers."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from codes import readers
from core import frame
from graduates.filters import GraduateFilter, search_graduates
from notices import queries
from notices.models import Notice, Reminder, ReminderRecipient
from notices.states import NoticeState, Readers, Reading, Skipped, TextState

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


class ReminderFilter(django_filters.FilterSet):
    topic = django_filters.ChoiceFilter(label="事项", choices=())
    q = django_filters.CharFilter(label="关键字", method="by_keyword", help_text="内容、发送人")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topics = frame.reminder_topics().values()
        self.filters["topic"].extra["choices"] = [(t.key, t.label) for t in topics]

    def by_keyword(self, queryset: QuerySet[Reminder], name: str, value: Any) -> QuerySet[Reminder]:
        wanted = readers.search_words(value)
        return queryset.filter(Q(text__contains=wanted) | Q(by_label__contains=wanted))


# What a recipient did after the reminder.
_AFTER = (("acted", "7日内完成"), ("read", "已读"), ("unread", "未读"))


class RecipientFilter(django_filters.FilterSet):
    """The people of a reminder, by what became of it."""

    skipped = django_filters.ChoiceFilter(
        label="提醒情况",
        choices=[("told", Skipped.NOT.label), *[c for c in Skipped.choices if c[0]]],
        method="by_skipped",
    )
    after = django_filters.ChoiceFilter(label="之后", choices=_AFTER, method="by_after")
    text_state = django_filters.ChoiceFilter(
        label="短信", choices=[c for c in TextState.choices if c[0]]
    )
    q = django_filters.CharFilter(label="关键字", method="by_keyword", help_text="姓名或学号")

    def by_skipped(
        self, queryset: QuerySet[ReminderRecipient], name: str, value: str
    ) -> QuerySet[ReminderRecipient]:
        return queryset.filter(skipped="" if value == "told" else value)

    def by_after(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        told = queryset.filter(skipped="")
        if value == "acted":
            return told.filter(acted_at__isnull=False)
        return told.filter(message_read=value == "read")

    def by_keyword(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return search_graduates(queryset, value, self.request.user, "graduate__")
