"""What the national loop plugs into core."""

from __future__ import annotations

from django.utils import timezone

from core.demo import demo_data, demo_exists
from core.metrics import gauges
from destinations.hooks import dispute_settled
from national_sync import queries
from national_sync.mapping import load_simulated
from national_sync.models import Entry, NationalCode
from national_sync.states import EntryState, Owner, Part


@demo_exists.plug()
def mapping_exists() -> bool:
    return NationalCode.objects.filter(simulated=True).exists()


@demo_data.plug(order=50)
def make_mapping(*, password: str) -> None:
    """The 模拟 codes: no endpoint but the simulator is given them."""
    load_simulated()


@dispute_settled.plug()
def look_again(*, graduate_id: int) -> None:
    """What was held for the dispute is looked at anew."""
    Entry.objects.filter(
        graduate_id=graduate_id, part=Part.DESTINATION, state=EntryState.HELD
    ).update(state=EntryState.WAITING, owner=Owner.SYSTEM, due_at=timezone.now(), problems=[])


@gauges.plug()
def national_gauges() -> dict[str, float]:
    """Queue age, failures, what is parked, answers that stay away."""
    found = queries.status()
    states = {f"national_entries_{state}": n for state, n in found.pop("entries").items()}
    return states | {f"national_{name}": int(value) for name, value in found.items()}
