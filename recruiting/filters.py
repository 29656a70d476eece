"""The filter bars of the console's lists of recruiting."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from codes import readers, text
from core.forms import read_number
from graduates.filters import GraduateFilter
from graduates.models import Graduate
from recruiting import fair_queries, queries
from recruiting.models import (
    Application,
    Booking,
    Booth,
    Fair,
    Posting,
    Sanction,
    UnitReport,
    Verification,
)
from recruiting.states import (
    OPEN_REPORT,
    AppealState,
    BookingState,
    BoothState,
    FairKind,
    FairState,
    PostingState,
    RecommendationState,
    ReportReason,
    ReportState,
    SanctionKind,
    VerificationState,
    WorkKind,
)

# Not a state: what waits for this person's review, changes of published postings included.
WAITS_FOR_ME = "mine"
_STATES = [
    (WAITS_FOR_ME, "待我审核"),
    *(
        (state.value, state.label)
        for state in PostingState
        if state not in (PostingState.DRAFT, PostingState.RETURNED)
    ),
]


class PostingFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label="状态", choices=_STATES, method="by_state")
    work_kind = django_filters.ChoiceFilter(label="工作类型", choices=WorkKind.choices)
    q = django_filters.CharFilter(
        label="关键字", method="by_keyword", help_text="岗位名称、单位名称"
    )

    def by_state(self, queryset: QuerySet[Posting], name: str, value: Any) -> QuerySet[Posting]:
        if value == WAITS_FOR_ME:
            waiting = queries.waiting_for(self.request.user).order_by().values("pk")
            return queryset.filter(pk__in=waiting)
        return queryset.filter(state=value)

    def by_keyword(self, queryset: QuerySet[Posting], name: str, value: Any) -> QuerySet[Posting]:
        wanted = readers.search_words(value)
        return queryset.filter(Q(title__contains=wanted) | Q(unit__name__contains=wanted))


class VerificationFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label="状态", choices=VerificationState.choices)
    q = django_filters.CharFilter(
        label="关键字", method="by_keyword", help_text="单位名称或统一社会信用代码"
    )

    def by_keyword(
        self, queryset: QuerySet[Verification], name: str, value: str
    ) -> QuerySet[Verification]:
        wanted = readers.search_words(value)
        by_code = Q(unit__code=text.clean_code(value))
        return queryset.filter(by_code | Q(unit__name__contains=wanted))


class BookingFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label="状态", choices=BookingState.choices)
    q = django_filters.CharFilter(label="关键字", method="by_keyword", help_text="姓名、学校")

    def by_keyword(self, queryset: QuerySet[Booking], name: str, value: str) -> QuerySet[Booking]:
        wanted = readers.search_words(value)
        return queryset.filter(
            Q(graduate__name__contains=wanted) | Q(school__name__contains=wanted)
        )


class ReportFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label="状态", choices=ReportState.choices)
    reason = django_filters.ChoiceFilter(label="举报事项", choices=ReportReason.choices)
    due = django_filters.ChoiceFilter(
        label="期限", choices=[("over", "已逾期"), ("today", "今天到期")], method="by_due"
    )
    q = django_filters.CharFilter(
        label="关键字", method="by_keyword", help_text="单位名称或统一社会信用代码"
    )

    def by_due(self, queryset: QuerySet[UnitReport], name: str, value: str) -> QuerySet[UnitReport]:
        rows, today = queryset.filter(state__in=OPEN_REPORT), timezone.localdate()
        return rows.filter(due_on__lt=today) if value == "over" else rows.filter(due_on=today)

    def by_keyword(
        self, queryset: QuerySet[UnitReport], name: str, value: str
    ) -> QuerySet[UnitReport]:
        return queryset.filter(_by_unit(value))


class SanctionFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(label="处理", choices=SanctionKind.choices)
    appeal_state = django_filters.ChoiceFilter(label="申诉", choices=AppealState.choices)
    q = django_filters.CharFilter(
        label="关键字", method="by_keyword", help_text="单位名称或统一社会信用代码"
    )

    def by_keyword(self, queryset: QuerySet[Sanction], name: str, value: str) -> QuerySet[Sanction]:
        return queryset.filter(_by_unit(value))


def _by_unit(value: str) -> Q:
    """Rows of the unit with this code, or with this in its name."""
    wanted = readers.search_words(value)
    return Q(unit__code=text.clean_code(value)) | Q(unit__name__contains=wanted)


class RecommendationFilter(GraduateFilter):
    path = "graduate__"
    less_used = GraduateFilter.less_used
    state = django_filters.ChoiceFilter(
        label="状态",
        choices=[
            (state.value, state.label)
            for state in RecommendationState
            if state != RecommendationState.DRAFT
        ],
    )


class FairFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label="状态", choices=[(WAITS_FOR_ME, "待我处理"), *FairState.choices], method="by_state"
    )
    kind = django_filters.ChoiceFilter(label="类型", choices=FairKind.choices)
    when = django_filters.ChoiceFilter(
        label="时间", method="by_time",
        choices=[("today", "今天"), ("week", "7天内"), ("coming", "尚未结束"), ("past", "已过")],
    )  # fmt: skip
    q = django_filters.CharFilter(
        label="关键字", method="by_keyword", help_text="名称、地点、学校或单位"
    )

    def by_state(self, queryset: QuerySet[Fair], name: str, value: str) -> QuerySet[Fair]:
        if value == WAITS_FOR_ME:
            waiting = fair_queries.waiting_for(self.request.user).order_by().values("pk")
            return queryset.filter(pk__in=waiting)
        return queryset.filter(state=value)

    def by_time(self, queryset: QuerySet[Fair], name: str, value: str) -> QuerySet[Fair]:
        now = timezone.localtime()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if value == "past":
            return queryset.filter(ends_at__lt=now)
        if value == "coming":
            return queryset.filter(ends_at__gte=now)
        days = datetime.timedelta(days=1 if value == "today" else 7)
        return queryset.filter(starts_at__lt=midnight + days, ends_at__gte=midnight)

    def by_keyword(self, queryset: QuerySet[Fair], name: str, value: str) -> QuerySet[Fair]:
        wanted = readers.search_words(value)
        of_event = Q(title__contains=wanted) | Q(place__contains=wanted)
        return queryset.filter(
            of_event | Q(school__name__contains=wanted) | Q(unit__name__contains=wanted)
        )


class BoothFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label="状态", choices=BoothState.choices)
    q = django_filters.CharFilter(
        label="关键字", method="by_keyword", help_text="单位名称、统一社会信用代码或展位号"
    )

    def by_keyword(self, queryset: QuerySet[Booth], name: str, value: str) -> QuerySet[Booth]:
        wanted = readers.search_words(value)
        number = read_number(wanted)
        found = _by_unit(value)
        return queryset.filter(found if number is None else found | Q(number=f"{number:03d}"))


class ResumeFilter(GraduateFilter):
    """Over graduates, by how far their résumés are."""

    less_used = GraduateFilter.less_used

    completeness = django_filters.ChoiceFilter(
        label="完整度",
        method="by_completeness",
        choices=[
            ("none", "没有简历"), ("any", "有简历"), ("below", "未达到投递要求"),
            ("enough", "达到投递要求"), ("0", "0%"), ("1-59", "1%–59%"), ("60-99", "60%–99%"),
            ("100", "100%"),
        ],
    )  # fmt: skip
    intention = django_filters.ChoiceFilter(
        label="求职意向", method="by_intention", choices=[("yes", "已填写"), ("no", "没有填写")]
    )
    applied = django_filters.ChoiceFilter(
        label="投递", method="by_applied", choices=[("yes", "投递过"), ("no", "没有投递")]
    )

    def by_completeness(
        self, queryset: QuerySet[Graduate], name: str, value: str
    ) -> QuerySet[Graduate]:
        if value in ("none", "any"):
            return queryset.filter(resume_store__isnull=value == "none")
        if value in ("below", "enough"):
            enough = queries.enough_to_apply()
            lacking = Q(resume_store__isnull=True) | ~enough
            return queryset.filter(enough if value == "enough" else lacking)
        first, _, last = value.partition("-")
        return queryset.filter(
            resume_store__completeness__gte=int(first),
            resume_store__completeness__lte=int(last or first),
        )

    def by_intention(
        self, queryset: QuerySet[Graduate], name: str, value: str
    ) -> QuerySet[Graduate]:
        return queryset.filter(intention__isnull=value == "no")

    def by_applied(self, queryset: QuerySet[Graduate], name: str, value: str) -> QuerySet[Graduate]:
        applied = Exists(Application.objects.filter(graduate=OuterRef("pk")))
        return queryset.filter(applied if value == "yes" else ~applied)
