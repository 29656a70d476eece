"""The fields of the origin record, declared once for forms, import, export and history."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from codes.fields import FieldDeclaration
from core.spreadsheets.child import plain_header

REGISTRY, PERSONAL, CONTACT = "学籍信息", "个人基本信息", "本人及家庭联系方式"


@dataclass(frozen=True)
class OriginField(FieldDeclaration):
    """One field of the origin record.

    `registry` fields come from the student registry (学籍) and must stay equal to it. `editable` says
    whether graduate, counsellor and department admin may edit the field unless the school chooses
    otherwise. `aliases` are other headers that a roster may have for it.
    """

    registry: bool = False
    aliases: tuple[str, ...] = ()
    on_person: bool = False
    editable: tuple[bool, bool, bool] = (False, True, True)
    # A roster may leave it out, but graduates must fill it in before they confirm.
    asked_of_graduate: bool = False
    # What is stored where a roster has no value; None for the empty value of the kind.
    default: str | bool | None = None

    @property
    def asked(self) -> bool:
        return self.required or self.asked_of_graduate

    @property
    def empty(self) -> Any:
        return super().empty if self.default is None else self.default


_GRADUATE = (True, True, True)
_ADMIN_ONLY = (False, False, False)

ALL: tuple[OriginField, ...] = (
    OriginField("year", "年度", "year", REGISTRY, registry=True, aliases=("届别", "届", "毕业年度", "年份", "毕业年份", "毕业届别"),
                editable=_ADMIN_ONLY),
    OriginField("level", "学历", "code", REGISTRY, "education_level", registry=True,
                aliases=("学历层次", "学历代码"), editable=_ADMIN_ONLY),
    OriginField("education_type", "学历类型", "code", REGISTRY, "education_type", aliases=("学历类型代码",)),
    OriginField("teacher_student", "师范生类别", "code", REGISTRY, "teacher_student",
                aliases=("师范类别", "是否师范生", "师范生类别代码")),
    OriginField("department", "院系名称", "text", REGISTRY, max_length=50,
                aliases=("院系", "学院", "所在院系", "二级学院")),
    OriginField("school_class", "班级名称", "text", REGISTRY, max_length=50, aliases=("班级", "所在班级")),
    OriginField("name", "姓名", "name", REGISTRY, registry=True, max_length=100, aliases=("学生姓名",),
                editable=_ADMIN_ONLY),
    OriginField("gender", "性别", "code", REGISTRY, "gender", registry=True, aliases=("性别代码",),
                editable=_ADMIN_ONLY),
    OriginField("id_type", "证件类型", "code", REGISTRY, "id_type", required=False, on_person=True, default="01",
                aliases=("证件类型代码", "证件种类"), editable=_ADMIN_ONLY),
    OriginField("id_number", "证件号码", "id_number", REGISTRY, registry=True, max_length=18, on_person=True,
                aliases=("身份证号", "身份证号码", "身份证件号", "证件号"), editable=_ADMIN_ONLY),
    OriginField("student_no", "学号", "student_no", REGISTRY, registry=True, max_length=20,
                editable=_ADMIN_ONLY),
    OriginField("exam_no", "考生号", "exam_no", REGISTRY, registry=True, max_length=18,
                aliases=("考生编号",), editable=_ADMIN_ONLY),
    OriginField("training_mode", "培养方式", "code", REGISTRY, "training_mode", registry=True,
                aliases=("培养方式代码",), editable=_ADMIN_ONLY),
    OriginField("directed_unit", "定向或委培单位", "text", REGISTRY, required=False, max_length=100,
                aliases=("定向委培单位", "委培单位", "定向单位")),
    OriginField("major_code", "专业代码", "major_code", REGISTRY, registry=True, max_length=10,
                editable=_ADMIN_ONLY),
    OriginField("major_name", "专业名称", "text", REGISTRY, registry=True, max_length=50, aliases=("专业",),
                editable=_ADMIN_ONLY),
    OriginField("local_major", "校内专业名称", "text", REGISTRY, required=False, max_length=50,
                aliases=("专业方向",)),
    OriginField("duration", "修业年限", "decimal", REGISTRY, aliases=("学制",), hint="年，如 4 或 2.5"),
    OriginField("ethnicity", "民族", "code", PERSONAL, "ethnicity", aliases=("民族代码",), editable=_GRADUATE),
    OriginField("politics", "政治面貌", "code", PERSONAL, "politics", aliases=("政治面貌代码",), editable=_GRADUATE),
    OriginField("origin", "生源所在地", "place", PERSONAL, aliases=("生源地", "生源所在地代码", "生源地代码"),
                hint="一般为入学前户籍所在地，具体到区县；不确定时以父母户口簿首页地址为准", editable=_GRADUATE),
    OriginField("enrolled_on", "入学日期", "date_or_month", REGISTRY, aliases=("入学时间",)),
    OriginField("graduates_on", "毕业日期", "date_or_month", REGISTRY, aliases=("毕业时间",)),
    OriginField("conclusion", "毕结业结论", "code", REGISTRY, "graduation_conclusion",
                aliases=("毕业结论", "毕结业", "毕结业结论代码")),
    OriginField("difficulty", "困难生类别", "code", PERSONAL, "difficulty", aliases=("困难生类别代码",), editable=(True, True, True)),
    OriginField("outstanding", "优秀毕业生", "bool", PERSONAL, required=False, default=False, aliases=("是否优秀毕业生",),
                hint="指获得“安徽省普通高等学校品学兼优毕业生”称号"),
    OriginField("archive_moved", "档案是否转入学校", "bool", PERSONAL, required=False,
                aliases=("档案是否转入",), editable=_GRADUATE, asked_of_graduate=True),
    OriginField("household_moved", "户口是否转入学校", "bool", PERSONAL, required=False,
                aliases=("户口是否转入",), editable=_GRADUATE, asked_of_graduate=True),
    OriginField("mobile", "手机号码", "mobile", CONTACT, max_length=11, aliases=("手机", "手机号", "联系电话", "本人手机", "移动电话"),
                editable=_GRADUATE),
    OriginField("email", "电子邮箱", "email", CONTACT, required=False, max_length=60, aliases=("邮箱", "E-mail", "Email"),
                editable=_GRADUATE),
    OriginField("qq", "QQ", "qq", CONTACT, required=False, max_length=12, aliases=("QQ号码", "QQ号"),
                editable=_GRADUATE),
    OriginField("wechat", "微信", "text", CONTACT, required=False, max_length=40, aliases=("微信号",),
                editable=_GRADUATE),
    OriginField("home_address", "家庭地址", "text", CONTACT, required=False, max_length=100, editable=_GRADUATE),
    OriginField("home_postcode", "家庭邮编", "postcode", CONTACT, required=False, max_length=6, aliases=("邮编",),
                editable=_GRADUATE),
    OriginField("home_phone", "家庭电话", "phone", CONTACT, required=False, max_length=20, editable=_GRADUATE),
)  # fmt: skip

BY_KEY = {f.key: f for f in ALL}
GROUPS = (REGISTRY, PERSONAL, CONTACT)

# The columns of the roster's template: all that a record must have, and a few more. The other fields
# are read from a roster that has them.
TEMPLATE_KEYS = [
    "year", "level", "education_type", "teacher_student", "department", "school_class", "name",
    "gender", "id_number", "student_no", "exam_no", "training_mode", "directed_unit",
    "major_code", "major_name", "duration", "ethnicity", "politics", "origin", "enrolled_on",
    "graduates_on", "conclusion", "difficulty", "archive_moved", "household_moved", "mobile", "email",
]  # fmt: skip
# A workbook that lacks one of these columns is refused.
REQUIRED_COLUMNS = [k for k in TEMPLATE_KEYS if BY_KEY[k].required]

# What the graduate confirms. Department and class are left out, because a school may rename them.
# A change of them in one record ends the confirmation anyway.
CONFIRMED_KEYS = [f.key for f in ALL if f.key not in ("department", "school_class")]
# The order of the pages, as in the manual: first who it is. `ALL` keeps its own, in which confirmations
# are hashed.
PAGE_KEYS = (
    "name", "gender", "id_type", "id_number", "student_no", "exam_no", "year", "level", "education_type",
    "teacher_student", "department", "school_class", "major_code", "major_name", "local_major",
    "training_mode", "directed_unit", "duration", "enrolled_on", "graduates_on", "conclusion",
    "origin", "ethnicity", "politics", "difficulty", "outstanding", "archive_moved", "household_moved",
    "mobile", "email", "qq", "wechat", "home_address", "home_postcode", "home_phone",
)  # fmt: skip
CONTACT_KEYS = [f.key for f in ALL if f.group == CONTACT]


def by_header(header: str) -> OriginField | None:
    """The field that a column's header means: its label, or one of its other names."""
    return headers().get(plain_header(header))


@functools.cache
def headers() -> dict[str, OriginField]:
    """Header → field. A label takes precedence over another field's alias."""
    fields = {plain_header(f.label): f for f in ALL}
    for f in ALL:
        for alias in f.aliases:
            fields.setdefault(plain_header(alias), f)
    return fields
