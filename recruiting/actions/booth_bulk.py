"""A host's step on every unit that the list of a fair shows (`core.frame.BulkAction`)."""

from __future__ import annotations

from accounts.models import User
from core.errors import DomainError
from recruiting.actions.booths import approve, arrive, reserve
from recruiting.fair_queries import booths_hosted_by


def take_one(
    action: str, pk: int, version: int, by: User, reason: str
) -> tuple[bool, str, str] | None:
    """One row of a step on all units that the list of a fair shows."""
    found = booths_hosted_by(by).select_related("unit").filter(pk=pk).first()
    if found is None:
        return None
    step = {"approve": approve, "reserve": reserve, "arrive": arrive}[action]
    try:
        booth = step(booth_id=pk, by=by)
    except DomainError as refusal:
        return False, found.unit.name, refusal.message
    return True, found.unit.name, f"展位{booth.number}" if booth.number else "已列入候补"
