"""Filters of the national pages."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone

from graduates.filters import GraduateFilter
from national_sync.fields import KINDS
from national_sync.queries import held, refused_here
from national_sync.states import CONFIRMED, LAPSED, EntryState, FeedbackState, Owner, Part

_OWNERS = [(v, label) for v, label in Owner.choices if v]


class FeedbackFilter(GraduateFilter):
    path = "graduate__"
    unit_name = "graduate__destination__unit_name"
    less_used = GraduateFilter.less_used | {"overdue"}

    kind = django_filters.ChoiceFilter(label="类别", choices=[(k, k) for k in KINDS.values()])
    state = django_filters.ChoiceFilter(
        label="状态", method="by_state", empty_label="未解决",
        choices=[*FeedbackState.choices, ("every", "全部")],
    )  # fmt: skip
    owner = django_filters.ChoiceFilter(label="处理方", choices=_OWNERS)
    overdue = django_filters.ChoiceFilter(
        label="应办日期", choices=[("yes", "已逾期")], method="by_overdue"
    )

    def by_overdue(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(due_on__lt=timezone.localdate())

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset if value == "every" else queryset.filter(state=value)


class EntryFilter(GraduateFilter):
    path = "graduate__"
    unit_name = "graduate__destination__unit_name"
    less_used = GraduateFilter.less_used | {"held"}

    part = django_filters.ChoiceFilter(label="部分", choices=Part.choices)
    state = django_filters.ChoiceFilter(label="上报状态", choices=EntryState.choices)
    owner = django_filters.ChoiceFilter(label="处理方", choices=_OWNERS)
    held = django_filters.ChoiceFilter(
        label="全国在册",
        method="by_held",
        choices=[("yes", "全国在册"), ("refused", "全国在册本校已否")],
    )

    def by_held(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return refused_here(queryset) if value == "refused" else held(queryset)


class ConfirmationFilter(GraduateFilter):
    """Over graduates, by what their national copy said when it was last fetched."""

    unit_name = "destination__unit_name"

    national = django_filters.ChoiceFilter(
        label="全国系统确认",
        method="by_national",
        choices=[
            ("confirmed", "已确认"), ("unconfirmed", "未确认"), ("lapsed", "已失效"),
            ("differs", "有差异"),
        ],
    )  # fmt: skip
    checked = django_filters.ChoiceFilter(
        label="本平台核对", method="by_checked", choices=[("yes", "已核对"), ("no", "未核对")]
    )

    def by_national(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        match value:
            case "differs":
                return queryset.filter(national_copy__differences__gt=0)
            case "unconfirmed":  # lapsed and never fetched among them
                return queryset.exclude(national_copy__national_state=CONFIRMED)
            case "lapsed":
                return queryset.filter(national_copy__national_state=LAPSED)
        return queryset.filter(national_copy__national_state=CONFIRMED)

    def by_checked(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(national_copy__confirmed_at__isnull=value == "no")
