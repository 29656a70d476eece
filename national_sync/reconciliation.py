"""Comparing (比对) what the national system holds with what we hold, field by field.

Our side is what we would send now of everything that is due; theirs is fetched. Records that our own
rules hold back and that they do not have are counted apart. So are records of theirs that can't be
read, with the parts of ours that belong to them. The totals add up: ours = equal + differing +
missing there, and theirs = equal + differing + unknown here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from national_sync.fields import BY_NATIONAL
from national_sync.mapping import Mapped
from national_sync.models import Entry
from national_sync.records import Built, build
from national_sync.states import EntryState
from national_sync.transport.base import (
    HeldRecord,
    Key,
    Transport,
    UnreadableRecord,
    all_records,
)
from schools.models import School

_CHUNK = 1000
# Called with how far a comparison is, in percent.
TellProgress = Callable[[int], None]
EQUAL, DIFFERS, MISSING, EXTRA = "equal", "differs", "missing_there", "unknown_here"


@dataclass
class Difference:
    """One part of one graduate that is not the same on both sides."""

    kind: str  # differs, missing_there, unknown_here
    part: str
    exam_no: str
    year: int
    graduate_id: int | None = None
    name: str = ""
    # (label, ours, theirs), of `differs` only.
    fields: list[tuple[str, str, str]] = field(default_factory=list)
    # The entry's state in the ledger: on its way or held back, say.
    state: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "part": self.part, "exam_no": self.exam_no, "year": self.year,
            "graduate": self.graduate_id, "state": self.state,
            "fields": [{"label": a, "ours": b, "theirs": c} for a, b, c in self.fields],
        }  # fmt: skip


@dataclass
class Compared:
    """The result for one school."""

    school: School
    ours: int = 0
    theirs: int = 0
    equal: int = 0
    held: int = 0
    differences: list[Difference] = field(default_factory=list)
    unreadable: list[UnreadableRecord] = field(default_factory=list)
    # By graduate who was ever reported: what they hold; None if they hold nothing.
    records: dict[int, HeldRecord | None] = field(default_factory=dict)

    def count(self, kind: str) -> int:
        return sum(d.kind == kind for d in self.differences)

    @property
    def clean(self) -> bool:
        return not self.differences and not self.unreadable

    @property
    def adds_up(self) -> bool:
        differing = self.count(DIFFERS)
        return self.ours == self.equal + differing + self.count(
            MISSING
        ) and self.theirs == self.equal + differing + self.count(EXTRA)

    def as_json(self) -> dict[str, Any]:
        return {
            "school": self.school.code, "ours": self.ours, "theirs": self.theirs,
            "equal": self.equal, "held": self.held, "differs": self.count(DIFFERS),
            "missing_there": self.count(MISSING), "unknown_here": self.count(EXTRA),
            "adds_up": self.adds_up, "unreadable_total": len(self.unreadable),
            "unreadable": [asdict(record) for record in self.unreadable],
            "differences": [d.as_json() for d in self.differences],
        }  # fmt: skip


def compare(
    school: School, transport: Transport, mapped: Mapped, tell: TellProgress = lambda percent: None
) -> Compared:
    """Fetch and compare everything of one school. Nothing is changed."""
    entries = Entry.objects.filter(school=school).count()
    compared = Compared(school)
    held = _theirs(compared, transport, entries, tell)
    # What can't be read is neither missing nor different, and our copy of it stays as it was.
    unreadable = {(record.year, record.exam_no) for record in compared.unreadable}
    seen: set[tuple[Key, str]] = set()
    for n, (entry, built) in enumerate(_ours(school, mapped)):
        if n % _CHUNK == 0:
            tell(50 + min(45, 45 * n // max(entries, 1)))
        key = built.key or _key_of(entry, school)
        if unreadable & {(key.year, key.exam_no), (None, key.exam_no)}:
            continue
        if key in held or entry.accepted_version is not None:
            compared.records[entry.graduate_id] = held.get(key)
        theirs = held[key].parts.get(entry.part) if key in held else None  # type: ignore[call-overload]
        seen.add((key, entry.part))
        _compare_entry(compared, entry, built, key, theirs.record if theirs else None)
    for key, record in held.items():
        _note_unknown_parts(compared, key, record, seen)
    return compared


def _theirs(
    compared: Compared, transport: Transport, entries: int, tell: TellProgress
) -> dict[Key, HeldRecord]:
    """Everything they hold that can be read; `compared` gets the rest. The progress told is an estimate from how many records we have."""
    held: dict[Key, HeldRecord] = {}
    records = all_records(transport, compared.school.code, unreadable=compared.unreadable)
    for n, record in enumerate(records):
        if n % (_CHUNK // 2) == 0:
            tell(min(50, 50 * n // max(entries // 2, 1)))
        held[record.key] = record
    return held


def _ours(school: School, mapped: Mapped) -> Iterator[tuple[Entry, Built]]:
    """Every entry of the school with what it would send now."""
    last = 0
    while True:
        rows = list(
            Entry.objects.filter(school=school, pk__gt=last)
            .select_related("graduate__cohort")
            .order_by("pk")[:_CHUNK]
        )
        if not rows:
            return
        by_entry = build(rows, mapped)
        for entry in rows:
            yield entry, by_entry[entry.pk]
        last = rows[-1].pk


def _key_of(entry: Entry, school: School) -> Key:
    return Key(school.code, entry.graduate.cohort.year, entry.graduate.exam_no)


def _compare_entry(
    compared: Compared, entry: Entry, built: Built, key: Key, theirs: Mapping[str, str] | None
) -> None:
    if not built.due and theirs is None:
        return
    if not built.due and entry.accepted_version is not None and theirs is not None:
        # Not due at this moment (back in review, say); what they hold is what they accepted.
        compared.ours += 1
        compared.theirs += 1
        compared.equal += 1
        return
    if entry.state == EntryState.HELD and theirs is None:
        compared.held += 1
        return
    difference = Difference("", entry.part, key.exam_no, key.year, entry.graduate_id,
                            entry.graduate.name, state=entry.state)  # fmt: skip
    if built.due:
        compared.ours += 1
    if theirs is not None:
        compared.theirs += 1
    if built.due and theirs is None:
        difference.kind = MISSING
    elif not built.due:
        difference.kind = EXTRA
    else:
        assert theirs is not None
        difference.fields = fields_that_differ(entry.part, built.record, theirs)
        if not difference.fields:
            compared.equal += 1
            return
        difference.kind = DIFFERS
    compared.differences.append(difference)


def _note_unknown_parts(
    compared: Compared, key: Key, record: HeldRecord, seen: set[tuple[Key, str]]
) -> None:
    for part in record.parts:
        if (key, part) not in seen:
            compared.theirs += 1
            compared.differences.append(Difference(EXTRA, part, key.exam_no, key.year))


def fields_that_differ(
    part: str, ours: Mapping[str, str], theirs: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """(label, ours, theirs) of every national field that is not the same on both sides."""
    labels = BY_NATIONAL.get(part, {})
    return [
        (labels[n].label if n in labels else n, ours.get(n, ""), theirs.get(n, ""))
        for n in sorted({*ours, *theirs})
        if ours.get(n, "") != theirs.get(n, "")
    ]


UNSETTLED = (EntryState.WAITING, EntryState.SENT, EntryState.FAILED)
