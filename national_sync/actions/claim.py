"""Claiming entries that are due, and putting those that must be sent into a batch.

A claim is one transaction. Afterwards each claimed entry is in one of four states: held back with
its reasons, not due after all, equal to what the national system has accepted, or in exactly one
batch, which is sent until it is answered.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from core.clock import database_now
from core.db.bulk import RawJson, any_of, insert_rows, update_rows
from graduates.actions.corrections import due_on
from graduates.models import Graduate
from national_sync.hooks import UploadHold, upload_holds
from national_sync.mapping import Mapped
from national_sync.models import Batch, BatchLine, Entry, Feedback
from national_sync.problems import Problem
from national_sync.records import Built, build
from national_sync.states import (
    HTTP,
    OPEN,
    WORKBOOK,
    BatchState,
    EntryState,
    FeedbackState,
    Owner,
    Part,
)
from national_sync.transport.wire import compact

SIZE = 500
# How long a worker has a batch before another worker may send it.
SENDING_LEASE = datetime.timedelta(minutes=2)
ORIGIN_FIRST = "origin_first"
# Another app wants the part to wait (hook `upload_holds`).
HELD_BY_CHECK = "check"
_ORDER = (Owner.PROVINCE, Owner.SCHOOL, Owner.DEPARTMENT)
_LINE_COLUMNS = (
    "batch_id", "entry_id", "graduate_id", "part", "version", "mode", "record", "digest",
    "verdict", "faults", "returns",
)  # fmt: skip
_SETTLED = ("state", "owner", "due_at", "problems", "accepted_version")
_GONE = ("state", "owner", "due_at", "problems", "sent_version", "sent_hash")
_NO_FAULTS, _NO_RETURNS = RawJson("[]"), RawJson("{}")


class ClaimedLine(NamedTuple):
    """A line of a batch, as just claimed or as read from its row. `text` is the record's values as
    compact JSON if they were written that way already."""

    pk: int
    part: str
    version: int
    mode: str
    record: dict[str, Any]
    text: str = ""


@dataclass(slots=True)
class DueEntry:
    """A row of the ledger as it was claimed, with the state it is put into. A plain object rather
    than an instance of the model, because hundreds are made at a time."""

    pk: int
    graduate_id: int
    part: str
    version: int
    sent_version: int | None
    sent_hash: str
    accepted_version: int | None
    accepted_hash: str
    state: str = ""
    owner: str = ""
    due_at: datetime.datetime | None = None
    problems: list[dict[str, str]] = field(default_factory=list)


_READ = tuple(
    f.name for f in fields(DueEntry) if f.name not in {"state", "owner", "due_at", "problems"}
)


def claim(
    mapped: Mapped,
    *,
    size: int = SIZE,
    school_id: int | None = None,
    way: str = HTTP,
    parts: Sequence[str] = tuple(Part.values),
    into: Batch | None = None,
) -> Claimed:
    """Claim up to `size` due entries of `parts`, oldest first. Those to be sent go into a new batch,
    or `into` a batch that is being filled. A graduate's origin is sent before the destination,
    because the national system does not know the graduate otherwise."""
    now = database_now()
    with transaction.atomic():
        rows = due(way=way, parts=parts, school_id=school_id)
        rows = rows.order_by("due_at", "id").select_for_update(skip_locked=True)
        entries = [DueEntry(*row) for row in rows.values_list(*_READ)[:size]]
        if not entries:
            return Claimed(0, None)
        built = build(entries, mapped)
        known = _known_origins(entries)
        holds = _holds(entries, built)
        # Origins first: a destination in the same claim may be sent once its origin is.
        to_send: list[DueEntry] = []
        settled: list[DueEntry] = []
        for entry in sorted(entries, key=lambda e: e.part != Part.ORIGIN):
            must_send = _must_send(entry, built[entry.pk], known, holds, now)
            (to_send if must_send else settled).append(entry)
            if must_send and entry.part == Part.ORIGIN:
                known.add(entry.graduate_id)
        update_rows(settled, _SETTLED, Entry)
        if not to_send:
            return Claimed(len(entries), None)
        batch = into or _new(way, school_id)
        lines = _fill(to_send, built, batch)
        _release_waiting_for_origin(to_send, now)
    return Claimed(len(entries), batch, lines)


def due(
    *, way: str, parts: Sequence[str] = tuple(Part.values), school_id: int | None = None
) -> QuerySet[Entry]:
    """Entries that may be claimed now. An entry in a file that was not answered yet is not sent by
    HTTP meanwhile, not even in a newer version: nobody could say which of the two arrives last."""
    rows = Entry.objects.filter(
        state__in=[EntryState.WAITING, EntryState.FAILED], due_at__lte=database_now()
    )
    if school_id is not None:
        rows = rows.filter(school_id=school_id)
    if len(parts) < len(Part.values):
        rows = rows.filter(part__in=parts)
    if Part.ORIGIN not in parts:
        # Graduates whose origin was never sent wait for a way that carries origins.
        origins = Entry.objects.filter(part=Part.ORIGIN, sent_version__isnull=False)
        rows = rows.filter(Exists(origins.filter(graduate_id=OuterRef("graduate_id"))))
    files = Batch.objects.filter(way=WORKBOOK, state__in=OPEN)
    if way == HTTP and files.exists():
        lines = BatchLine.objects.filter(batch__in=files, verdict="")
        rows = rows.exclude(pk__in=lines.values("entry_id"))
    return rows


class Claimed:
    """The result of one claim: how many entries it looked at, the batch it filled, if any, and the
    lines that are new in it."""

    def __init__(
        self, looked_at: int, batch: Batch | None, lines: Sequence[ClaimedLine] = ()
    ) -> None:
        self.looked_at, self.batch, self.lines = looked_at, batch, lines


def _known_origins(entries: list[DueEntry]) -> set[int]:
    """Those among the entries' graduates whose origin was sent before."""
    ids = [e.graduate_id for e in entries if e.part != Part.ORIGIN]
    origins = Entry.objects.filter(part=Part.ORIGIN, sent_version__isnull=False)
    return set(origins.filter(any_of("graduate_id", ids)).values_list("graduate_id", flat=True))


