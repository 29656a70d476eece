"""What goes up under which national name: the one map between our fields and theirs.

Payloads, triggers, reconciliation, feedback links and the graduate's view all read it. Names of
the national side: `docs/national-protocol.md` and the field lists the tables were made from.
"""

from __future__ import annotations

from dataclasses import dataclass

from destinations.fields import ALL as DESTINATION_FIELDS
from national_sync.states import Part


@dataclass(frozen=True)
class Reported:
    """One reported value. `source` is our field, `kind` how it is written: text, code (of
    `table`), date, bool, number, place, words (the name beside a code)."""

    national: str
    source: str
    kind: str
    label: str
    table: str = ""


def _o(national: str, source: str, kind: str, label: str, table: str = "") -> Reported:
    return Reported(national, source, kind, label, table)


ORIGIN: tuple[Reported, ...] = (
    _o("nd", "year", "text", "届"),
    _o("ksh", "exam_no", "text", "考生号"),
    _o("sfzh", "id_number", "text", "证件号码"),
    _o("zjlxdm", "id_type", "code", "证件类型", "id_type"),
    _o("xm", "name", "text", "姓名"),
    _o("xh", "student_no", "text", "学号"),
    _o("xbdm", "gender", "code", "性别", "gender"),
    _o("mzdm", "ethnicity", "code", "民族", "ethnicity"),
    _o("zzmmdm", "politics", "code", "政治面貌", "politics"),
    _o("yxdm", "school_code", "text", "院校代码"),
    _o("yxmc", "school_name", "text", "院校名称"),
    _o("yx", "department", "text", "院系"),
    _o("bj", "school_class", "text", "班级"),
    _o("xldm", "level", "code", "学历", "education_level"),
    _o("xllxdm", "education_type", "code", "学历类型", "education_type"),
    _o("zydm", "major_code", "text", "专业代码"),
    _o("zymc", "major_name", "text", "专业名称"),
    _o("zyfx", "local_major", "text", "校内专业名称"),
    _o("sfslbdm", "teacher_student", "code", "师范生类别", "teacher_student"),
    _o("knslbdm", "difficulty", "code", "困难生类别", "difficulty"),
    _o("pyfsdm", "training_mode", "code", "培养方式", "training_mode"),
    _o("dxhwpdw", "directed_unit", "text", "定向或委培单位"),
    _o("syszddm", "origin", "text", "生源所在地代码"),
    _o("syszd", "origin", "place", "生源所在地"),
    _o("xz", "duration", "number", "修业年限"),
    _o("rxsj", "enrolled_on", "date", "入学日期"),
    _o("bysj", "graduates_on", "date", "毕业日期"),
    _o("bjyjl", "conclusion", "code", "毕结业结论", "graduation_conclusion"),
    _o("yxby", "outstanding", "bool", "优秀毕业生"),
    _o("dasfzrxx", "archive_moved", "bool", "档案是否转入学校"),
    _o("hksfzrxx", "household_moved", "bool", "户口是否转入学校"),
    _o("mobilePhone", "mobile", "text", "手机号码"),
    _o("email", "email", "text", "电子邮箱"),
    _o("qq", "qq", "text", "QQ"),
    _o("jtdz", "home_address", "text", "家庭地址"),
    _o("jtdh", "home_phone", "text", "家庭电话"),
    _o("jtyb", "home_postcode", "text", "家庭邮编"),
)

_KINDS = {"date": "date", "number": "number", "money": "number"}
DESTINATION: tuple[Reported, ...] = (
    _o("byqxdm", "category", "code", "毕业去向", "category"),
    _o("byqx", "category", "words", "毕业去向名称", "category"),
    *(
        Reported(
            f.national,
            f.key,
            "code" if f.kind == "code" else _KINDS.get(f.kind, "text"),
            f.label,
            f.table,
        )
        for f in DESTINATION_FIELDS
    ),
    _o("dwszd", "unit_division", "place", "单位所在地名称"),
)

ARCHIVE: tuple[Reported, ...] = (
    _o("dazdlx", "transfer_type", "code", "档案转递类型", "archive_transfer_type"),
    _o("dazjdwmc", "unit_name", "text", "档案转寄单位名称"),
    _o("dazjdwdm", "unit_code", "text", "档案转寄单位编码"),
    _o("dazjdwdz", "address", "text", "档案转寄单位地址"),
    _o("dazjlxr", "contact", "text", "档案接收联系人"),
    _o("dazjlxdh", "phone", "text", "档案接收联系电话"),
    _o("dazjdwyb", "postcode", "text", "档案转寄单位邮编"),
    _o("hkqylx", "household_type", "code", "户口迁移类型", "hukou_migration_type"),
    _o("hkqzdz", "household_address", "text", "户口迁转地址"),
    _o("kddh", "tracking_no", "text", "机要/EMS单号"),
    _o("jcrq", "sent_on", "date", "寄出日期"),
)

FIELDS: dict[str, tuple[Reported, ...]] = {
    Part.ORIGIN: ORIGIN,
    Part.DESTINATION: DESTINATION,
    Part.ARCHIVE: ARCHIVE,
}
BY_NATIONAL = {part: {f.national: f for f in fields} for part, fields in FIELDS.items()}
KINDS = {
    Part.ORIGIN: "生源信息错误",
    Part.DESTINATION: "登记信息错误",
    Part.ARCHIVE: "档案信息错误",
}

# Columns whose change makes a part go up again, by table; the triggers are made from these.
GRADUATE_COLUMNS = (
    "cohort_id", "department_id", "school_class_id", "name", "student_no", "exam_no", "gender",
    "ethnicity", "politics", "level", "education_type", "major_code", "major_name", "local_major",
    "teacher_student", "difficulty", "training_mode", "directed_unit", "origin", "duration",
    "enrolled_on", "graduates_on", "conclusion", "outstanding", "archive_moved", "household_moved",
    "mobile", "email", "qq", "home_address", "home_phone", "home_postcode",
)  # fmt: skip
ARCHIVE_COLUMNS = tuple(f.source for f in ARCHIVE)
DESTINATION_COLUMNS = ("category", *(f.key for f in DESTINATION_FIELDS))
