"""Graduates whose records are reported to the simulator."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from destinations.actions import enter
from graduates.actions import origin
from graduates.models import Graduate
from national_sync.actions import upload
from national_sync.actions.upload import Report
from national_sync.mapping import Mapped, load_simulated
from national_sync.models import Batch, Entry
from national_sync.states import BatchState, Part
from tests import factories
from tests.factories import World
from tests.national_sync.simulator_process import Simulator


def register(simulator: Simulator, *graduates: Graduate) -> None:
    """Give the simulator's registry the same data about these graduates as we have."""
    rows = [
        {
            "school": g.school.code, "year": g.cohort.year, "exam_no": g.exam_no, "name": g.name,
            "id_number": g.person.id_number, "major_code": g.major_code, "level": g.level,
        }
        for g in graduates
    ]  # fmt: skip
    with simulator.transport() as transport:
        transport.admin("registry", rows=rows)


def confirmed(world: World, **changes: Any) -> Graduate:
    """A graduate whose origin record was locked by staff."""
    made = factories.make_graduate(world, **changes)
    origin.lock(graduate_id=made.pk, by=world.school_admin)
    return made


def approved(world: World, **changes: Any) -> Graduate:
    """A confirmed graduate with a destination that the school entered."""
    made = confirmed(world)
    enter.enter(graduate_id=made.pk, typed={**factories.CONTRACT, **changes}, by=world.school_admin)
    return made


def run(simulator: Simulator, *, seconds: float = 20, **options: Any) -> Report:
    load_simulated()
    with simulator.transport(**options) as transport:
        return upload.run(transport, Mapped.load(simulated=True), seconds=seconds)


def end_leases() -> None:
    """As if the workers that send batches had died and their leases had run out."""
    sending = Batch.objects.filter(state=BatchState.SENDING)
    sending.update(leased_until=timezone.now() - timedelta(seconds=1))


def entry(graduate: Graduate, part: str = Part.DESTINATION) -> Entry:
    return Entry.objects.get(graduate=graduate, part=part)


def states(graduate: Graduate) -> dict[str, str]:
    return dict(Entry.objects.filter(graduate=graduate).values_list("part", "state"))
