"""Persons whom staff enter by hand, and the confirmation by a second staff member.

Without it one person could invent a graduate, activate the account and sign an agreement.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from accounts.second_person import why_not_another_person
from core import audit
from core.errors import Conflict, DomainError, NotPermitted, Refused
from graduates.actions.origin import locked_graduate
from graduates.models import Graduate, HandEntry
from graduates.origin_steps import HAND_ENTRY
from graduates.states import EntryState

PERMISSION = "graduates.confirm_entries"
_SAME = "录入人不能确认自己的录入，请由另一位老师确认。"


def unconfirmed_entries(graduate_id: int) -> QuerySet[HandEntry]:
    """What was entered by hand about this graduate and is not confirmed, newest first."""
    rows = HandEntry.objects.filter(graduate_id=graduate_id).order_by("-id")
    return rows.exclude(state=EntryState.CONFIRMED)


def with_waiting_entries(graduates: QuerySet[Graduate]) -> QuerySet[Graduate]:
    """Those of `graduates` of whom something entered by hand waits for a second staff member."""
    return graduates.filter(Exists(_entries_in(EntryState.WAITING)))


def with_refused_entries(graduates: QuerySet[Graduate]) -> QuerySet[Graduate]:
    return graduates.filter(Exists(_entries_in(EntryState.REFUSED)))


def _entries_in(state: EntryState) -> QuerySet[HandEntry]:
    return HandEntry.objects.filter(graduate=OuterRef("pk"), state=state)


def why_not_decide(entries: list[HandEntry], by: User) -> DomainError | None:
    """Why `by` can't decide about these entries of one graduate. The account has to be 72 hours old, for
    an admin could open one and confirm with it what they entered themselves."""
    if not by.has_perm(PERMISSION):
        return NotPermitted("role", "您没有确认手工录入的权限。")
    first = [entry.entered_by_id for entry in entries]
    return why_not_another_person(first, by, _SAME, needs_settled_account=True)


def confirm(*, graduate_id: int, seen: int, by: User) -> Graduate:
    """Confirm that this person exists and the record is right. `seen` is the id of the newest entry
    that the page showed."""
    with transaction.atomic():
        graduate, entries = _lock(graduate_id, "confirm_entry", seen, by)
        _decide(entries, EntryState.CONFIRMED, by)
        audit.record("graduates.confirm_entry", by=by, obj=graduate)
        return graduate


def refuse(*, graduate_id: int, seen: int, reason: str, by: User) -> Graduate:
    """Say with a reason that the record is not right. Whoever entered it is told."""
    reason = reason.strip()[:200]
    if not reason:
        raise Refused("reason", "请填写不确认的原因，录入人会看到。", field="reason")
    with transaction.atomic():
        graduate, entries = _lock(graduate_id, "refuse_entry", seen, by)
        _decide(entries, EntryState.REFUSED, by, reason)
        audit.record("graduates.refuse_entry", by=by, obj=graduate, reason=reason)
        for user_id in {entry.entered_by_id for entry in entries} - {None}:
            inbox.tell(
                f"user:{user_id}",
                f"{graduate.name}的手工录入没有得到确认",
                text=f"学号{graduate.student_no}。{reason}",
                link=reverse("console:origin", args=[graduate.pk]),
                key=f"entry:{entries[0].pk}:refused",
            )
        return graduate


def _lock(graduate_id: int, action: str, seen: int, by: User) -> tuple[Graduate, list[HandEntry]]:
    """The locked graduate and the entries that `by` may now decide about."""
    graduate = locked_graduate(graduate_id)
    every = list(unconfirmed_entries(graduate_id))
    entries = [e for e in every if HAND_ENTRY.allows(action, e.state)]
    if not entries:
        raise Conflict("decided", "手工录入已经处理，没有重复办理。")
    if every[0].pk != seen:
        raise Conflict("changed", "证件号码刚刚又有更改，请重新核对后再确认。")
    if refusal := why_not_decide(every, by):
        raise refusal
    return graduate, entries


def _decide(entries: list[HandEntry], state: EntryState, by: User, reason: str = "") -> None:
    HandEntry.objects.filter(pk__in=[e.pk for e in entries]).update(
        state=state,
        decided_by=by,
        decided_label=by.label,
        decided_at=timezone.now(),
        reason=reason,
    )