def _holds(
    entries: list[DueEntry], built: dict[int, Built]
) -> dict[tuple[int, str], list[UploadHold]]:
    """What other apps hold back of the records that would be sent now, by graduate and part."""
    ready = {e.graduate_id for e in entries if built[e.pk].due and not built[e.pk].problems}
    holds: dict[tuple[int, str], list[UploadHold]] = {}
    for found in upload_holds.run(graduate_ids=sorted(ready)) if ready else ():
        for one in found:
            holds.setdefault((one.graduate_id, one.part), []).append(one)
    return holds


def _must_send(
    entry: DueEntry,
    made: Built,
    known: set[int],
    holds: dict[tuple[int, str], list[UploadHold]],
    now: datetime.datetime,
) -> bool:
    """Whether the entry must be sent now. One that must not is put into its new state."""
    if not made.due:
        _put(entry, EntryState.QUIET, Owner.NOBODY, None)
        return False
    if made.problems:
        hold(entry, made.problems, now)
        return False
    if entry.accepted_hash and made.digest == entry.accepted_hash and _in_step(entry):
        # Nothing that is reported differs from what was accepted: closed without sending.
        _put(entry, EntryState.ACCEPTED, Owner.NOBODY, None)
        entry.accepted_version = entry.version
        return False
    if held := holds.get((entry.graduate_id, entry.part)):
        hold(entry, [Problem(HELD_BY_CHECK, "", h.message, h.fix, h.owner) for h in held], now)
        return False
    if entry.part != Part.ORIGIN and entry.graduate_id not in known:
        hold(
            entry,
            [Problem(ORIGIN_FIRST, "", "生源信息尚未上报", "确认或锁定生源信息后自动上报")],
            now,
        )
        return False
    return True


def _in_step(entry: DueEntry) -> bool:
    """Whether what was sent last is what was accepted last, so that nothing else is on its way."""
    return entry.sent_hash == entry.accepted_hash


def hold(entry: DueEntry, problems: list[Problem], now: datetime.datetime) -> None:
    """Hold the entry back with its problems, and say whose turn it is and by when."""
    owners = {p.owner for p in problems}
    owner = next(o for o in _ORDER if o in owners)
    _put(entry, EntryState.HELD, owner, due_after(now))
    entry.problems = [p.as_json() for p in problems]


def due_after(now: datetime.datetime, working_days: int = 3) -> datetime.datetime:
    """The end of the given number of working days from now (weekends do not count)."""
    last = due_on(timezone.localdate(now), working_days)
    day = timezone.localtime(now).replace(year=last.year, month=last.month, day=last.day)
    return day.replace(hour=23, minute=59, second=59, microsecond=0)


def _put(entry: DueEntry, state: str, owner: str, due: datetime.datetime | None) -> None:
    entry.state, entry.owner, entry.due_at, entry.problems = state, owner, due, []


