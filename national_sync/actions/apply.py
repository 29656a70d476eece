"""Applying the answers of the national system, together with the place in its stream of results.

An answer that arrives twice is applied once. An answer to an older version is kept in the history
and changes no state. A refused destination becomes 审核不通过, and the refusal stands in the
feedback list.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from core.db.bulk import any_of, update_rows
from core.errors import Refused
from destinations.actions import review
from destinations.models import Destination
from destinations.states import APPROVED, State
from destinations.steps import NATIONAL, SystemActor
from graduates.models import ArchiveTransfer, Graduate
from national_sync.actions import copies
from national_sync.actions.claim import due_after
from national_sync.models import Batch, BatchLine, Cursor, Entry, Feedback
from national_sync.states import BatchState, EntryState, FeedbackState, Owner, Part
from national_sync.transport.base import Fault, Result

STREAM = "results"
# The record is sent again as new; nothing is wrong with its data.
UNKNOWN_THERE = "exam_no_unknown"
_ANSWER = ("verdict", "answered_at", "faults", "returns")
# What an answer changes in the ledger: what the national system holds, and whose turn it is.
_HELD = ("accepted_version", "accepted_hash", "accepted_at", "returns")
_TURN = ("state", "owner", "due_at", "attempts", "problems")


@dataclass(slots=True)
class AnsweredLine:
    """A line as it was locked, and its answer. Not an instance of the model, because hundreds are
    made at a time."""

    pk: int
    batch_id: UUID
    entry_id: int
    graduate_id: int
    part: str
    version: int
    digest: str
    verdict: str = ""
    answered_at: datetime | None = None
    faults: list[dict[str, str]] = field(default_factory=list)
    returns: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class LockedEntry:
    """An entry as it was locked. `held` and `turn` say which of its columns must be written: what
    the national system holds, and whose turn it is."""

    pk: int
    graduate_id: int
    school_id: int
    cohort_id: int
    state: str
    sent_version: int | None
    sent_hash: str
    attempts: int
    accepted_version: int | None
    accepted_hash: str
    returns: dict[str, str]
    accepted_at: datetime | None = None
    owner: str = ""
    due_at: datetime | None = None
    problems: list[dict[str, str]] = field(default_factory=list)
    held: bool = False
    turn: bool = False


_LINE_COLUMNS = [f.name for f in fields(AnsweredLine) if f.name not in _ANSWER]
_ENTRY_COLUMNS = [f.name for f in fields(LockedEntry) if f.default is f.default_factory]


def apply_results(results: Sequence[Result], *, next_place: int | None = None) -> int:
    """Apply a page of answers, and move the place in the stream to `next_place` in the same
    transaction. Returns how many lines were answered for the first time."""
    with transaction.atomic():
        answered = _apply(results) if results else 0
        if next_place is not None:
            Cursor.objects.update_or_create(
                name=STREAM, defaults={"value": next_place, "moved_at": timezone.now()}
            )
    return answered


def place() -> int:
    return Cursor.objects.filter(name=STREAM).values_list("value", flat=True).first() or 0


# The number of a line, as `BatchLine` has it. Answers come from outside and may hold anything.
_LINE = re.compile("[0-9]{1,18}")


def _apply(results: Sequence[Result]) -> int:
    found: dict[int, list[Result]] = defaultdict(list)
    for result in results:
        if _LINE.fullmatch(result.line):
            found[int(result.line)].append(result)
    unanswered = BatchLine.objects.filter(any_of("pk", found), verdict="")
    ids = unanswered.values_list("graduate_id", flat=True)
    # Locks are taken in one order everywhere: graduates first, by id, then everything else.
    list(
        Graduate.objects.select_for_update(no_key=True)
        .filter(any_of("pk", set(ids)))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    rows = unanswered.select_for_update(of=("self",)).order_by("pk").values_list(*_LINE_COLUMNS)
    lines = [AnsweredLine(*row) for row in rows]
    by_line = {row.pk: answer for row in lines if (answer := _answer_to(row, found[row.pk]))}
    lines = [row for row in lines if row.pk in by_line]
    if not lines:
        return 0
    now = timezone.now()
    for row in lines:
        answer = by_line[row.pk]
        row.verdict, row.answered_at = answer.verdict, answer.judged_at or now
        row.faults = [_fault_json(f) for f in answer.faults]
        row.returns = dict(answer.returns)
    update_rows(lines, _ANSWER, BatchLine)
    _count(lines)
    _move(lines, by_line)
    return len(lines)


def _answer_to(row: AnsweredLine, found: list[Result]) -> Result | None:
    """The answer to what we sent: right line, right batch, right version. None if there is none, or if
    two of them contradict each other: then the batch is asked for once more."""
    ours = [r for r in found if r.version == row.version and r.batch == str(row.batch_id)]
    return ours[-1] if len({r.verdict for r in ours}) == 1 else None


def _fault_json(fault: Fault) -> dict[str, str]:
    return {"kind": fault.kind, "code": fault.code, "field": fault.field, "text": fault.text}


def _count(lines: list[AnsweredLine]) -> None:
    """Count the answers in their batches; a batch whose last line is answered is done."""
    counts: dict[UUID, Counter[str]] = defaultdict(Counter)
    for row in lines:
        counts[row.batch_id][row.verdict] += 1
    now = timezone.now()
    for batch_id, found in sorted(counts.items()):
        last = Q(answered__gte=F("lines") - found.total()) & ~Q(state=BatchState.DONE)
        Batch.objects.filter(pk=batch_id).update(
            answered=F("answered") + found.total(),
            accepted=F("accepted") + found["accepted"],
            rejected=F("rejected") + found["rejected"],
            state=Case(When(last, then=Value(BatchState.DONE)), default=F("state")),
            problem=Case(When(last, then=Value("")), default=F("problem")),
            done_at=Case(When(last, then=Value(now)), default=F("done_at")),
            # A worker may still be waiting for the receipt: it finds its lease gone.
            leased_until=Case(When(last, then=None), default=F("leased_until")),
        )


def _move(lines: list[AnsweredLine], answers: dict[int, Result]) -> None:
    rows = Entry.objects.select_for_update().filter(any_of("pk", {row.entry_id for row in lines}))
    entries = {
        row[0]: LockedEntry(*row) for row in rows.order_by("pk").values_list(*_ENTRY_COLUMNS)
    }
    now = timezone.now()
    refused: list[tuple[LockedEntry, Result]] = []
    forgotten: list[LockedEntry] = []
    settled: list[int] = []
    accepted_lines: dict[int, int] = {}  # by entry: the line whose record is held there now
    for row in sorted(lines, key=lambda r: r.version):
        entry, answer = entries[row.entry_id], answers[row.pk]
        if answer.accepted and _is_newest(row, entry):
            entry.accepted_version, entry.accepted_hash = row.version, row.digest
            entry.accepted_at, entry.returns = row.answered_at, entry.returns | row.returns
            entry.held, accepted_lines[entry.pk] = True, row.pk
        if entry.state != EntryState.SENT or entry.sent_version != row.version:
            continue  # the record was changed or sent again since: only the history is written
        entry.turn = True
        if answer.accepted:
            entry.state, entry.owner, entry.due_at = EntryState.ACCEPTED, Owner.NOBODY, None
            entry.attempts = 0
            settled.append(entry.pk)
        elif _only_unknown(answer):
            # It was sent as an update, but they hold nothing: it is sent again as new.
            entry.accepted_version, entry.accepted_hash = None, ""
            entry.state, entry.owner, entry.due_at = EntryState.WAITING, Owner.SYSTEM, now
            forgotten.append(entry)
        else:
            entry.state, entry.owner = EntryState.REJECTED, Owner.DEPARTMENT
            entry.due_at = due_after(now)
            entry.problems = [
                {"rule": f.code, "field": f.field, "message": f.text, "fix": ""}
                for f in answer.faults
            ]
            refused.append((entry, answer))
    _write(entries.values())
    update_rows(forgotten, ("accepted_version", "accepted_hash"), Entry)
    if settled:
        unsettled = Feedback.objects.exclude(state=FeedbackState.CLOSED)
        unsettled.filter(any_of("entry_id", settled)).update(
            state=FeedbackState.CLOSED, closed_at=now
        )
    _keep_numbers(lines)
    copies.note_accepted(accepted_lines.values())
    copies.note_not_held({entry.graduate_id for entry in forgotten})
    _file_feedback(refused)


def _is_newest(row: AnsweredLine, entry: LockedEntry) -> bool:
    """Whether no newer version was accepted. Of a version that was queued again unchanged, the
    record that was sent last counts."""
    if row.version == entry.accepted_version:
        return row.digest == entry.sent_hash
    return row.version > (entry.accepted_version or 0)


def _write(entries: Collection[LockedEntry]) -> None:
    """Write the changed columns, one statement for each combination: nearly all entries of a page
    change the same columns."""
    for held, turn in ((True, True), (True, False), (False, True)):
        changed = [e for e in entries if (e.held, e.turn) == (held, turn)]
        update_rows(changed, (*(_HELD if held else ()), *(_TURN if turn else ())), Entry)


def _keep_numbers(lines: list[AnsweredLine]) -> None:
    """Keep 转递编号 and 核验编号, which the national system gives an accepted archive."""
    for row in lines:
        if row.part == Part.ARCHIVE and row.returns:
            ArchiveTransfer.objects.filter(pk=row.graduate_id).update(
                transfer_no=row.returns.get("转递编号", "")[:30],
                check_no=row.returns.get("核验编号", "")[:30],
            )


def _only_unknown(answer: Result) -> bool:
    return bool(answer.faults) and all(f.code == UNKNOWN_THERE for f in answer.faults)


def _file_feedback(refused: list[tuple[LockedEntry, Result]]) -> None:
    """File one piece of feedback for each fault. Earlier feedback on the same entry is closed, so
    that only the newest text stands in the list."""
    if not refused:
        return
    now = timezone.now()
    Feedback.objects.filter(entry__in=[e.pk for e, _ in refused]).exclude(
        state=FeedbackState.CLOSED
    ).update(state=FeedbackState.CLOSED, closed_at=now)
    Feedback.objects.bulk_create(
        Feedback(
            entry_id=entry.pk,
            graduate_id=entry.graduate_id,
            school_id=entry.school_id,
            cohort_id=entry.cohort_id,
            kind=fault.kind,
            code=fault.code,
            field=fault.field,
            text=fault.text[:300],
            version=answer.version,
            due_on=due_after(now).date(),
        )
        for entry, answer in refused
        for fault in answer.faults
    )
    _reject_destinations(refused)


def _reject_destinations(refused: list[tuple[LockedEntry, Result]]) -> None:
    """Set the destinations 审核不通过 with the national system's text as the reason."""
    reasons = {
        entry.graduate_id: "；".join(f"{f.kind}：{f.text}" for f in answer.faults)
        for entry, answer in refused
    }
    states = [*APPROVED, State.REJECTED]
    rows = Destination.objects.filter(Q(pk__in=reasons) & Q(state__in=states)).order_by("pk")
    for graduate_id in rows.values_list("pk", flat=True):
        try:
            review.reject_national(
                graduate_id=graduate_id, reason=reasons[graduate_id], by=SystemActor(NATIONAL)
            )
        except Refused:
            continue  # its present state forbids it; the feedback was filed all the same
