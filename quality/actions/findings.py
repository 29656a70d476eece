"""What people do with a finding: look into it, settle it, pass it on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from codes import text as texts
from core import audit
from core.clock import database_now
from core.errors import Conflict, DomainError, Invalid, NotPermitted
from destinations.actions.dispute import newest_dispute, open_dispute
from destinations.models import DisputeState
from graduates.actions.corrections import due_on
from quality import holding
from quality.finding_steps import FINDING, role_of
from quality.models import Finding
from quality.queries import findings_for
from quality.states import CLOSED, FindingOwner, FindingState
from schools.roles import Level

STALE = "状态已变化，请刷新后再办理。"
LONGEST = 300
MOST_AT_ONCE = 200
RELATED = (
    "rule",
    "graduate__person",
    "graduate__department",
    "graduate__school_class",
    "school",
    "cohort",
)
# Who may pass a finding to whom.
_RECIPIENTS: dict[str, tuple[FindingOwner, ...]] = {
    Level.DEPARTMENT: (FindingOwner.SCHOOL,),
    Level.SCHOOL: (FindingOwner.DEPARTMENT, FindingOwner.PROVINCE),
    Level.PROVINCE: (FindingOwner.DEPARTMENT, FindingOwner.SCHOOL),
}
_S = FindingState


@contextmanager
def _take_step(
    action: str, finding_id: int, by: User | None, version: int | None, note: str
) -> Iterator[tuple[Finding, str]]:
    """A transaction for one step: lock the finding, ask the table, and after the block save and log it.
    Gives the finding and the note as it is kept."""
    note = texts.clean_lines(note)
    with transaction.atomic():
        rows = Finding.objects.select_for_update(of=("self",)).select_related(*RELATED)
        finding = rows.get(pk=finding_id)
        if version is not None and version != finding.version:
            raise Conflict("stale", STALE)
        step = FINDING.check(action, finding, by)
        if step.needs_reason and not note:
            raise Invalid({"note": [f"请填写{step.label}的说明。"]})
        if len(note) > LONGEST:
            raise Invalid({"note": [f"说明最多{LONGEST}个字，现有{len(note)}个字。"]})
        before = finding.state
        if step.target:
            finding.state = step.target
        yield finding, note
        finding.version += 1
        finding.closed_at = (
            (finding.closed_at or database_now()) if finding.state in CLOSED else None
        )
        finding.save()
        audit.record(
            f"quality.{action}", by=by, obj=finding, reason=note,
            data={"from": before, "to": finding.state, "owner": finding.owner},
        )  # fmt: skip
        if before != finding.state:
            holding.release([finding.graduate_id])


def begin(*, finding_id: int, version: int | None, note: str = "", by: User) -> Finding:
    """Say that somebody looks into it."""
    with _take_step("begin", finding_id, by, version, note) as (finding, _):
        return finding


def settle(*, action: str, finding_id: int, version: int | None, note: str, by: User) -> Finding:
    """Settle a finding: `confirm`, `correct` or `dismiss` it, or let it join the graduate's dispute
    (`dispute`)."""
    with _take_step(action, finding_id, by, version, note) as (finding, said):
        finding.note = said
        finding.decided_at, finding.decided_by = database_now(), by.label
        if action == "dispute":
            assert finding.graduate_id is not None  # the table has asked
            finding.dispute = open_dispute(finding.graduate_id)
        return finding


def reopen(*, finding_id: int, version: int | None, note: str, by: User) -> Finding:
    """Look into a settled finding anew."""
    with _take_step("reopen", finding_id, by, version, note) as (finding, _):
        finding.note, finding.decided_at, finding.decided_by = "", None, ""
        finding.due_on = due_on(timezone.localdate(), finding.rule.due_days)
        return finding


def may_pass_to(by: User, finding: Finding | None = None) -> list[FindingOwner]:
    """To whom this person may pass a finding on. What is about no graduate is not a department's."""
    found = [FindingOwner(o) for o in _RECIPIENTS.get(role_of(by), ())]
    if finding is None:
        return found
    no_department = finding.graduate_id is None and finding.department_id is None
    return [
        owner
        for owner in found
        if owner != finding.owner and not (no_department and owner == FindingOwner.DEPARTMENT)
    ]


def pass_on(*, finding_id: int, version: int | None, to: str, note: str, by: User) -> Finding:
    """Make it another level's turn, with a new due date."""
    with _take_step("pass_on", finding_id, by, version, note) as (finding, said):
        if to not in may_pass_to(by, finding):
            raise NotPermitted("to", "不能转交给这一级。")
        finding.owner, finding.note = to, said
        finding.due_on = due_on(timezone.localdate(), finding.rule.due_days)
        return finding


def note_settled_dispute(graduate_id: int) -> None:
    """The graduate's dispute was settled: the findings that had joined it are settled by it, or are
    looked into again."""
    dispute = newest_dispute(graduate_id)
    if dispute is None:
        return
    upheld = dispute.state == DisputeState.UPHELD
    action = "dispute_upheld" if upheld else "dispute_dismissed"
    rows = Finding.objects.filter(graduate=graduate_id, dispute=dispute, state=_S.DISPUTED)
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        note = f"去向{'异议成立' if upheld else '异议不成立'}：{dispute.answer}"[:LONGEST]
        with _take_step(action, pk, None, None, note) as (finding, said):
            finding.note = said


# --- several at once ----------------------------------------------------------------------------


@dataclass(frozen=True)
class BulkAnswer:
    """What a bulk step did with one finding."""

    label: str
    ok: bool
    message: str


def label_of(finding: Finding) -> str:
    """Whom or what a finding is about, in a word."""
    if finding.graduate is not None:
        return str(finding.graduate)
    return str(finding.evidence.get("name") or finding.school.name)


def dismiss_many(*, seen: Sequence[tuple[int, int]], note: str, by: User) -> list[BulkAnswer]:
    """Declare several findings false alarms, as (id, version) of the page. Each is answered by itself;
    those outside the person's scope are left out."""
    if not texts.clean_lines(note):
        raise Invalid({"note": ["请填写误报的说明。"]})
    if len(seen) > MOST_AT_ONCE:
        raise Invalid({"": [f"一次最多办理{MOST_AT_ONCE}条。"]})
    answers = []
    for pk, version in seen:
        answer = dismiss_one(pk, version, by, note)
        if answer is not None:
            ok, label, message = answer
            answers.append(BulkAnswer(label, ok, message))
    return answers


def dismiss_one(pk: int, version: int, by: User, reason: str) -> tuple[bool, str, str] | None:
    """One row of declaring all that a list shows false alarms (`core.frame.BulkAction`)."""
    finding = findings_for(by).select_related("graduate", "school").filter(pk=pk).first()
    if finding is None:
        return None
    label = f"{label_of(finding)}：{finding.sentence}"[:120]
    try:
        settle(action="dismiss", finding_id=pk, version=version, note=reason, by=by)
    except DomainError as refusal:
        return False, label, refusal.message
    return True, label, "已按误报办结"
