"""What an entry would send now: the national record, whether it is due, what is in the way.

Set-based: a few queries for a whole claim. The rules are those of entry and review, run once more
(預校验); what only sending knows, a code without a national one, is added here.
"""

from __future__ import annotations

import datetime
import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import Model

from codes import lookup
from core.db.bulk import any_of
from core.db.lookups import Rows
from destinations.catalogue import catalogue
from destinations.fields import KEYS as DESTINATION_KEYS
from destinations.models import Destination
from destinations.rules import check_registration
from destinations.states import APPROVED, State
from graduates.models import ArchiveTransfer, Graduate
from graduates.rules.record import check_record
from graduates.states import Confirmation, Standing
from national_sync.fields import FIELDS, Reported
from national_sync.mapping import Mapped
from national_sync.states import Owner, Part
from national_sync.transport.base import Key
from national_sync.transport.wire import compact

_KEY = ("id", "exam_no", "confirmation", "standing")
_GRADUATE = (
    *_KEY, "name", "student_no", "gender", "ethnicity", "politics", "level",
    "education_type", "major_code", "major_name", "local_major", "teacher_student", "difficulty",
    "training_mode", "directed_unit", "origin", "duration", "enrolled_on", "graduates_on",
    "conclusion", "outstanding", "archive_moved", "household_moved", "mobile", "email", "qq",
    "home_address", "home_phone", "home_postcode",
)  # fmt: skip
_KEY_JOINED = {"year": "cohort__year", "school_code": "school__code"}
_JOINED = {
    **_KEY_JOINED,
    "school_name": "school__name",
    "department": "department__name",
    "school_class": "school_class__name",
    "id_type": "person__id_type",
    "id_number": "person__id_number",
}
_DESTINATION = (
    "graduate_id",
    "category",
    "form",
    "state",
    "flagged",
    "disputed_at",
    "wage_override",
    *DESTINATION_KEYS,
)


@dataclass
class Problem:
    """One thing that holds a record back. `owner` is who can mend it."""

    rule: str
    field: str
    message: str
    mend: str
    owner: str = Owner.DEPARTMENT

    def as_json(self) -> dict[str, str]:
        return {"rule": self.rule, "field": self.field, "message": self.message, "mend": self.mend}


