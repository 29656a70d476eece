"""Figures of the national loop: what waits and for how long, what failed, whether answers stay
away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from destinations.states import ReasonSource, State
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
from schools.models import School

# Acknowledgements that stay away longer than this raise the alarm.
ALARM = timedelta(minutes=30)


def held_there(graduates: QuerySet[Graduate]) -> QuerySet[Graduate]:
    """Graduates of whom the national system has a record, so that they can confirm it there."""
    origin = Entry.objects.filter(
        graduate_id=OuterRef("pk"), part=Part.ORIGIN, accepted_version__isnull=False
    )
    return graduates.filter(Exists(origin))


def held(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Entries of which the national system has accepted some version."""
    return entries.filter(accepted_version__isnull=False)


def refused_here(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """全国在册本校已否: destinations that the national system still has and that we have refused
    ourselves. Nothing is sent meanwhile; entering, approving or releasing the destination ends
    that."""
    return (
        held(entries)
        .filter(part=Part.DESTINATION, graduate__destination__state=State.REJECTED)
        .exclude(graduate__destination__reason_source=ReasonSource.NATIONAL)
    )


def ownerless() -> int:
    """How many unfinished entries have no owner or due date. A constraint forbids it, so anything
    but 0 is an alarm."""
    rows = Entry.objects.filter(state__in=UNFINISHED)
    return rows.filter(Q(owner="") | Q(due_at=None)).count()


def held_back(school: School) -> int:
    """How many entries of a school our own rules hold back until people correct them."""
    return Entry.objects.filter(school=school, state=EntryState.HELD).count()


def turn_of(batch: Batch) -> str:
    """Whose turn it is with a batch and what they have to do, in Chinese; "" once it is finished."""
    if batch.state == BatchState.PARKED:
        return "省级：查看原因后处理"
    if batch.state == BatchState.DONE:
        return ""
    if batch.way == HTTP:
        sent = batch.state == BatchState.SENT
        return "全国系统：审核并给出回执" if sent else "本平台：自动发送"
    if batch.answered:
        return f"学校：还有 {batch.unanswered} 条结果没有传回"
    return "学校：导入全国系统，再传回结果"


def status() -> dict[str, Any]:
    """Everything that operations look at, as plain values. Ages are in seconds."""
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
