"""The filter bars of the lists of 困难群体帮扶."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from accounts.models import User
from codes import lookup
from graduates.filters import GraduateFilter
from schools.options import Choices
from support import queries
from support.models import JobRecommendation, Listing, Proposal
from support.states import ListingState, ProposalState

_YES_NO = [("yes", "有"), ("no", "没有")]
_FUNNEL: dict[str, Q] = {
    "sent": Q(),
    "opened": Q(opened_at__isnull=False),
    "applied": Q(applied=True),
    "interviewed": Q(interviewed=True),
}


class ListingFilter(GraduateFilter):
    """Over listings; without `state` those that are listed now."""

    path = "graduate__"
    less_used = GraduateFilter.less_used | {"state", "recommended", "outcome", "responsible"}

    group = django_filters.ChoiceFilter(label="类型", choices=(), method="by_group")
    plan = django_filters.ChoiceFilter(label="方案", choices=_YES_NO, method="by_plan")
    record = django_filters.ChoiceFilter(label="记录", choices=_YES_NO, method="by_record")
    quota = django_filters.ChoiceFilter(
        label="帮扶标准",
        method="by_quota",
        choices=[
            ("met", "已达标"), ("unmet", "未达标"),
            *((f"no-{key}", f"{label}未达到") for key, label in queries.PART_LABELS.items()),
        ],
    )  # fmt: skip
    outcome = django_filters.ChoiceFilter(
        label="去向", choices=[("yes", "已落实"), ("no", "未落实")], method="by_outcome"
    )
    recommended = django_filters.ChoiceFilter(
        label="推荐职位", method="by_recommended",
        choices=[("sent", "推荐过"), ("opened", "打开过"), ("applied", "投递了"), ("interviewed", "面试了")],
    )  # fmt: skip
    responsible = django_filters.ChoiceFilter(
        label="责任人", choices=[("mine", "本人"), ("none", "未指定")], method="by_responsible"
    )
    state = django_filters.ChoiceFilter(
        label="名单", choices=[("removed", "已移出"), ("all", "在册和已移出")], method="by_state"
    )

    def __init__(self, data: Any = None, queryset: Any = None, *, request: HttpRequest) -> None:
        if (data or {}).get("state") not in ("removed", "all"):
            queryset = queryset.filter(state=ListingState.LISTED)
        super().__init__(data, queryset, request=request)

    def choices(self) -> dict[str, Choices]:
        return super().choices() | {"group": lookup.table("support_group").choices()}

    def by_group(self, queryset: QuerySet[Listing], name: str, value: str) -> QuerySet[Listing]:
        return queryset.filter(groups__contains=[value])

    def by_plan(self, queryset: QuerySet[Listing], name: str, value: str) -> QuerySet[Listing]:
        has = queries.has_plan()
        return queryset.filter(has if value == "yes" else ~has)

    def by_record(self, queryset: QuerySet[Listing], name: str, value: str) -> QuerySet[Listing]:
        has = queries.with_record(queryset)
        return queryset.filter(has if value == "yes" else ~has)

    def by_quota(self, queryset: QuerySet[Listing], name: str, value: str) -> QuerySet[Listing]:
        if value in ("met", "unmet"):
            met = queries.quota_met(queryset)
            return queryset.filter(met if value == "met" else ~met)
        return queryset.filter(~queries.quota_met(queryset, [value.removeprefix("no-")]))

    def by_outcome(self, queryset: QuerySet[Listing], name: str, value: str) -> QuerySet[Listing]:
        has = queries.has_outcome()
        return queryset.filter(has if value == "yes" else ~has)

    def by_recommended(
        self, queryset: QuerySet[Listing], name: str, value: str
    ) -> QuerySet[Listing]:
        sent = queries.with_funnel(JobRecommendation.objects.filter(listing=OuterRef("pk")))
        return queryset.filter(Exists(sent.filter(_FUNNEL[value])))

    def by_responsible(
        self, queryset: QuerySet[Listing], name: str, value: str
    ) -> QuerySet[Listing]:
        if value == "none":
            return queryset.filter(responsible=None)
        assert isinstance(self.request.user, User)
        return queryset.filter(responsible=self.request.user)

    def by_state(self, queryset: QuerySet[Listing], name: str, value: str) -> QuerySet[Listing]:
        return queryset.filter(state=ListingState.REMOVED) if value == "removed" else queryset


class ProposalFilter(GraduateFilter):
    path = "graduate__"
    less_used = GraduateFilter.less_used | {"level", "school_class"}

    state = django_filters.ChoiceFilter(label="状态", choices=ProposalState.choices)
    group = django_filters.ChoiceFilter(label="类型", choices=(), method="by_group")

    def choices(self) -> dict[str, Choices]:
        return super().choices() | {"group": lookup.table("support_group").choices()}

    def by_group(self, queryset: QuerySet[Proposal], name: str, value: str) -> QuerySet[Proposal]:
        return queryset.filter(groups__contains=[value])
