"""Review: open, approve, reject, resume, tick; one by one and in bulk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import User
from core.errors import DomainError, Invalid, Refused
from destinations import hooks
from destinations.actions import base
from destinations.fields import BY_KEY
from destinations.models import Destination
from destinations.states import ReasonSource, State
from destinations.steps import MACHINE, StepActor, last_event, role_of
from schools.roles import Level
from schools.scope import visible_to


def mark_opened(destination: Destination) -> None:
    """Note that staff opened a registration. From now on the graduate can't take it back."""
    if destination.opened_at is None and destination.state == State.PENDING:
        now = timezone.now()
        Destination.objects.filter(pk=destination.pk, opened_at=None).update(opened_at=now)
        destination.opened_at = now


def approve(*, graduate_id: int, by: User, version: int | None = None) -> Destination:
    with base.step("approve", graduate_id, by, version=version) as change:
        _note_approval(change.destination, by)
        change.destination.flagged = []
        return change.write()


def resume(*, graduate_id: int, by: User, version: int | None = None) -> Destination:
    """Approve again what the national system rejected, once the cause is corrected."""
    with base.step("resume", graduate_id, by, version=version) as change:
        _note_approval(change.destination, by)
        return change.write()


def _note_approval(d: Destination, by: User) -> None:
    now = timezone.now()
    if role_of(by) == Level.SCHOOL:
        d.school_at, d.school_by = now, by.label
    else:
        d.department_at, d.department_by = now, by.label


def reject(*, graduate_id: int, reason: str, by: User, version: int | None = None) -> Destination:
    with base.step("reject", graduate_id, by, version=version, reason=reason) as change:
        d = change.destination
        school = role_of(by) == Level.SCHOOL
        d.reason = reason.strip()
        d.reason_source = ReasonSource.SCHOOL if school else ReasonSource.DEPARTMENT
        d.department_at, d.department_by, d.school_at, d.school_by = None, "", None, ""
        return change.write(reason=d.reason)


def undo(*, graduate_id: int, by: User, version: int | None = None) -> Destination:
    """Take back one's own review of a moment ago: state, reason and approvals become what they were."""
    with base.step("undo_review", graduate_id, by, version=version) as change:
        d, last = change.destination, last_event(graduate_id)
        assert last is not None  # the step's guard has found it
        hooks.review_undone.run(destination=d)
        before = last.snapshot["before"]
        base.restore_review(d, before)
        return change.write(to=before["state"])


def reject_national(*, graduate_id: int, reason: str, by: StepActor) -> Destination:
    """Reject because of national feedback. To one already rejected the reason is added."""
    with base.step("reject_national", graduate_id, by, reason=reason) as change:
        d = change.destination
        known = re.split("；|; ", d.reason) if d.state == State.REJECTED and d.reason else []
        d.reason = "；".join(dict.fromkeys([*known, reason.strip()]))
        # If staff rejected it too, it stays theirs, so that `resume` can't skip what they ask for.
        if not known:
            d.reason_source = ReasonSource.NATIONAL
        return change.write(reason=reason)


def tick(*, graduate_id: int, by: User, version: int | None = None) -> Destination:
    """Confirm that the coded fields which the graduate touched up were checked."""
    with base.step("tick", graduate_id, by, version=version) as change:
        change.destination.flagged = []
        return change.write()


CORRECTABLE = ("unit_property", "unit_industry", "job_category", "unit_division")


def correct_codes(
    *, graduate_id: int, typed: Mapping[str, Any], reason: str, by: User, version: int | None = None
) -> Destination:
    """Correct the coded fields of an e-signed destination. Its agreement does not change."""
    with base.step("correct_codes", graduate_id, by, version=version, reason=reason) as change:
        d, errors, differs = change.destination, {}, False
        for key in [k for k in CORRECTABLE if k in typed]:
            value, findings = BY_KEY[key].read(typed[key])
            if any(f.is_error for f in findings) or value in (None, ""):
                errors[key] = [f.message for f in findings] or ["不能为空"]
            differs |= value != getattr(d, key)
            setattr(d, key, value)
        if errors:
            raise Invalid(errors)
        if not differs:
            raise Refused("unchanged", "填写的内容与现有的相同，没有需要更正的。")
        return change.write(reason=reason.strip())


@dataclass(frozen=True)
class ReviewResult:
    """What a bulk review will do, or has done, with one row. `version` is the one it looked at."""

    graduate_id: int
    version: int
    label: str
    ok: bool
    message: str


def preview_many(*, graduate_ids: Sequence[int], action: str, by: User) -> list[ReviewResult]:
    """What `review_many` would do with each row; changes nothing."""
    rows = visible_to(Destination.objects.all(), by, graduate="graduate")
    wanted = rows.filter(pk__in=graduate_ids).select_related("graduate", "cohort", "school")
    results = []
    for d in wanted.order_by("pk"):
        try:
            step = MACHINE.check(action, d, by)
            message = f"{State(d.state).label} → {State(step.target or d.state).label}"
            results.append(ReviewResult(d.pk, d.version, str(d.graduate), True, message))
        except DomainError as refusal:
            results.append(ReviewResult(d.pk, d.version, str(d.graduate), False, refusal.message))
    return results


def review_many(
    *, seen: Mapping[int, int], action: str, by: User, reason: str = ""
) -> list[ReviewResult]:
    """Approve or reject many destinations. `seen` maps each to the version that the preview showed.

    Each row has its own transaction and its own result; that of a row changed since the preview
    says by whom. Rows outside the user's scope are left out.
    """
    rows = visible_to(Destination.objects.all(), by, graduate="graduate")
    wanted = rows.filter(pk__in=seen).select_related("graduate").order_by("pk")
    results = []
    for d in wanted:
        try:
            if action == "approve":
                done = approve(graduate_id=d.pk, by=by, version=seen[d.pk])
            else:
                done = reject(graduate_id=d.pk, reason=reason, by=by, version=seen[d.pk])
            results.append(
                ReviewResult(d.pk, d.version, str(d.graduate), True, State(done.state).label)
            )
        except DomainError as refusal:
            results.append(ReviewResult(d.pk, d.version, str(d.graduate), False, refusal.message))
    return results


def approve_one(pk: int, version: int, by: User, reason: str) -> tuple[bool, str, str] | None:
    """One row of approving all that a list shows (`core.frame.BulkAction`)."""
    found = review_many(seen={pk: version}, action="approve", by=by)
    return (found[0].ok, found[0].label, found[0].message) if found else None


def reject_one(pk: int, version: int, by: User, reason: str) -> tuple[bool, str, str] | None:
    found = review_many(seen={pk: version}, action="reject", by=by, reason=reason)
    return (found[0].ok, found[0].label, found[0].message) if found else None
