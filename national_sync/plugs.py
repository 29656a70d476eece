"""What the national loop plugs into the hooks of lower apps."""

from __future__ import annotations

from django.utils import timezone

from destinations.hooks import dispute_settled, review_notes
from destinations.models import Destination
from destinations.states import State
from national_sync import home  # noqa: F401 - it fills a hook
from national_sync.connection import mapping
from national_sync.fields import DESTINATION, ORIGIN
from national_sync.mapping import Mapped
from national_sync.models import Entry
from national_sync.records import Problem, wrong_codes
from national_sync.states import EntryState, Owner, Part


@dispute_settled.plug()
def look_again(*, graduate_id: int) -> None:
    """What was held for the dispute is looked at anew."""
    Entry.objects.filter(
        graduate_id=graduate_id, part=Part.DESTINATION, state=EntryState.HELD
    ).update(state=EntryState.WAITING, owner=Owner.SYSTEM, due_at=timezone.now(), problems=[])


@review_notes.plug()
def codes_that_would_be_held(*, destination: Destination) -> list[str]:
    """Said before it is sent, of the origin as well: without it no destination goes up."""
    if destination.state == State.UNSUBMITTED:
        return []  # nobody has chosen anything
    # As a rule the code tables know them all, and nobody's entries need be read.
    if not _wrong_codes(destination, Mapped(simulated=False)):
        return []
    by_mend: dict[str, list[str]] = {}
    for problem in _wrong_codes(destination, mapping()):
        by_mend.setdefault(problem.mend, []).append(problem.message)
    return [f"{'; '.join(said)}。上报前须{mend}。" for mend, said in by_mend.items()]


def _wrong_codes(destination: Destination, mapped: Mapped) -> list[Problem]:
    graduate = destination.graduate
    rows = (
        (Part.DESTINATION, {f.source: getattr(destination, f.source) for f in DESTINATION}),
        (Part.ORIGIN, {f.source: getattr(graduate, f.source, None) for f in ORIGIN}
         | {"id_type": graduate.person.id_type}),
    )  # fmt: skip
    return [problem for part, row in rows for problem in wrong_codes(part, row, mapped)]
