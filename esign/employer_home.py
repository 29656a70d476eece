"""What the employer's home page shows of invitations, agreements and terminations."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from employers import hooks
from employers.hooks import Tile, Todo
from employers.models import UnitMember
from esign.models import Amendment, Invitation, Termination
from esign.queries import agreements_of, invitations_of
from esign.states import (
    OPEN_TERMINATION,
    AgreementState,
    AmendmentState,
    InvitationState,
    Side,
    TerminationState,
)


def invitations_in(rows: QuerySet[Invitation], state: str) -> QuerySet[Invitation]:
    """Invitations that are in `state` at this instant. After its last day an open invitation has
    expired, even if it is not marked yet."""
    now = timezone.now()
    if state == InvitationState.SENT:
        return rows.filter(state=state, valid_until__gte=now)
    if state == InvitationState.EXPIRED:
        return rows.filter(Q(state=state) | Q(state=InvitationState.SENT, valid_until__lt=now))
    return rows.filter(state=state)


def open_terminations(member: UnitMember) -> QuerySet[Termination]:
    agreements = agreements_of(member)
    return Termination.objects.filter(agreement__in=agreements, state__in=OPEN_TERMINATION)


@hooks.home_tiles.plug()
def signing_tiles(*, member: UnitMember) -> list[Tile]:
    sent = invitations_of(member)
    agreements = agreements_of(member)
    proposed = Amendment.objects.filter(agreement__in=agreements, state=AmendmentState.PROPOSED)
    invitations, signed = reverse("employer-invitations"), reverse("employer-agreements")
    return [
        Tile("待应约", invitations_in(sent, InvitationState.SENT).count(), f"{invitations}?state=sent"),
        Tile("有效协议", agreements.filter(state=AgreementState.ACTIVE).count(),
             f"{signed}?state=active"),
        Tile("变更待确认", proposed.count(), f"{signed}?state=amending"),
        Tile("解约办理中", open_terminations(member).count(), f"{signed}?state=terminating"),
    ]  # fmt: skip


@hooks.home_todos.plug(order=10)
def signing_todos(*, member: UnitMember) -> list[Todo]:
    asked = open_terminations(member).filter(
        state=TerminationState.WAITING_OTHER, started_by=Side.GRADUATE
    )
    todos = [
        Todo(
            f"{t.graduate.name}申请协商解约",
            f"请在 {timezone.localtime(t.answer_by):%m月%d日}前答复" if t.answer_by else "请答复",
            reverse("employer-agreement", args=[t.agreement_id]),
            "exclamation-circle",
        )
        for t in asked.select_related("graduate").order_by("answer_by")[:5]
    ]
    soon = invitations_in(invitations_of(member), InvitationState.SENT)
    ending = soon.filter(valid_until__lt=timezone.now() + timedelta(days=1)).count()
    if ending:
        todos.append(
            Todo(
                f"{ending}份邀约将在一天内失效",
                "可以提醒毕业生登录答复",
                f"{reverse('employer-invitations')}?state=sent",
                "clock-history",
            )
        )
    return todos
