"""The last steps of a destination's way: sent to the national system, and accepted there."""

from __future__ import annotations

from destinations.hooks import NationalWay, national_way
from destinations.models import Destination
from national_sync.models import BatchLine, Entry
from national_sync.states import EntryState, Part


@national_way.plug()
def sent_and_accepted(*, destination: Destination) -> NationalWay | None:
    """How far the present version of the destination has come; an older one does not count."""
    entry = Entry.objects.filter(graduate_id=destination.pk, part=Part.DESTINATION).first()
    if entry is None:
        return None
    accepted = entry.state == EntryState.ACCEPTED
    if entry.sent_version is None or not (accepted or entry.state == EntryState.SENT):
        return NationalWay()
    line = (
        BatchLine.objects.filter(entry=entry, version=entry.sent_version)
        .select_related("batch")
        .order_by("-id")
        .first()
    )
    return NationalWay(
        sent=True,
        sent_at=line.batch.sent_at or line.batch.created_at if line is not None else None,
        accepted=accepted,
        accepted_at=entry.accepted_at if accepted else None,
    )
