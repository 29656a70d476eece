"""What an entry of the ledger would send now: the national record, whether it is due, and what
holds it back. A few queries for a whole claim."""

from __future__ import annotations

import datetime
import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import Model

from codes import lookup
from core.db.bulk import any_of
from core.db.lookups import Rows
from national_sync.fields import FIELDS, KEY_FIELDS, MODELS, Reported
from national_sync.mapping import Mapped
from national_sync.problems import Problem
from national_sync.rules import archive as archive_rules
from national_sync.rules import destination as destination_rules
from national_sync.rules import origin as origin_rules
from national_sync.states import Owner, Part
from national_sync.transport.base import Key
from national_sync.transport.wire import compact

# What the rules of each part read beside the reported values, from the part's own table.
_RULES_READ: dict[str, tuple[str, ...]] = {
    Part.ORIGIN: ("confirmation", "standing"),
    Part.DESTINATION: ("form", "state", "flagged", "disputed_at", "wage_override"),
    Part.ARCHIVE: (),
}
Row = dict[str, Any]


@dataclass
class Built:
    """What one entry would send. If it is not `due`, nothing is to be sent now."""

    due: bool
    key: Key | None = None
    record: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @functools.cached_property
    def text(self) -> str:
        """The finished record as compact JSON: for the digest, the line's row and the request."""
        return compact(self.record)

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the finished record: compared with that of the record that was accepted."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class BuildsFrom(Protocol):
    """What `build` reads of an entry: it takes an instance of the model or a plain row of a
    claim."""

    pk: Any
    part: str
    graduate_id: int
    sent_version: int | None


def build(entries: Sequence[BuildsFrom], mapped: Mapped) -> dict[int, Built]:
    """What each entry would send now, by the entry's primary key."""
    ids: dict[str, set[int]] = {part: set() for part in Part.values}
    for entry in entries:
        ids[entry.part].add(entry.graduate_id)
    # Where the origin itself is not asked for, the key and the state of the graduate are enough.
    others = (ids[Part.DESTINATION] | ids[Part.ARCHIVE]) - ids[Part.ORIGIN]
    people = _rows(Part.ORIGIN, ids[Part.ORIGIN], FIELDS[Part.ORIGIN])
    people |= _rows(Part.ORIGIN, others, KEY_FIELDS)
    destinations = _rows(Part.DESTINATION, ids[Part.DESTINATION], FIELDS[Part.DESTINATION])
    archives = _rows(Part.ARCHIVE, ids[Part.ARCHIVE], FIELDS[Part.ARCHIVE])
    built = {}
    for entry in entries:
        person = people[entry.graduate_id]
        if entry.part == Part.ORIGIN:
            built[entry.pk] = _origin(person, mapped)
        elif entry.part == Part.DESTINATION:
            destination = destinations[entry.graduate_id]
            built[entry.pk] = _destination(person, destination, entry, mapped)
        else:
            built[entry.pk] = _archive(person, archives.get(entry.graduate_id), mapped)
    return built


def _rows(part: str, ids: set[int], fields: Sequence[Reported]) -> dict[int, Row]:
    """Rows of the part's table by graduate: the values of `fields` by source, and what its rules
    read besides."""
    if not ids:
        return {}
    paths = dict.fromkeys(_RULES_READ[part]) | {f.source: f.path for f in fields}
    names, columns = tuple(paths), tuple(path or name for name, path in paths.items())
    rows = _reader(MODELS[part], ("pk", *columns)).of(list(ids))
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


@functools.cache
def _reader(model: type[Model], columns: tuple[str, ...]) -> Rows:
    return Rows(
        lambda ids: model._default_manager.filter(any_of("pk", ids)).values_list(*columns), list
    )


def _key_of(person: Row) -> Key:
    return Key(person["school_code"], person["year"], person["exam_no"])


def _origin(person: Row, mapped: Mapped) -> Built:
    if not origin_rules.is_due(person):
        return Built(False)
    return _built(Part.ORIGIN, person, person, origin_rules.problems(person), mapped)


def _destination(person: Row, destination: Row, entry: BuildsFrom, mapped: Mapped) -> Built:
    standing, was_sent = person["standing"], entry.sent_version is not None
    if not destination_rules.is_due(destination, standing=standing, was_sent=was_sent):
        return Built(False)
    problems = destination_rules.problems(destination)
    return _built(Part.DESTINATION, person, destination, problems, mapped)


def _archive(person: Row, archive: Row | None, mapped: Mapped) -> Built:
    if archive is None or not archive_rules.is_due(archive, graduate=person):
        return Built(False)
    return _built(Part.ARCHIVE, person, archive, archive_rules.problems(archive), mapped)


def _built(part: str, person: Row, values: Row, problems: list[Problem], mapped: Mapped) -> Built:
    record, unmapped = write_record(FIELDS[part], values, mapped)
    return Built(True, _key_of(person), record, [*unmapped, *problems])


def present_record(part: str, graduate_id: int, mapped: Mapped) -> dict[str, str]:
    """The part's values as they would be written now, whether or not they are due."""
    values = _rows(part, {graduate_id}, FIELDS[part]).get(graduate_id, {})
    return write_record(FIELDS[part], values, mapped)[0]


# --- codes alone -------------------------------------------------------------------------------


def code_problems(part: str, values: Mapping[str, Any], mapped: Mapped) -> list[Problem]:
    """What would hold a part back for its codes alone, whatever its state. It is shown to the
    reviewer. Whether a code suits the category is for the rules of registration to say."""
    _, problems = write_record([f for f in FIELDS[part] if f.kind == "code"], values, mapped)
    if part == Part.ORIGIN:
        problems += origin_rules.place_is_current(values)
    return problems


# --- writing -----------------------------------------------------------------------------------


def write_record(
    fields: Iterable[Reported], values: Mapping[str, Any], mapped: Mapped
) -> tuple[dict[str, str], list[Problem]]:
    """The values as the national system writes them, by national name, empty ones left out; and
    one problem for each code without a national counterpart."""
    record: dict[str, str] = {}
    problems: list[Problem] = []
    for f in fields:
        value = values.get(f.source)
        if value is None or value == "":
            continue
        text = str(value) if f.kind == "text" else _write(f, value, mapped)
        if text is None:
            problems.append(_unmapped(f, value, mapped))
        elif text:
            record[f.national] = text
    return record, problems


def _unmapped(f: Reported, value: str, mapped: Mapped) -> Problem:
    name = mapped.name(f.table, value)
    return Problem(
        "unmapped",
        f.source,
        f"{f.label}“{name}”还没有对应的国家代码",
        "由省级在“国家代码对照”中登记",
        Owner.PROVINCE,
    )


def _write(f: Reported, value: Any, mapped: Mapped) -> str | None:
    """One value as text; None for a code without a national counterpart."""
    match f.kind:
        case "code":
            return mapped.national(f.table, value)
        case "words":
            return mapped.name(f.table, value)
        case "place":
            return lookup.place_name(value)
        case "date":
            return value.strftime("%Y%m%d") if isinstance(value, datetime.date) else str(value)
        case "bool":
            return "1" if value else "0"
        case "number":
            return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)
    return str(value)
