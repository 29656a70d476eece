"""Handing batches over. The HTTP call happens outside of any transaction; a batch whose sender
died is sent again under the same id, which the national side takes once."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core.db.bulk import update_rows
from national_sync.actions.claim import OutgoingLine
from national_sync.models import Batch, BatchLine, Entry
from national_sync.states import HTTP, BatchState, EntryState, Owner
from national_sync.transport.base import Batch as Outgoing
from national_sync.transport.base import (
    CredentialsRefused,
    Key,
    Line,
    TransportDown,
    TransportError,
)

LEASE = datetime.timedelta(minutes=2)
MOST_ATTEMPTS = 12
_LONGEST = datetime.timedelta(minutes=30)


def outgoing(batch: Batch, lines: Iterable[OutgoingLine] = ()) -> Outgoing:
    """The batch as it goes over the wire: the same bytes every time, whether `lines` are those
    just claimed or, without them, read from their rows."""
    made = [
        Line(
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
    return Outgoing(str(batch.pk), made)


def _lines(batch: Batch) -> list[OutgoingLine]:
    rows = BatchLine.objects.filter(batch=batch).values_list(*OutgoingLine._fields[:-1])
    return [OutgoingLine(*row) for row in rows]


def _claimed_ready(batch: Batch) -> QuerySet[Batch]:
    """The row of `batch`, if it still waits to be sent and the worker that claimed `batch` still
    has it. `claimed_at` serves as the token: each claim writes a new time, so that a worker whose
    claim ran out and was taken over finds no row to write to."""
    return Batch.objects.filter(pk=batch.pk, state=BatchState.READY, claimed_at=batch.claimed_at)


def note_sent(batch: Batch) -> None:
    """The national side has it. Answers may already have arrived and closed it."""
    now = timezone.now()
    _claimed_ready(batch).update(
        state=BatchState.SENT, sent_at=now, problem="", claimed_at=None,
        due_at=now + datetime.timedelta(minutes=10),
    )  # fmt: skip


def note_failed(batch: Batch, problem: TransportError) -> None:
    """Not handed over: again later, with growing pauses; refused for good: somebody's turn."""
    now = timezone.now()
    if isinstance(problem, TransportDown | CredentialsRefused):
        attempts = batch.attempts + 1
        pause = min(datetime.timedelta(seconds=10 * 2**attempts), _LONGEST)
        pause *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, guards nothing
        if isinstance(problem, TransportDown) and problem.retry_after:
            pause = max(pause, datetime.timedelta(seconds=problem.retry_after))
        # A link that is down parks nothing: the batch waits, the alarm speaks.
        _claimed_ready(batch).update(
            attempts=attempts, problem=str(problem)[:300], due_at=now + pause, claimed_at=None
        )
        return
    _park(batch, str(problem), now)


def _park(batch: Batch, problem: str, now: datetime.datetime) -> None:
    """The whole batch was refused as it is: its entries wait for the province to look."""
    with transaction.atomic():
        changed = _claimed_ready(batch).update(
            state=BatchState.PARKED, problem=problem[:300], done_at=now, claimed_at=None
        )
        if not changed:
            return
        lines = BatchLine.objects.filter(batch=batch).values("entry_id", "version")
        versions = {row["entry_id"]: row["version"] for row in lines}
        entries = list(
            Entry.objects.select_for_update()
            .filter(pk__in=versions, state=EntryState.SENT)
            .order_by("pk")
        )
        for entry in entries:
            if entry.sent_version == versions[entry.pk]:
                entry.state, entry.owner = EntryState.PARKED, Owner.PROVINCE
                entry.due_at = now + datetime.timedelta(days=1)
                entry.problems = [
                    {"rule": "batch_refused", "field": "", "message": problem[:200],
                     "mend": "由省级查明原因后重新上报"}
                ]  # fmt: skip
        update_rows(entries, ("state", "owner", "due_at", "problems"))


def take_over(*, most: int = 20) -> list[Batch]:
    """Batches to send again: their sender died, or their pause is over."""
    now = timezone.now()
    with transaction.atomic():
        rows = Batch.objects.filter(state=BatchState.READY, way=HTTP, due_at__lte=now)
        free = [
            b
            for b in rows.order_by("due_at").select_for_update(skip_locked=True)[: most * 2]
            if b.claimed_at is None or b.claimed_at < now - LEASE
        ][:most]
        Batch.objects.filter(pk__in=[b.pk for b in free]).update(claimed_at=now)
    for batch in free:
        batch.claimed_at = now
    return free


def release(batch: Batch) -> None:
    """Give up the claim of a batch that was not sent, so that the next run can take it over."""
    _claimed_ready(batch).update(claimed_at=None)


def again(batch: Batch) -> None:
    """The national side never got it after all."""
    Batch.objects.filter(pk=batch.pk, state=BatchState.SENT).update(
        state=BatchState.READY, due_at=timezone.now(), claimed_at=None,
        problem="对方没有收到此批次, 重新发送",
    )  # fmt: skip
