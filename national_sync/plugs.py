"""What the national loop does at the hooks of lower apps."""

from __future__ import annotations

from django.utils import timezone

from core.errors import Refused
from destinations.hooks import dispute_settled, resume_guards, review_notes, undo_guards
from destinations.models import Destination
from destinations.states import State
from national_sync import home, way  # noqa: F401 - they fill hooks
from national_sync.connection import mapping
from national_sync.fields import DESTINATION, ORIGIN
from national_sync.mapping import Mapped
from national_sync.models import Entry
from national_sync.problems import Problem
from national_sync.records import code_problems
from national_sync.remaining import errors_that_remain
from national_sync.states import EntryState, Owner, Part


@dispute_settled.plug()
def look_again(*, graduate_id: int) -> None:
    """Check again what was held back because of the dispute."""
    Entry.objects.filter(
        graduate_id=graduate_id, part=Part.DESTINATION, state=EntryState.HELD
    ).update(state=EntryState.WAITING, owner=Owner.SYSTEM, due_at=timezone.now(), problems=[])


@resume_guards.plug()
def refuse_with_errors(*, destination: Destination) -> None:
    """What the national system found wrong has to be corrected first."""
    if sentences := errors_that_remain(destination):
        raise Refused("errors_remain", f"还不能恢复上报：{'；'.join(sentences)}。")


@undo_guards.plug()
def refuse_when_sent(*, destination: Destination) -> None:
    found = way.sent_and_accepted(destination=destination)
    if found is not None and found.sent:
        raise Refused("sent", "已上报全国系统，不能撤销；如有误请按“不通过”办理。")


@review_notes.plug()
def codes_that_would_be_held(*, destination: Destination) -> list[str]:
    """Sentences for the reviewer about codes that would hold the record back. The origin counts
    too: without it no destination is sent."""
    if destination.state == State.UNSUBMITTED:
        return []  # nobody has chosen anything
    # As a rule the code tables know them all, and nobody's entries need be read.
    if not _code_problems(destination, Mapped(simulated=False)):
        return []
    by_fix: dict[str, list[str]] = {}
    for problem in _code_problems(destination, mapping()):
        by_fix.setdefault(problem.fix, []).append(problem.message)
    return [f"{'；'.join(said)}。上报前须{fix}。" for fix, said in by_fix.items()]


def _code_problems(destination: Destination, mapped: Mapped) -> list[Problem]:
    graduate = destination.graduate
    own = {f.source: f.value_of(destination) for f in DESTINATION if f.kind == "code"}
    origin = {f.source: f.value_of(graduate) for f in ORIGIN if f.kind in ("code", "place")}
    return [
        *code_problems(Part.DESTINATION, own, mapped),
        *code_problems(Part.ORIGIN, origin, mapped),
    ]
