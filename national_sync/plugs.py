"""What the national loop plugs into core."""

from __future__ import annotations

from django.utils import timezone

from core.demo import demo_data, demo_exists
from core.metrics import gauges
from destinations.hooks import dispute_settled, review_notes
from destinations.models import Destination
from destinations.states import State
from national_sync import queries
from national_sync.connection import mapping
from national_sync.fields import DESTINATION
from national_sync.mapping import known, load_simulated
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


@review_notes.plug()
def codes_without_counterpart(*, destination: Destination) -> list[str]:
    """Said before it is sent: what the province has yet to map would be held."""
    if destination.state == State.UNSUBMITTED:
        return []  # nobody has chosen anything
    chosen = [
        (f, str(getattr(destination, f.source) or "")) for f in DESTINATION if f.kind == "code"
    ]
    unknown = [(f, code) for f, code in chosen if code and not known(f.table, code)]
    if not unknown:
        return []
    mapped = mapping()
    return [
        f"{f.label}“{mapped.name(f.table, code)}”: 此代码尚无国家代码, 上报前需省级登记对照。"
        for f, code in unknown
        if not mapped.national(f.table, code)
    ]


@gauges.plug()
def national_gauges() -> dict[str, float]:
    """Queue age, failures, what is parked, answers that stay away."""
    found = queries.status()
    states = {f"national_entries_{state}": n for state, n in found.pop("entries").items()}
    return states | {f"national_{name}": int(value) for name, value in found.items()}