def _new(way: str, school_id: int | None) -> Batch:
    """A new batch. By HTTP the caller sends it and has its lease from the beginning; a file is
    there at once and waits until somebody carries it over."""
    now = database_now()
    batch = Batch(id=uuid.uuid4(), lines=0, way=way, school_id=school_id)
    if way == WORKBOOK:
        batch.state, batch.sent_at = BatchState.SENT, now
    else:
        batch.state, batch.attempts, batch.token = BatchState.SENDING, 1, 1
        batch.leased_until = now + SENDING_LEASE
    batch.save(force_insert=True)
    return batch


def _fill(entries: list[DueEntry], built: dict[int, Built], batch: Batch) -> list[ClaimedLine]:
    now = database_now()
    # A file is carried by people, so it is their turn and they get working days.
    by_file = batch.way == WORKBOOK
    owner = Owner.SCHOOL if by_file else Owner.SYSTEM
    answer_by = due_after(now) if by_file else now + datetime.timedelta(hours=1)
    lines, rows, of = {}, list[tuple[Any, ...]](), str(batch.pk)
    again = [e.pk for e in entries if e.sent_version not in (None, e.accepted_version)]
    for entry in entries:
        made = built[entry.pk]
        mode = "new" if entry.accepted_version is None else "update"
        line, key = (entry.part, entry.version, mode), _key(made)
        lines[entry.pk] = *line, {"key": key, "values": made.record}, made.text
        record = RawJson(f'{{"key":{compact(key)},"values":{made.text}}}')
        rows.append(
            (of, entry.pk, entry.graduate_id, *line, record, made.digest, "",
             _NO_FAULTS, _NO_RETURNS)
        )  # fmt: skip
        _put(entry, EntryState.SENT, owner, answer_by)
        entry.sent_version, entry.sent_hash = entry.version, made.digest
    insert_rows(BatchLine, _LINE_COLUMNS, rows)
    update_rows(entries, _GONE, Entry)
    _note_fixed(again)
    batch.lines += len(lines)
    Batch.objects.filter(pk=batch.pk).update(lines=F("lines") + len(lines))
    written = BatchLine.objects.filter(any_of("entry_id", lines), batch=batch)
    return [ClaimedLine(pk, *lines[entry]) for pk, entry in written.values_list("pk", "entry_id")]


def _note_fixed(again: list[int]) -> None:
    """Feedback on records that were refused and are sent again now waits for the national system,
    not for anybody here."""
    if again:
        Feedback.objects.filter(any_of("entry_id", again), state=FeedbackState.OPEN).update(
            state=FeedbackState.FIXED, owner=Owner.NOBODY
        )


def _release_waiting_for_origin(to_send: list[DueEntry], now: datetime.datetime) -> None:
    """Entries that were held back until the origin is sent are claimed again soon: it is sent now."""
    origins = [e.graduate_id for e in to_send if e.part == Part.ORIGIN]
    if origins:
        Entry.objects.filter(
            any_of("graduate_id", origins), state=EntryState.HELD,
            problems__contains=[{"rule": ORIGIN_FIRST}],
        ).update(state=EntryState.WAITING, owner=Owner.SYSTEM, due_at=now, problems=[])  # fmt: skip


def _key(made: Built) -> list[str]:
    assert made.key is not None
    return [made.key.school, str(made.key.year), made.key.exam_no]


def release_held(graduate_ids: Sequence[int]) -> int:
    """Claim again soon what another app held back of these graduates (hook `upload_holds`): it no longer
    does, or the next claim holds it back again. Returns how many entries. Waits for a claim that is
    looking at them at this moment, so that none stays behind."""
    released = 0
    ids = sorted(set(graduate_ids))
    for start in range(0, len(ids), SIZE):
        with transaction.atomic():
            mine = Entry.objects.filter(any_of("graduate_id", ids[start : start + SIZE]))
            locked = mine.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True)
            released += Entry.objects.filter(
                any_of("pk", list(locked)), state=EntryState.HELD,
                problems__contains=[{"rule": HELD_BY_CHECK}],
            ).update(
                state=EntryState.WAITING, owner=Owner.SYSTEM, due_at=database_now(), problems=[]
            )  # fmt: skip
    return released


def requeue(graduate_ids: list[int], *, parts: tuple[str, ...] = tuple(Part.values)) -> int:
    """Queue all parts of these graduates again, also those held back: after a comparison found
    differences. The hash of what was accepted is forgotten, so that they are really sent."""
    with transaction.atomic():
        list(
            Graduate.objects.select_for_update(no_key=True)
            .filter(pk__in=graduate_ids)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        rows = Entry.objects.filter(graduate_id__in=graduate_ids, part__in=parts)
        return rows.update(
            state=EntryState.WAITING, owner=Owner.SYSTEM, due_at=database_now(), attempts=0,
            problems=[], accepted_hash="",
        )  # fmt: skip
