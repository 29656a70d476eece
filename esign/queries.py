"""Queries of pages and commands: terminations to review, printable agreements, unfinished documents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from destinations.states import APPROVED
from employers.models import UnitMember
from employers.queries import visible_to_member
from esign.models import Agreement, Conclusion, Document, Invitation, Print, Termination
from esign.pdf_signing import certificate_in_use
from esign.states import (
    AgreementState,
    ConclusionState,
    DocumentState,
    InvitationState,
    Proposer,
    TerminationState,
)
from graduates.models import Graduate
from schools.roles import Level
from schools.scope import staff_of, visible_to

_REVIEWED_STATE = {
    Level.CLASS: TerminationState.WAITING_DEPARTMENT,
    Level.DEPARTMENT: TerminationState.WAITING_DEPARTMENT,
    Level.SCHOOL: TerminationState.WAITING_SCHOOL,
}
_KEY_EXPIRY_NOTICE = timedelta(days=30)
_WAITING_TOO_LONG = timedelta(minutes=15)


# When the unit's person began it, as `visible_to_member` asks: an agreement began with the person's
# signature under the invitation.
INVITATION_BEGUN = "sent_at"
AGREEMENT_BEGUN = "invitation__sent_at"


def invitations_of(member: UnitMember) -> QuerySet[Invitation]:
    """The invitations that a person of a unit may see."""
    return visible_to_member(Invitation.objects.all(), member, begun_at=INVITATION_BEGUN)


def agreements_of(member: UnitMember) -> QuerySet[Agreement]:
    """The agreements that a person of a unit may see."""
    return visible_to_member(Agreement.objects.all(), member, begun_at=AGREEMENT_BEGUN)


def terminations_for_staff() -> QuerySet[Termination]:
    """Terminations as staff may see them: one that was just consented to is left out until the consent
    can no longer be taken back."""
    return Termination.objects.exclude(state=TerminationState.CONSENTED)


def terminations_to_review(user: User) -> QuerySet[Termination]:
    """The terminations that this person has to review next."""
    staff = staff_of(user)
    state = _REVIEWED_STATE.get(staff.role_level) if staff is not None else None
    rows = Termination.objects.filter(state=state) if state else Termination.objects.none()
    return visible_to(rows, user, graduate="graduate")


def conclusions_to_decide(user: User) -> QuerySet[Conclusion]:
    """The conclusions that this person may confirm or refuse now: what another one of the staff
    proposed, and what a unit proposed and the graduate did not answer in time."""
    staff = staff_of(user)
    if staff is None or staff.role_level not in (Level.DEPARTMENT, Level.SCHOOL):
        return Conclusion.objects.none()
    rows = Conclusion.objects.filter(
        Q(proposed_by=Proposer.SCHOOL) | Q(answer_by__lt=Now()), state=ConclusionState.PROPOSED
    ).exclude(proposed_by_user=user)
    return visible_to(rows, user, graduate="graduate")


def printable_agreements() -> QuerySet[Agreement]:
    """Agreements that can be printed now, with how often, when and by whom they were printed."""
    ready = Document.objects.filter(
        agreement=OuterRef("pk"),
        state=DocumentState.READY,
        version__number=OuterRef("version"),
    )
    prints = Print.objects.filter(agreement=OuterRef("pk")).order_by()
    newest = prints.order_by("-id")
    times = prints.values("agreement").annotate(n=Count("pk")).values("n")
    return Agreement.objects.filter(
        Exists(ready),
        state=AgreementState.ACTIVE,
        graduate__destination__state__in=APPROVED,
    ).annotate(
        times=Subquery(times),
        last_at=Subquery(newest.values("at")[:1]),
        last_by=Subquery(newest.values("actor_label")[:1]),
    )


def unfinished_documents() -> QuerySet[Document]:
    return Document.objects.exclude(state=DocumentState.READY)


def sign_status() -> dict[str, Any]:
    """The state of document making and of the signing key. `alarm` lists what needs attention."""
    now = timezone.now()
    counts = dict(
        unfinished_documents().values_list("state").annotate(n=Count("pk")).order_by("state")
    )
    oldest = Document.objects.filter(state=DocumentState.WAITING).aggregate(at=Min("created_at"))
    reasons = (
        Document.objects.filter(state=DocumentState.PARKED)
        .values(reason=F("problem"))
        .annotate(n=Count("pk"))
        .order_by("-n")[:5]
    )
    key, problem = certificate_in_use()
    age = int((now - oldest["at"]).total_seconds()) if oldest["at"] else 0
    alarm = []
    if counts.get(DocumentState.PARKED):
        alarm.append("有协议书文件待处理")
    if age > _WAITING_TOO_LONG.total_seconds():
        alarm.append("有协议书文件长时间没有生成")
    if problem:
        alarm.append(problem)
    elif key is not None and key.not_after < now + _KEY_EXPIRY_NOTICE:
        alarm.append("签名证书即将到期")
    return {
        "documents": {
            state.value: counts.get(state.value, 0)
            for state in (DocumentState.WAITING, DocumentState.MAKING, DocumentState.PARKED)
        },
        "oldest_waiting": age,
        "parked_reasons": [[r["reason"], r["n"]] for r in reasons],
        "key": key.fingerprint if key is not None else "",
        "key_expires": key.not_after.isoformat() if key is not None else "",
        "key_problem": problem,
        "alarm": alarm,
    }


def invited(graduates: QuerySet[Graduate]) -> QuerySet[Graduate]:
    """The graduates who have an invitation that they may still answer."""
    waiting = Invitation.objects.filter(state=InvitationState.SENT, valid_until__gt=Now())
    return graduates.filter(pk__in=waiting.values("graduate"))
