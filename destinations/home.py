"""The two steps about the destination on the graduate's home page."""

from __future__ import annotations

import datetime

from django.db.models import Subquery
from django.urls import reverse
from django.utils import timezone

from destinations.models import Destination, DisputeState, FinalConfirmation, FinalRound
from destinations.models.final import LIVE_FINAL
from destinations.states import APPROVED, State
from graduates import hooks
from graduates.hooks import FeedList, HomeCard, HomeStep, Rank
from graduates.models import Graduate
from graduates.permissions import phase_for
from graduates.records import is_confirmation_current
from schools.models import Phase


def _destination_of(graduate: Graduate) -> Destination:
    """The graduate's destination, read once for both steps of a page."""
    if not hasattr(graduate, "_own_destination"):
        row = Destination.objects.only("state", "reason", "disputed_at").get(pk=graduate.pk)
        graduate._own_destination = row  # type: ignore[attr-defined]
    return graduate._own_destination  # type: ignore[attr-defined]


@hooks.next_step.plug(order=20)
def register_step(*, graduate: Graduate) -> HomeStep:
    d = _destination_of(graduate)
    todo = "请登记毕业去向"
    if d.state == State.REJECTED:
        todo = f"登记未通过：{d.reason}，请修改后重新提交"
    return HomeStep(
        label="登记去向",
        done=d.state not in (State.UNSUBMITTED, State.REJECTED),
        todo=todo,
        address=reverse("destination"),
        state=d.state,
        state_label=State(d.state).label,
    )


@hooks.next_step.plug(order=30)
def reviewed_step(*, graduate: Graduate) -> HomeStep:
    d = _destination_of(graduate)
    return HomeStep(
        label="审核通过",
        done=d.state in APPROVED,
        todo="已提交，请等待老师审核",
        address=reverse("destination"),
    )


@hooks.home_feed.plug(order=20)
def deadline_card(*, graduate: Graduate) -> list[HomeCard | FeedList]:
    """Until when the graduate has to confirm and register; nothing once both are done."""
    d, cohort = _destination_of(graduate), graduate.cohort
    is_done = d.state not in (State.UNSUBMITTED, State.REJECTED)
    if is_done and is_confirmation_current(graduate):
        return []
    phase, address = phase_for(graduate), reverse("register-tab")
    if phase == Phase.PREPARING and cohort.opens_on is not None:
        text = f"{_day(cohort.opens_on)}起可以登记毕业去向"
        return [
            HomeCard("办理期限", text, "生源信息现在就可以核对确认。", address, Rank.OBLIGATION)
        ]
    if phase != Phase.OPEN:
        return []
    last = cohort.ends_on
    if cohort.phase() != Phase.OPEN and graduate.reopened_until is not None:
        last = graduate.reopened_until
    left = (last - timezone.localdate()).days
    words = f"还有{left}天。" if left else "今天是最后一天。"
    return [HomeCard("办理期限", f"{_day(last)}截止", words, address, Rank.OBLIGATION)]


@hooks.home_feed.plug(order=10)
def dispute_card(*, graduate: Graduate) -> list[HomeCard | FeedList]:
    """The graduate's own objection, while it is open: whose turn it is, and until when."""
    if _destination_of(graduate).disputed_at is None:
        return []
    waiting = (DisputeState.OPEN, DisputeState.PROVINCE)
    rows = graduate.disputes.filter(state__in=waiting).order_by("-id")
    return [
        HomeCard(
            "去向异议",
            "等待省级处理" if row.state == DisputeState.PROVINCE else "等待学校处理",
            f"应于{_day(row.due_on)}前处理；处理完毕之前，此去向不审核、不上报。",
            reverse("dispute"),
            Rank.OBLIGATION,
        )
        for row in rows[:1]
    ]


@hooks.home_feed.plug(order=30)
def final_card(*, graduate: Graduate) -> list[HomeCard | FeedList]:
    """The final confirmation, while it is open and the graduate has not confirmed."""
    said = FinalConfirmation.objects.filter(graduate=graduate, state__in=LIVE_FINAL)
    opening = FinalRound.objects.filter(cohort=graduate.cohort_id).annotate(
        said=Subquery(said.values("state")[:1])
    )
    found = opening.first()
    if found is None or found.said is not None or phase_for(graduate) != Phase.OPEN:
        return []
    last = graduate.cohort.ends_on
    return [
        HomeCard(
            "最终信息确认", f"{_day(last)}前确认", "核对生源、去向、联系方式和档案四部分信息。",
            reverse("final"), Rank.OBLIGATION,
        )
    ]  # fmt: skip


def _day(day: datetime.date) -> str:
    return f"{day:%Y年%-m月%-d日}"
