"""What waits for the graduate's answer, as a step on the graduate's home page."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Now
from django.urls import reverse

from core.db.lookups import Rows
from esign.models import Agreement, Amendment, Conclusion, Invitation, Termination
from esign.states import (
    AgreementState,
    AmendmentState,
    ConclusionState,
    InvitationState,
    Side,
    TerminationState,
)
from graduates import hooks
from graduates.hooks import HomeStep
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
        label, todo = "解约材料", "对方逾期未答复解约，可以上传盖章材料"
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
