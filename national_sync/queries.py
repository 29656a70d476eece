"""Figures of the loop: what waits, how old, what failed, whether answers stay away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from graduates.models import Graduate
from national_sync.models import Batch, Entry, Feedback
from national_sync.states import (
    HTTP,
    OPEN,
    UNFINISHED,
    WORKBOOK,
    BatchState,
    EntryState,
    FeedbackState,
    Part,
)

# Acknowledgements that stay away longer than this raise the alarm.
ALARM = timedelta(minutes=30)


def held_there(graduates: QuerySet[Graduate]) -> QuerySet[Graduate]:
    """Those of whom the national system has a record, so that they can confirm it there."""
    origin = Entry.objects.filter(
        graduate_id=OuterRef("pk"), part=Part.ORIGIN, accepted_version__isnull=False
    )
    return graduates.filter(Exists(origin))


def ownerless() -> int:
    """Unfinished entries nobody is named for: a constraint forbids it; this shows it."""
    rows = Entry.objects.filter(state__in=UNFINISHED)
    return rows.filter(Q(owner="") | Q(due_at=None)).count()


def status() -> dict[str, Any]:
    """Everything operations look at, as plain values. Ages are in seconds."""
    now = timezone.now()
    states = {
        row["state"]: row["n"]
        for row in Entry.objects.order_by().values("state").annotate(n=Count("pk"))
    }
    queue = Entry.objects.filter(state__in=[EntryState.WAITING, EntryState.FAILED])
    oldest = queue.aggregate(at=Min("changed_at"))["at"]
    open_batches = Batch.objects.filter(state__in=OPEN, way=HTTP)
    unanswered = open_batches.aggregate(at=Min("created_at"))["at"]
    age = int((now - unanswered).total_seconds()) if unanswered else 0
    return {
        "entries": {s: states.get(s, 0) for s in EntryState.values},
        "queue_age": int((now - oldest).total_seconds()) if oldest else 0,
        "open_batches": open_batches.count(),
        # These wait for people, not for the link: no alarm.
        "open_files": Batch.objects.filter(state__in=OPEN, way=WORKBOOK).count(),
        "parked_batches": Batch.objects.filter(state=BatchState.PARKED).count(),
        "oldest_unanswered": age,
        "open_feedback": Feedback.objects.exclude(state=FeedbackState.CLOSED).count(),
        "overdue": Entry.objects.filter(state__in=UNFINISHED, due_at__lt=now)
        .exclude(owner="system")
        .count(),
        "ownerless": ownerless(),
        "alarm": age > ALARM.total_seconds(),
    }
