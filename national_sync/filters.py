"""Filters of the national pages."""

from __future__ import annotations

import django_filters

from graduates.filters import GraduateFilter
from national_sync.fields import KINDS
from national_sync.states import EntryState, FeedbackState, Owner, Part

_OWNERS = [(v, label) for v, label in Owner.choices if v]


class FeedbackFilter(GraduateFilter):
    path = "graduate__"

    kind = django_filters.ChoiceFilter(label="类别", choices=[(k, k) for k in KINDS.values()])
    state = django_filters.ChoiceFilter(label="状态", choices=FeedbackState.choices)
    owner = django_filters.ChoiceFilter(label="处理方", choices=_OWNERS)


class EntryFilter(GraduateFilter):
    path = "graduate__"

    part = django_filters.ChoiceFilter(label="部分", choices=Part.choices)
    state = django_filters.ChoiceFilter(label="上报状态", choices=EntryState.choices)
    owner = django_filters.ChoiceFilter(label="处理方", choices=_OWNERS)
