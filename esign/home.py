"""What signing adds to the graduate's home: whatever waits for an answer."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Now

from core.db.lookups import Rows
from esign.models import Agreement, Amendment, Invitation, Termination
from esign.states import (
    AgreementState,
    AmendmentState,
    InvitationState,
    Side,
    TerminationState,
)
from graduates import hooks
from graduates.hooks import HomeStep
from graduates.models import Graduate

_ENDING, _LATE, _CHANGE, _OFFER = "1 ending", "2 late", "3 change", "4 offer"


def _waits(graduate: int) -> QuerySet[Any, Any]:
    """What waits for this graduate. One question for all of it."""

    def kind(name: str) -> Value:
        return Value(name, output_field=CharField())

    now = Now()
    asked = Termination.objects.filter(graduate=graduate, state=TerminationState.WAITING_OTHER)
    changes = Amendment.objects.filter(agreement__graduate=graduate, state=AmendmentState.PROPOSED)
    signed = Agreement.objects.filter(graduate=OuterRef("graduate"), state=AgreementState.ACTIVE)
    offers = Invitation.objects.filter(
        ~Exists(signed), graduate=graduate, state=InvitationState.SENT, valid_until__gte=now
    )
    ending = asked.filter(started_by=Side.EMPLOYER)
    late = asked.filter(Q(started_by=Side.GRADUATE) & Q(answer_by__lt=now))
    found = ending.annotate(kind=kind(_ENDING)).values_list("kind", "agreement_id")
    others = [
        late.annotate(kind=kind(_LATE)).values_list("kind", "agreement_id"),
        changes.annotate(kind=kind(_CHANGE)).values_list("kind", "pk"),
        offers.annotate(kind=kind(_OFFER)).values_list("kind", "pk"),
    ]
    return found.union(*others, all=True)


_WAITING = Rows(_waits)


@hooks.next_step.plug(order=15)
def answer_step(*, graduate: Graduate) -> HomeStep | None:
    """Only while something waits: an offer, a change of the terms, or the end of an agreement."""
    waiting = sorted(_WAITING.of(graduate.pk))  # the most urgent first
    if not waiting:
        return None
    kind, pk = waiting[0]
    same = sum(k == kind for k, _ in waiting)
    label, todo, address = {
        _ENDING: ("答复解约", "用人单位申请解约, 请答复", f"/agreements/{pk}/"),
        _LATE: ("解约材料", "对方逾期未答复解约, 可以上传盖章材料", f"/agreements/{pk}/"),
        _CHANGE: ("确认变更", "用人单位提出修改签约信息, 请核对后确认或拒绝", f"/amendments/{pk}/"),
        _OFFER: (
            "答复邀约",
            f"有{same}份签约邀约等待您答复",
            f"/invitations/{pk}/" if same == 1 else "/invitations/",
        ),
    }[kind]
    return HomeStep(label=label, done=False, todo=todo, address=address)
