"""Handling feedback of the national system: passing it down or up, and answering it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit
from core.errors import NotPermitted, Refused
from national_sync.actions.claim import due_after
from national_sync.models import Entry, Feedback
from national_sync.states import FeedbackState, Owner
from schools.roles import Level
from schools.scope import staff_of, visible_to

# Who may pass feedback to whom (DOMAIN §6: department → school → province, and back).
_RECIPIENTS: dict[str, frozenset[str]] = {
    Level.CLASS: frozenset({Owner.SCHOOL}),
    Level.DEPARTMENT: frozenset({Owner.SCHOOL}),
    Level.SCHOOL: frozenset({Owner.DEPARTMENT, Owner.PROVINCE}),
    Level.PROVINCE: frozenset({Owner.SCHOOL}),
}
# What the province says goes down, and so do the school's words to a department.
_DOWN = {(Level.PROVINCE, Owner.SCHOOL), (Level.SCHOOL, Owner.DEPARTMENT)}
_OWNER_OF_LEVEL = {
    Level.CLASS: Owner.DEPARTMENT,
    Level.DEPARTMENT: Owner.DEPARTMENT,
    Level.SCHOOL: Owner.SCHOOL,
    Level.PROVINCE: Owner.PROVINCE,
}


def owner_of(user: User) -> str:
    """The owner that stands for this person: feedback with this owner is theirs to handle."""
    staff = staff_of(user)
    return _OWNER_OF_LEVEL[staff.role_level] if staff is not None else Owner.NOBODY


def may_reassign_to(user: User) -> frozenset[str]:
    staff = staff_of(user)
    return _RECIPIENTS[staff.role_level] if staff is not None else frozenset()


def reassign(*, ids: Sequence[int], to: str, by: User, note: str = "") -> int:
    """Give open feedback in scope to somebody else, with a new due date; returns how many.

    Passing it up to the province needs a note that says what was tried; the province needs to give
    an answer. What is said on the way down is kept beside what was said on the way up; without a
    word both stay as they are.
    """
    if to not in Owner.values or to in (Owner.NOBODY, Owner.SYSTEM):
        raise Refused("to", "请选择转交给谁。")
    if to not in may_reassign_to(by):
        raise NotPermitted("role", "您不能转交给这一级。")
    if to == Owner.PROVINCE and not note.strip():
        raise Refused("note", "上报省级须说明已核实的情况。", field="note")
    role, said = staff_of(by).role_level, note.strip()[:300]  # type: ignore[union-attr]
    if role == Level.PROVINCE and not said:
        raise Refused("answer", "请填写给学校的答复。", field="note")
    words = {"answer" if (role, to) in _DOWN else "note": said} if said else {}
    with transaction.atomic():
        rows = visible_to(Feedback.objects.all(), by, graduate="graduate").filter(
            pk__in=ids, state=FeedbackState.OPEN
        )
        found = list(rows.order_by("pk").values_list("pk", "entry_id"))
        due = due_after(timezone.now())
        changed = Feedback.objects.filter(pk__in=[pk for pk, _ in found]).update(
            owner=to, due_on=due.date(), **words
        )
        Entry.objects.filter(pk__in={e for _, e in found}, owner__gt="").exclude(
            owner=Owner.SYSTEM
        ).update(owner=to, due_at=due)
        for pk, _ in found:
            audit.record(
                "national.reassign", by=by, object_type="feedback", object_id=pk, reason=said,
                data={"to": to},
            )  # fmt: skip
    return changed


def reassign_one(
    to: str, pk: int, version: int, by: User, reason: str
) -> tuple[bool, str, str] | None:
    """One row of passing on all feedback that a list shows (`core.frame.BulkAction`)."""
    rows = visible_to(Feedback.objects.all(), by, graduate="graduate")
    found = rows.select_related("graduate").filter(pk=pk).first()
    if found is None:
        return None
    changed = reassign(ids=[pk], to=to, by=by, note=reason)
    message = f"已转交{Owner(to).label}" if changed else "已不是待处理的反馈，没有转交。"
    return bool(changed), str(found.graduate), message
