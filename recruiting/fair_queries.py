"""Who sees which fairs and talks, and what there is to know about one."""

from __future__ import annotations

import datetime

from recruiting.models import Fair
from recruiting.states import FairState

# Registration is open or over, but the event is neither over nor called off.
COMING = (FairState.OPEN, FairState.CLOSED, FairState.RUNNING)


def slots_of(fair: Fair) -> list[datetime.datetime]:
    """When each slot for visitors begins; none if the event has no slots."""
    if not fair.slot_minutes:
        return []
    length, slots, at = datetime.timedelta(minutes=fair.slot_minutes), [], fair.starts_at
    while at < fair.ends_at:
        slots.append(at)
        at += length
    return slots
