"""What the national system finds wrong with one line: functions of the line and the lists alone.

The sentences are the usual errors that the departments' manual lists. Where no text of the
national system is known, above all for archives, one was made up; it is marked 模拟 in
data/messages.csv.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from national_sync.simulator import numbers
from national_sync.simulator.codelists import COARSE, LEAF, Lists, messages

ORIGIN, DESTINATION, ARCHIVE = "origin", "destination", "archive"
PARTS = (ORIGIN, DESTINATION, ARCHIVE)
KINDS = {ORIGIN: "生源信息错误", DESTINATION: "登记信息错误", ARCHIVE: "档案信息错误"}

Record = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a line."""

    kind: str
    code: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Registered:
    """What the registry (学籍) knows about a 考生号."""

    school: str
    name: str
    id_number: str
    major_code: str
    level: str


def fault(code: str, *, part: str = "", field: str = "") -> Fault:
    m = messages()[code]
    field = m.field or field
    return Fault(m.kind or KINDS[part], code, field, m.text.format(field=field))


@dataclass(frozen=True, slots=True)
class LineToJudge:
    """One line with everything that is needed to judge it."""

    part: str
    school: str
    exam_no: str
    record: Record
    registered: Registered | None
    lists: Lists

    @property
    def is_registered(self) -> bool:
        """The registry has this 考生号 at this school."""
        return self.registered is not None and self.registered.school == self.school


def judge(judged: LineToJudge) -> list[Fault]:
    """Everything that is wrong with a line whose 考生号 may be reported, in the order of
    checking."""
    return list(_RULES[judged.part](judged))


# --- origin 生源信息 -------------------------------------------------------------------------

_ORIGIN_REQUIRED = ("ksh", "sfzh", "xm", "xbdm", "xldm", "zydm", "syszddm")
_ORIGIN_CODES = {
    "xbdm": "gender",
    "mzdm": "ethnicity",
    "zzmmdm": "politics",
    "xldm": "education_level",
    "xllxdm": "education_type",
    "pyfsdm": "training_mode",
    "sfslbdm": "teacher_student",
    "knslbdm": "difficulty",
    "bjyjl": "graduation_conclusion",
    "cxsy": "urban_rural",
    "zjlxdm": "id_type",
}
_MAJOR = re.compile(r"\d{4}|\d{6}(T|K|TK)?|\d{4}(J|Z)\d", re.ASCII)
_DIRECTED = ("2", "4")


def _origin(judged: LineToJudge) -> Iterator[Fault]:
    record, lists = judged.record, judged.lists
    if not _agrees(judged):
        yield fault("registry_mismatch")
    standing = lists.division(record.get("syszddm", ""))
    if record.get("syszddm") and standing != LEAF:
        yield fault("origin_place_coarse" if standing == COARSE else "origin_place_unknown")
    major = record.get("zydm", "")
    if major and (not _MAJOR.fullmatch(major) or lists.has("major_abolished", major)):
        yield fault("major_unknown")
    if not record.get("mobilePhone"):
        yield fault("mobile_empty")
    for field in _ORIGIN_REQUIRED:
        if not record.get(field):
            yield fault("field_empty", part=ORIGIN, field=field)
    for field, name in _ORIGIN_CODES.items():
        if record.get(field) and not lists.has(name, record[field]):
            yield fault("code_unknown", part=ORIGIN, field=field)
    if record.get("pyfsdm") in _DIRECTED and not record.get("dxhwpdw"):
        yield fault("field_empty", part=ORIGIN, field="dxhwpdw")


def _agrees(judged: LineToJudge) -> bool:
    """The registry has this 考生号, and says the same of what it knows."""
    record, registered = judged.record, judged.registered
    if registered is None or not judged.is_registered:
        return False
    if record.get("ksh") and record["ksh"] != judged.exam_no:
        return False
    pairs = (
        (registered.name, record.get("xm")),
        (registered.id_number, record.get("sfzh")),
        (registered.major_code, record.get("zydm")),
        (registered.level, record.get("xldm")),
    )
    return all(not known or not said or known == said for known, said in pairs)


# --- destination 毕业去向 --------------------------------------------------------------------

_EMPTY = {
    "dwmc": "unit_unknown",
    "dwzzjgdm": "unit_code_wrong",
    "dwxzdm": "property_wrong",
    "dwhydm": "industry_wrong",
    "gzzwlbdm": "job_category_wrong",
    "lxrdh": "unit_phone_empty",
    "dwszddm": "unit_place_unknown",
}
# 部队, and 国际组织 within 其他; a foreign employer is known by its place.
_MILITARY, _OTHERS, _INTERNATIONAL = "40", "99", "46"


