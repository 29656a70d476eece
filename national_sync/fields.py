"""What is reported to the national system, declared once.

Each `Reported` says which of our columns goes up under which national name. Everything that deals
with reported values is derived from these declarations: what a claim reads (`records.py`), the
payload, the triggers that mark a change (`triggers.py`), the comparison, the links of feedback, the
codes that need a national counterpart and the page on which graduates see their national data.
National names: `docs/national-protocol.md` and the field lists the code tables were made from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from destinations.fields import ALL as DESTINATION_FIELDS
from destinations.models import Destination
from graduates.models import ArchiveTransfer, Graduate
from national_sync.states import Part


@dataclass(frozen=True, kw_only=True)
class Reported:
    """One reported value.

    `part` is the part of the record it goes up with, `national` its name there, `label` its name
    for people. `source` names the value in rules, forms and pages; it is kept in `column` of the
    part's own table, or of the table that the foreign key `join` leads to. `kind` says how it is
    written: text, code (of `table`), words (the name beside a code), place, date, bool, number.
    A `key` is part of the national system's key of the graduate: a change concerns every part.
    """

    part: str
    national: str
    source: str
    kind: str
    label: str
    table: str = ""
    column: str
    join: str = ""
    key: bool = False

    @property
    def path(self) -> str:
        """The column as a lookup of Django, from the part's own model."""
        return f"{self.join}__{self.column}" if self.join else self.column

    def value_of(self, row: Model) -> Any:
        """The value in an instance of the part's own model."""
        return getattr(getattr(row, self.join) if self.join else row, self.column)


# The table of each part. A row has the graduate's primary key.
MODELS: dict[str, type[Model]] = {
    Part.ORIGIN: Graduate,
    Part.DESTINATION: Destination,
    Part.ARCHIVE: ArchiveTransfer,
}


def _of(part: str) -> Any:
    """Declares fields of one part: national name, source, kind, label, table of a code."""

    def declare(
        national: str, source: str, kind: str, label: str, table: str = "", *,
        column: str = "", join: str = "", key: bool = False,
    ) -> Reported:  # fmt: skip
        return Reported(
            part=part, national=national, source=source, kind=kind, label=label, table=table,
            column=column or source, join=join, key=key,
        )  # fmt: skip

    return declare


_origin, _destination, _archive = _of(Part.ORIGIN), _of(Part.DESTINATION), _of(Part.ARCHIVE)

ORIGIN: tuple[Reported, ...] = (
    _origin("nd", "year", "text", "届", join="cohort", key=True),
    _origin("ksh", "exam_no", "text", "考生号", key=True),
    _origin("sfzh", "id_number", "text", "证件号码", join="person"),
    _origin("zjlxdm", "id_type", "code", "证件类型", "id_type", join="person"),
    _origin("xm", "name", "text", "姓名"),
    _origin("xh", "student_no", "text", "学号"),
    _origin("xbdm", "gender", "code", "性别", "gender"),
    _origin("mzdm", "ethnicity", "code", "民族", "ethnicity"),
    _origin("zzmmdm", "politics", "code", "政治面貌", "politics"),
    _origin("yxdm", "school_code", "text", "院校代码", column="code", join="school", key=True),
    _origin("yxmc", "school_name", "text", "院校名称", column="name", join="school"),
    _origin("yx", "department", "text", "院系", column="name", join="department"),
    _origin("bj", "school_class", "text", "班级", column="name", join="school_class"),
    _origin("xldm", "level", "code", "学历", "education_level"),
    _origin("xllxdm", "education_type", "code", "学历类型", "education_type"),
    _origin("zydm", "major_code", "text", "专业代码"),
    _origin("zymc", "major_name", "text", "专业名称"),
    _origin("zyfx", "local_major", "text", "校内专业名称"),
    _origin("sfslbdm", "teacher_student", "code", "师范生类别", "teacher_student"),
    _origin("knslbdm", "difficulty", "code", "困难生类别", "difficulty"),
    _origin("pyfsdm", "training_mode", "code", "培养方式", "training_mode"),
    _origin("dxhwpdw", "directed_unit", "text", "定向或委培单位"),
    _origin("syszddm", "origin", "text", "生源所在地代码"),
    _origin("syszd", "origin", "place", "生源所在地"),
    _origin("xz", "duration", "number", "修业年限"),
    _origin("rxsj", "enrolled_on", "date", "入学日期"),
    _origin("bysj", "graduates_on", "date", "毕业日期"),
    _origin("bjyjl", "conclusion", "code", "毕结业结论", "graduation_conclusion"),
    _origin("yxby", "outstanding", "bool", "优秀毕业生"),
    _origin("dasfzrxx", "archive_moved", "bool", "档案是否转入学校"),
    _origin("hksfzrxx", "household_moved", "bool", "户口是否转入学校"),
    _origin("mobilePhone", "mobile", "text", "手机号码"),
    _origin("email", "email", "text", "电子邮箱"),
    _origin("qq", "qq", "text", "QQ"),
    _origin("jtdz", "home_address", "text", "家庭地址"),
    _origin("jtdh", "home_phone", "text", "家庭电话"),
    _origin("jtyb", "home_postcode", "text", "家庭邮编"),
)

_KINDS = {"date": "date", "number": "number", "money": "number"}
DESTINATION: tuple[Reported, ...] = (
    _destination("byqxdm", "category", "code", "毕业去向", "category"),
    _destination("byqx", "category", "words", "毕业去向名称", "category"),
    *(
        _destination(
            f.national,
            f.key,
            "code" if f.kind == "code" else _KINDS.get(f.kind, "text"),
            f.label,
            f.table,
        )
        for f in DESTINATION_FIELDS
        if f.national
    ),
    _destination("dwszd", "unit_division", "place", "单位所在地名称"),
)

ARCHIVE: tuple[Reported, ...] = (
    _archive("dazdlx", "transfer_type", "code", "档案转递类型", "archive_transfer_type"),
    _archive("dazjdwmc", "unit_name", "text", "档案转寄单位名称"),
    _archive("dazjdwdm", "unit_code", "text", "档案转寄单位编码"),
    _archive("dazjdwdz", "address", "text", "档案转寄单位地址"),
    _archive("dazjlxr", "contact", "text", "档案接收联系人"),
    _archive("dazjlxdh", "phone", "text", "档案接收联系电话"),
    _archive("dazjdwyb", "postcode", "text", "档案转寄单位邮编"),
    _archive("hkqylx", "household_type", "code", "户口迁移类型", "hukou_migration_type"),
    _archive("hkqzdz", "household_address", "text", "户口迁转地址"),
    _archive("kddh", "tracking_no", "text", "机要/EMS单号"),
    _archive("jcrq", "sent_on", "date", "寄出日期"),
)

FIELDS: dict[str, tuple[Reported, ...]] = {
    Part.ORIGIN: ORIGIN,
    Part.DESTINATION: DESTINATION,
    Part.ARCHIVE: ARCHIVE,
}
ALL: tuple[Reported, ...] = (*ORIGIN, *DESTINATION, *ARCHIVE)
BY_NATIONAL = {part: {f.national: f for f in fields} for part, fields in FIELDS.items()}
# What names a graduate to the national system: 院校代码, 届, 考生号.
KEY_FIELDS = tuple(f for f in ORIGIN if f.key)
# Code tables whose codes go up: each code needs a national one.
CODE_TABLES = tuple(dict.fromkeys(f.table for f in ALL if f.kind == "code"))
KINDS = {
    Part.ORIGIN: "生源信息错误",
    Part.DESTINATION: "登记信息错误",
    Part.ARCHIVE: "档案信息错误",
}
