"""Sending batches to the national system by HTTP.

A batch is a leased job (`core.jobs`). The HTTP call happens outside of any transaction. A batch
whose worker died is sent again under the same id, which the national system stores only once. Every
function that writes how sending went raises `LeaseLost` when another worker has the batch, or when
its answers have already closed it.
"""

from __future__ import annotations

import datetime
import random
import uuid
from collections.abc import Iterable
from contextlib import suppress

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
        jobs.park(BATCHES, batch, sentence_for(problem))
        return
    pause = min(datetime.timedelta(seconds=10 * 2 ** min(batch.attempts, 16)), _LONGEST)
    pause *= random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, guards nothing
    if isinstance(problem, TransportDown) and problem.retry_after:
        pause = max(pause, datetime.timedelta(seconds=problem.retry_after))
    jobs.retry(BATCHES, batch, sentence_for(problem), after=pause)


# What is the matter, by the code of a `TransportDown`.
_DOWN = {
    "unreachable": "全国系统无法连接，稍后自动重试。",
    "timeout": "全国系统没有按时答复，稍后自动重试。",
    "bad_answer": "全国系统的答复无法读取（不是约定的格式），稍后自动重试。",
    "too_long": "全国系统的答复过长，没有读取，稍后自动重试。",
    "stale_timestamp": "全国系统与本平台的时钟不一致，请核对时间；稍后自动重试。",
    "http_429": "全国系统要求放慢上报，按其要求的时间自动重试。",
}


def sentence_for(problem: TransportError) -> str:
    """What staff are told about a batch that was not handed over. Their own words stand at the end."""
    said = f"（{problem}）"
    if isinstance(problem, TransportDown):
        return _DOWN.get(problem.code) or f"全国系统暂时不能处理，稍后自动重试。{said}"
    if isinstance(problem, CredentialsRefused):
        return f"全国系统不认可本平台的身份或签名，请省级核对密钥；稍后自动重试。{said}"
    if problem.code.startswith("http_3"):
        return f"全国系统要求转到其他地址，为安全起见没有照办，请省级核对地址。{said}"
    return f"全国系统拒绝了这一批次，请省级查明原因。{said}"


def note_unreadable(batches: Iterable[str]) -> None:
    """Say on these batches that answers to them could not be read. The other answers are applied; the
    batches are asked for again by their ids."""
    ids = set()
    for batch in batches:
        with suppress(ValueError):
            ids.add(uuid.UUID(batch))
    Batch.objects.filter(pk__in=ids, state=BatchState.SENT).update(
        problem="全国系统的部分答复无法读取，其余答复已处理；平台会再次询问，仍不成功请省级联系全国系统。"
    )


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