def _destination(judged: LineToJudge) -> Iterator[Fault]:
    record, lists = judged.record, judged.lists
    if not judged.is_registered:
        yield fault("registry_mismatch")
    required = lists.required.get(record.get("byqxdm", ""))
    if required is None:
        yield fault("category_unknown")
        return
    for field in required:
        if not record.get(field) and not (field == "dwzzjgdm" and _has_no_code(record, lists)):
            code = _EMPTY.get(field)
            yield fault(code) if code else fault("field_empty", part=DESTINATION, field=field)
    yield from _unit(record, lists)
    place = record.get("dwszddm", "")
    if place and not lists.has("country", place):
        standing = lists.division(place)
        if standing != LEAF:
            yield fault("unit_place_coarse" if standing == COARSE else "unit_place_unknown")
    job = record.get("gzzwlbdm")
    if job and not lists.has("job_category", job):
        yield fault("job_category_wrong")
    mail = record.get("lxrdzyx")
    if mail and not numbers.is_email(mail):
        yield fault("contact_email_wrong")
    for field, name in (("lxgjdq", "country"), ("xxxs", "study_form")):
        if record.get(field) and not lists.has(name, record[field]):
            yield fault("code_unknown", part=DESTINATION, field=field)


def _has_no_code(record: Record, lists: Lists) -> bool:
    """No 统一社会信用代码 exists: foreign employer, military, international organisation."""
    kind = record.get("dwxzdm")
    return (
        kind == _MILITARY
        or (kind == _OTHERS and record.get("dwhydm") == _INTERNATIONAL)
        or bool(record.get("lxgjdq"))
        or lists.has("country", record.get("dwszddm", ""))
    )


def _unit(record: Record, lists: Lists) -> Iterator[Fault]:
    """Name and code against each other by the dictionary, then property and industry."""
    name, code = record.get("dwmc", ""), record.get("dwzzjgdm", "")
    by_name, by_code = lists.units_by_name.get(name), lists.units_by_code.get(code)
    not_a_name = len(name) < 3 or name.isdigit()
    dissolved = by_name is not None and not by_name.in_force
    misspelt = by_name is None and by_code is not None
    if name and (not_a_name or dissolved or misspelt):
        yield fault("unit_unknown")
    if code and (not numbers.is_unit_code(code) or (by_name and by_name.code != code)):
        yield fault("unit_code_wrong")
    known = by_name or by_code
    for field, list_name, said in (
        ("dwhydm", "unit_industry", known.industry if known else ""),
        ("dwxzdm", "unit_property", known.property if known else ""),
    ):
        value = record.get(field)
        if value and (not lists.has(list_name, value) or (said and said != value)):
            yield fault("industry_wrong" if field == "dwhydm" else "property_wrong")


# --- archive 档案转递 ------------------------------------------------------------------------

# 模拟: 1 转回生源地, 2 签约单位接收, 3 托管单位接收, 4 升学外校接收, 5 升学本校, 6 保留原校.
_NEEDS_RECEIVER = ("1", "2", "3", "4")
_TO_EMPLOYER = "2"


def _archive(judged: LineToJudge) -> Iterator[Fault]:
    record, lists = judged.record, judged.lists
    if not judged.is_registered:
        yield fault("registry_mismatch")
    kind = record.get("dazdlx", "")
    if not lists.has("archive_transfer_type", kind):
        yield fault("archive_type_wrong")
    if kind in _NEEDS_RECEIVER:
        for field, code in (
            ("dazjdwmc", "archive_receiver_empty"),
            ("dazjdwdz", "archive_address_empty"),
            ("dazjlxr", "archive_contact_empty"),
            ("dazjlxdh", "archive_phone_empty"),
        ):
            if not record.get(field):
                yield fault(code)
    receiver = lists.units_by_name.get(record.get("dazjdwmc", ""))
    if kind == _TO_EMPLOYER and receiver and not receiver.holds_archives:
        yield fault("archive_receiver_unfit")
    postcode = record.get("dazjdwyb", "")
    if postcode and not re.fullmatch(r"\d{6}", postcode, re.ASCII):
        yield fault("archive_postcode_wrong")
    moves = record.get("hkqylx")
    if moves and not lists.has("hukou_migration_type", moves):
        yield fault("code_unknown", part=ARCHIVE, field="hkqylx")


_RULES: dict[str, Callable[[LineToJudge], Iterator[Fault]]] = {
    ORIGIN: _origin,
    DESTINATION: _destination,
    ARCHIVE: _archive,
}