@dataclass
class Built:
    """What one entry would send. Not `due`: nothing is to go up now."""

    due: bool
    key: Key | None = None
    record: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @functools.cached_property
    def text(self) -> str:
        """The finished record, written once: for the digest, the line's row and the wire."""
        return compact(self.record)

    @functools.cached_property
    def digest(self) -> str:
        """Of the finished record: what is compared with what is held."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Asked(Protocol):
    """What is read of an entry: it may be one, or a plain row of the ledger."""

    pk: Any
    part: str
    graduate_id: int
    sent_version: int | None


def build(entries: Sequence[Asked], mapped: Mapped) -> dict[int, Built]:
    """By entry id. A graduate that is gone has no entry either."""
    ids: dict[str, set[int]] = {part: set() for part in Part.values}
    for entry in entries:
        ids[entry.part].add(entry.graduate_id)
    # Of those whose origin does not go, the key is enough.
    others = (ids[Part.DESTINATION] | ids[Part.ARCHIVE]) - ids[Part.ORIGIN]
    people = _people(ids[Part.ORIGIN], _GRADUATE, _JOINED) | _people(others, _KEY, _KEY_JOINED)
    goes = _destinations(ids[Part.DESTINATION])
    archives = _archives(ids[Part.ARCHIVE])
    found = {}
    for entry in entries:
        person = people[entry.graduate_id]
        if entry.part == Part.ARCHIVE:
            found[entry.pk] = _archive(person, archives.get(entry.graduate_id), mapped)
        if entry.part == Part.ORIGIN:
            found[entry.pk] = _origin(person, mapped)
        elif entry.part == Part.DESTINATION:
            found[entry.pk] = _destination(person, goes[entry.graduate_id], entry, mapped)
    return found


def _people(
    ids: set[int], own: Sequence[str], joined: Mapping[str, str]
) -> dict[int, dict[str, Any]]:
    return _rows(Graduate, ids, (*own, *joined), (*own, *joined.values()))


def _destinations(ids: set[int]) -> dict[int, dict[str, Any]]:
    return _rows(Destination, ids, _DESTINATION, _DESTINATION)


def _archives(ids: set[int]) -> dict[int, dict[str, Any]]:
    names = ("graduate_id", *(f.source for f in FIELDS[Part.ARCHIVE]))
    return _rows(ArchiveTransfer, ids, names, names)


def _rows(
    model: type[Model], ids: set[int], keys: Sequence[str], names: Sequence[str]
) -> dict[int, dict[str, Any]]:
    """Rows by their key, which is the first of `names`, called as `keys` say."""
    if not ids:
        return {}
    rows = _of(model, tuple(names)).of(list(ids))
    return {row[0]: dict(zip(keys, row, strict=True)) for row in rows}


@functools.cache
def _of(model: type[Model], names: tuple[str, ...]) -> Rows:
    return Rows(
        lambda ids: model._default_manager.filter(any_of("pk", ids)).values_list(*names), list
    )


def key_of(person: Mapping[str, Any]) -> Key:
    return Key(person["school_code"], person["year"], person["exam_no"])


# --- origin ------------------------------------------------------------------------------------


def _origin(person: Mapping[str, Any], mapped: Mapped) -> Built:
    if (
        person["confirmation"] not in (Confirmation.CONFIRMED, Confirmation.LOCKED)
        or person["standing"] != Standing.ENROLLED
    ):
        return Built(False)
    made = Built(True, key_of(person))
    made.record = _write(FIELDS[Part.ORIGIN], person, mapped, made)
    for issue in check_record(person):
        if issue.is_error:
            made.problems.append(
                Problem(issue.code, issue.field, issue.message, "在生源信息中更正后重新确认")
            )
    made.problems += _place_of_origin(person["origin"])
    if not person["mobile"]:
        made.problems.append(Problem("mobile", "mobile", "手机号码不能为空", "填写毕业生手机号码"))
    return made


def _place_of_origin(code: str) -> list[Problem]:
    place = lookup.places().get(code)
    if place is not None and place.selectable:
        return []
    return [Problem("xzqh", "origin", "生源所在地代码不是现行区县代码", "选择现行的区县")]


# --- destination -------------------------------------------------------------------------------


def _destination(
    person: Mapping[str, Any], d: Mapping[str, Any], entry: Asked, mapped: Mapped
) -> Built:
    """Approved ones; 12 and 76 only by the school; none counts as 70 once one was sent."""
    leaf = catalogue().leaves.get(d["category"])
    due = d["state"] in APPROVED
    if due and leaf is not None and leaf.school_review:
        due = d["state"] == State.SCHOOL_APPROVED
    if d["state"] == State.UNSUBMITTED:
        due = entry.sent_version is not None
    if not due or person["standing"] != Standing.ENROLLED:
        return Built(False)
    made = Built(True, key_of(person))
    if d["disputed_at"] is not None:
        made.problems.append(
            Problem("disputed", "", "毕业生对去向有异议", "由学校处理异议", Owner.SCHOOL)
        )
    if d["flagged"]:
        made.problems.append(
            Problem(
                "flagged", d["flagged"][0], "毕业生补充修改的内容尚未核对", "在去向审核中核对修改"
            )
        )
    made.record = _write(FIELDS[Part.DESTINATION], d, mapped, made)
    if d["state"] != State.UNSUBMITTED:
        registration = check_registration(d, evidence=None, wage_override=d["wage_override"])
        for issue in registration.issues:
            if issue.is_error:
                made.problems.append(
                    Problem(issue.code, issue.field, issue.message, "对照证明材料更正去向信息")
                )
    return made


# --- archive -----------------------------------------------------------------------------------

_NEEDS_UNIT = frozenset({"origin", "employer", "agency", "study_other"})


def _archive(person: Mapping[str, Any], a: Mapping[str, Any] | None, mapped: Mapped) -> Built:
    """Once the origin is confirmed or locked and a type is chosen; by type with a receiver."""
    ready = person["confirmation"] in (Confirmation.CONFIRMED, Confirmation.LOCKED)
    if a is None or not a["transfer_type"] or not ready or person["standing"] != Standing.ENROLLED:
        return Built(False)
    made = Built(True, key_of(person))
    made.record = _write(FIELDS[Part.ARCHIVE], a, mapped, made)
    if a["transfer_type"] in _NEEDS_UNIT:
        for key in ("unit_name", "address", "contact", "phone"):
            if not a[key]:
                label = next(f.label for f in FIELDS[Part.ARCHIVE] if f.source == key)
                made.problems.append(
                    Problem(
                        "archive_empty", key, f"{label}不能为空", "在档案转寄中补充接收单位信息"
                    )
                )
    return made


# --- codes alone -------------------------------------------------------------------------------


def wrong_codes(part: str, values: Mapping[str, Any], mapped: Mapped) -> list[Problem]:
    """What would hold a part back for its codes, whatever its state is: for those who look at it
    before it goes. The codes that its category asks for are the registration's to judge."""
    made = Built(True)
    _write([f for f in FIELDS[part] if f.kind == "code"], values, mapped, made)
    if part == Part.ORIGIN:
        made.problems += _place_of_origin(values["origin"])
    return made.problems


# --- writing -----------------------------------------------------------------------------------


def _write(
    fields: Sequence[Reported], values: Mapping[str, Any], mapped: Mapped, made: Built
) -> dict[str, str]:
    """Values as the national side writes them; empty ones are left out."""
    record = {}
    for f in fields:
        value = values.get(f.source)
        if value is None or value == "":
            continue
        text = str(value) if f.kind == "text" else _text(f, value, mapped, made)
        if text:
            record[f.national] = text
    return record


def _text(f: Reported, value: Any, mapped: Mapped, made: Built) -> str:
    match f.kind:
        case "code":
            code = mapped.national(f.table, value)
            if code is None:
                made.problems.append(
                    Problem(
                        "unmapped", f.source,
                        f"{f.label}“{mapped.name(f.table, value)}”还没有对应的国家代码",
                        "由省级在“国家代码对照”中登记", Owner.PROVINCE,
                    )
                )  # fmt: skip
                return ""
            return code
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
