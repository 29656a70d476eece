"""Sending batches to the national system by HTTP.

A batch is a leased job (`core.jobs`). The HTTP call happens outside of any transaction. A batch
whose worker died is sent again under the same id, which the national system stores only once. Every
function that writes how sending went raises `LeaseLost` when another worker has the batch, or when
its answers have already closed it.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable

from django.utils import timezone

from core import jobs
from core.db.bulk import update_rows
from core.jobs import JobKind
from national_sync.actions.claim import SENDING_LEASE, ClaimedLine
from national_sync.models import Batch, BatchLine, Entry
from national_sync.states import BatchState, EntryState, Owner
from national_sync.transport.base import (
    CredentialsRefused,
    Key,
    OutgoingBatch,
    OutgoingLine,
    TransportDown,
    TransportError,
)

_LONGEST = datetime.timedelta(minutes=30)


def outgoing_batch(batch: Batch, lines: Iterable[ClaimedLine] = ()) -> OutgoingBatch:
    """The batch as it is sent: the same bytes every time, whether `lines` are given as just claimed
    or are read from their rows."""
    made = [
        OutgoingLine(
            id=str(line.pk),
            part=line.part,  # type: ignore[arg-type]
            key=Key(line.record["key"][0], int(line.record["key"][1]), line.record["key"][2]),
            version=line.version,
            mode=line.mode,  # type: ignore[arg-type]
            record=line.record["values"],
            text=line.text,
        )
        for line in sorted(lines or _lines(batch), key=lambda line: line.pk)
    ]
    return OutgoingBatch(str(batch.pk), made)


def _lines(batch: Batch) -> list[ClaimedLine]:
    rows = BatchLine.objects.filter(batch=batch).values_list(*ClaimedLine._fields[:-1])
    return [ClaimedLine(*row) for row in rows]


def note_sent(batch: Batch) -> None:
    """The national system has stored the batch; its answers come later."""
    now = timezone.now()
    ask_after = now + datetime.timedelta(minutes=10)
    jobs.finish(batch, BatchState.SENT, sent_at=now, problem="", due_at=ask_after)


def note_failed(batch: Batch, problem: TransportError) -> None:
    """The batch was not stored. While the link is down or our credentials are refused, the batch
    waits and is tried again after growing pauses, without end. A batch that is refused for what
    it holds is parked until the province has looked at it."""
    if not isinstance(problem, TransportDown | CredentialsRefused):
        jobs.park(BATCHES, batch, str(problem))
        return
    pause = min(datetime.timedelta(seconds=10 * 2 ** min(batch.attempts, 16)), _LONGEST)
    pause *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, guards nothing
    if isinstance(problem, TransportDown) and problem.retry_after:
        pause = max(pause, datetime.timedelta(seconds=problem.retry_after))
    jobs.retry(BATCHES, batch, str(problem), after=pause)


def _park_entries(batch: Batch) -> None:
    """The national system refused the whole batch: the province has to look at its records."""
    now = timezone.now()
    entries = _entries_last_sent_in(batch, EntryState.SENT)
    for entry in entries:
        entry.state, entry.owner = EntryState.PARKED, Owner.PROVINCE
        entry.due_at = now + datetime.timedelta(days=1)
        entry.problems = [
            {"rule": "batch_refused", "field": "", "message": batch.problem[:200],
             "fix": "由省级查明原因后重新上报"}
        ]  # fmt: skip
    update_rows(entries, ("state", "owner", "due_at", "problems"))


def _send_entries_again(batch: Batch) -> None:
    """The batch was released and goes again; records that were changed since are in newer batches
    or wait for one, and the national system keeps the newest version of each."""
    now = timezone.now()
    entries = _entries_last_sent_in(batch, EntryState.PARKED)
    for entry in entries:
        entry.state, entry.owner, entry.problems = EntryState.SENT, Owner.SYSTEM, []
        entry.due_at = now + datetime.timedelta(hours=1)
    update_rows(entries, ("state", "owner", "due_at", "problems"))


def _entries_last_sent_in(batch: Batch, state: str) -> list[Entry]:
    """Entries in `state` whose version in `batch` is the last one that was sent; locked."""
    lines = BatchLine.objects.filter(batch=batch).values_list("entry_id", "version")
    versions = dict(lines)
    entries = Entry.objects.select_for_update().filter(pk__in=versions, state=state)
    return [e for e in entries.order_by("pk") if e.sent_version == versions[e.pk]]


BATCHES = JobKind(
    name="batches",
    label="上报批次",
    model=Batch,
    phases={BatchState.READY: BatchState.SENDING},
    finished={BatchState.SENDING: BatchState.SENT},
    parked=BatchState.PARKED,
    owner="省级",
    lease=SENDING_LEASE,
    most_attempts=None,
    task="national_sync.tasks.upload_changes",
    on_parked=_park_entries,
    on_released=_send_entries_again,
)


def claim_unsent(*, limit: int = 20) -> list[Batch]:
    """Lease batches to send again: their worker died, or their pause is over."""
    return jobs.claim(BATCHES, limit=limit)


def release(batch: Batch) -> None:
    """Return a batch that was not sent, so that the next run sends it. It does not count as an
    attempt."""
    jobs.finish(batch, BatchState.READY, attempts=batch.attempts - 1)


def send_again(batch: Batch) -> None:
    """The national system never received this batch although it said so."""
    Batch.objects.filter(pk=batch.pk, state=BatchState.SENT).update(
        state=BatchState.READY, due_at=timezone.now(), problem="对方没有收到此批次，重新发送"
    )
