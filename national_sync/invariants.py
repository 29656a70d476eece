"""What must always hold between the records, the ledger and the national copies."""

from __future__ import annotations

from collections.abc import Iterator

from core.invariants import Invariant, from_sql
from national_sync.connection import mapping
from national_sync.models import Entry
from national_sync.records import build
from national_sync.states import EntryState

_CHUNK = 1000
APPROVED_IN_LEDGER = from_sql(
    "approved_in_ledger",
    "审核通过的去向都在上报台账中。",
    """
    SELECT d.graduate_id FROM destinations_destination d
    LEFT JOIN national_sync_entry e ON e.graduate_id = d.graduate_id AND e.part = 'destination'
    WHERE d.state IN ('department_approved', 'school_approved') AND e.graduate_id IS NULL
    """,
)
SENT_IS_ON_ITS_WAY = from_sql(
    "sent_is_on_its_way",
    "已发送的记录都在未完成的批次中等待回执。",
    """
    SELECT e.id FROM national_sync_entry e
    WHERE e.state = 'sent' AND NOT EXISTS (
        SELECT 1 FROM national_sync_batchline l JOIN national_sync_batch b ON b.id = l.batch_id
        WHERE l.entry_id = e.id AND l.version = e.sent_version AND l.verdict = ''
          AND b.state <> 'done'
    )
    """,
)
ACCEPTED_IS_COPIED = from_sql(
    "accepted_is_copied",
    "已入库的记录在全国系统数据中有副本。",
    """
    SELECT e.id FROM national_sync_entry e
    LEFT JOIN national_sync_nationalcopy c ON c.graduate_id = e.graduate_id
    WHERE e.state = 'accepted' AND (c.graduate_id IS NULL OR NOT c.parts ? e.part)
    """,
)


def unmarked_changes() -> Iterator[str]:
    """Entries that are closed as accepted although the record reads otherwise today: a change that no
    trigger marked, and that would never be sent."""
    mapped = mapping()
    accepted = Entry.objects.filter(state=EntryState.ACCEPTED).order_by("pk")
    last = 0
    while entries := list(accepted.filter(pk__gt=last)[:_CHUNK]):
        last = entries[-1].pk
        built = build(entries, mapped)
        for entry in entries:
            made = built[entry.pk]
            if not made.due or made.problems or made.digest == entry.accepted_hash:
                continue
            # The record may have been changed, and the entry marked, after the entry was read.
            if accepted.filter(pk=entry.pk, version=entry.version).exists():
                yield f"台账{entry.pk}"


INVARIANTS = (
    APPROVED_IN_LEDGER,
    SENT_IS_ON_ITS_WAY,
    ACCEPTED_IS_COPIED,
    Invariant(
        "changes_marked", "已入库的记录与现在的记录一致，改动都已标记待上报。", unmarked_changes
    ),
)
