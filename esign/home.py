"""What waits for the graduate's answer, as a step on the graduate's home page."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from core.clock import database_now
from core.db.lookups import Rows
from esign.models import Agreement, Amendment, Conclusion, Invitation, Termination
from esign.states import (
    OPEN_TERMINATION,
    AgreementState,
    AmendmentState,
    ConclusionState,
    InvitationState,
    Side,
    TerminationState,
)
from graduates import hooks
from graduates.hooks import FeedList, HomeCard, HomeStep, Rank
from graduates.models import Graduate

# Kinds of what may wait. They sort by urgency, the most urgent first.
_TERMINATION, _OVERDUE, _CONCLUSION, _AMENDMENT, _INVITATION = (
    "1 termination", "2 overdue", "3 conclusion", "4 amendment", "5 invitation",
)  # fmt: skip


def _waiting_rows(graduate: int) -> QuerySet[Any, Any]:
    """(kind, id) of all that waits for this graduate, in one query."""

    def kind(name: str) -> Value:
        return Value(name, output_field=CharField())

    now = Now()
    unanswered = Termination.objects.filter(graduate=graduate, state=TerminationState.WAITING_OTHER)
    of_unit = unanswered.filter(started_by=Side.EMPLOYER)
    overdue = unanswered.filter(Q(started_by=Side.GRADUATE) & Q(answer_by__lt=now))
    proposed = Amendment.objects.filter(agreement__graduate=graduate, state=AmendmentState.PROPOSED)
    concluded = Conclusion.objects.filter(graduate=graduate, state=ConclusionState.PROPOSED)
    signed = Agreement.objects.filter(graduate=OuterRef("graduate"), state=AgreementState.ACTIVE)
    sent = Invitation.objects.filter(
        ~Exists(signed), graduate=graduate, state=InvitationState.SENT, valid_until__gte=now
    )
    first = of_unit.annotate(kind=kind(_TERMINATION)).values_list("kind", "agreement_id")
    others = [
        overdue.annotate(kind=kind(_OVERDUE)).values_list("kind", "agreement_id"),
        concluded.annotate(kind=kind(_CONCLUSION)).values_list("kind", "pk"),
        proposed.annotate(kind=kind(_AMENDMENT)).values_list("kind", "pk"),
        sent.annotate(kind=kind(_INVITATION)).values_list("kind", "pk"),
    ]
    return first.union(*others, all=True)


_WAITING_ROWS = Rows(_waiting_rows)


@hooks.next_step.plug(order=15)
def answer_step(*, graduate: Graduate) -> HomeStep | None:
    """The most urgent thing to answer: a termination, a conclusion, an amendment or an
    invitation; None if
    nothing waits."""
    waiting = sorted(_WAITING_ROWS.of(graduate.pk))
    if not waiting:
        return None
    kind, pk = waiting[0]
    same_kind = sum(k == kind for k, _ in waiting)
    if kind == _TERMINATION:
        label, todo = "答复解约", "用人单位申请解约，请答复"
        address = reverse("agreement", args=[pk])
    elif kind == _OVERDUE:
        label, todo = "解约材料", "单位逾期未答复解约，您可以上传盖章材料"
        address = reverse("agreement", args=[pk])
    elif kind == _CONCLUSION:
        label, todo = "确认劳动合同", "就业协议将转为劳动合同，请核对后确认或拒绝"
        address = reverse("conclusion", args=[pk])
    elif kind == _AMENDMENT:
        label, todo = "确认变更", "用人单位提出修改签约信息，请核对后确认或拒绝"
        address = reverse("amendment", args=[pk])
    else:
        label, todo = "答复邀约", f"有{same_kind}份签约邀约等待您答复"
        address = reverse("invitation", args=[pk]) if same_kind == 1 else reverse("invitations")
    return HomeStep(label=label, done=False, todo=todo, address=address)


def _open_terminations(graduate: int) -> QuerySet[Any, Any]:
    rows = Termination.objects.filter(graduate=graduate, state__in=OPEN_TERMINATION)
    return rows.values_list("agreement_id", "state", "started_by", "answer_by")


_OPEN_TERMINATIONS = Rows(_open_terminations)
_WHOSE_TURN = {
    TerminationState.CONSENTED: "双方已同意，一小时后转院系审核",
    TerminationState.WAITING_DEPARTMENT: "等待院系审核",
    TerminationState.WAITING_SCHOOL: "等待学校审核",
}


@hooks.home_feed.plug(order=5)
def termination_card(*, graduate: Graduate) -> list[HomeCard | FeedList]:
    """The termination of the graduate's agreement while it is open: whose turn it is."""
    return [
        HomeCard(
            "解约办理中",
            _WHOSE_TURN.get(state) or _who_answers(started_by),
            _until(answer_by) if state == TerminationState.WAITING_OTHER else "",
            reverse("agreement", args=[agreement]),
            Rank.OBLIGATION,
        )
        for agreement, state, started_by, answer_by in _OPEN_TERMINATIONS.of(graduate.pk)
    ]


def _who_answers(started_by: str) -> str:
    return "等待用人单位答复" if started_by == Side.GRADUATE else "用人单位申请解约，等待您答复"


def _until(answer_by: datetime.datetime | None) -> str:
    """Until when the other side should answer. Silence is never consent (DOMAIN §5)."""
    if answer_by is None:
        return ""
    day = f"{timezone.localtime(answer_by):%Y年%-m月%-d日}"
    if answer_by < database_now():
        return f"已过{day}的答复期限，仍没有答复。"
    return f"应于{day}前答复；逾期不答复不算同意。"
