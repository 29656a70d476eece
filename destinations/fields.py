"""The fields of a destination, declared once for forms, imports, exports and the national upload.

Which of them a category asks for is stored in the catalogue (`catalogue.py`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from codes.fields import FieldDeclaration

UNIT, JOB, CONTACT, STUDY, OTHER = "单位信息", "岗位与聘用", "联系方式", "升学留学", "其他"


@dataclass(frozen=True)
class DestinationField(FieldDeclaration):
    """One field of a destination. `national` is its key in the national system ("" for none).

    None is `required`, because that depends on the category.
    """

    required: bool = False
    national: str = ""


F = DestinationField
ALL: tuple[DestinationField, ...] = (
    F("unit_name", "单位名称", "text", UNIT, national="dwmc", max_length=100, hint="与证明材料逐字一致"),
    F("unit_code", "组织机构代码", "unit_code", UNIT, national="dwzzjgdm", max_length=18,
      hint="18位统一社会信用代码、15位工商注册号或9位组织机构代码"),
    F("unit_property", "单位性质", "code", UNIT, "unit_property", national="dwxzdm"),
    F("unit_industry", "单位行业", "code", UNIT, "unit_industry", national="dwhydm"),
    F("unit_division", "单位所在地", "place", UNIT, national="dwszddm", hint="具体到区县"),
    F("agreement_ref", "协议书号", "text", UNIT, national="xysh", max_length=30),
    F("signed_on", "签约日期", "date", UNIT, national="qyrq"),
    F("job_category", "工作职位类别", "code", JOB, "job_category", national="gzzwlbdm"),
    F("job_title", "职位名称", "text", JOB, national="gwmc", max_length=50),
    F("hired_from", "聘用起始日期", "date", JOB, national="pyqsrq"),
    F("hired_to", "聘用终止日期", "date", JOB, national="pyzzrq"),
    F("monthly_wage", "月薪（元）", "money", JOB, national="yx"),
    F("occupation", "从事职业内容", "long", JOB, national="zynr", max_length=200),
    F("shop_url", "网店网址", "url", JOB, national="wdwz", max_length=200),
    F("admitted_major", "录取专业", "text", STUDY, national="lqzy", max_length=100),
    F("study_form", "学习形式", "code", STUDY, "study_form", national="xxxs"),
    F("country", "国家（地区）", "code", STUDY, "country", national="lxgjdq"),
    F("abroad_school_zh", "院校中文名称", "text", STUDY, national="lxyxzw", max_length=100),
    F("abroad_school", "院校外文名称", "text", STUDY, national="lxyxww", max_length=150),
    F("abroad_major_zh", "专业中文名称", "text", STUDY, national="lxzyzw", max_length=100),
    F("abroad_major", "专业外文名称", "text", STUDY, national="lxzyww", max_length=150),
    F("contact_name", "联系人", "text", CONTACT, national="dwlxr", max_length=40),
    F("contact_phone", "联系电话", "phone", CONTACT, national="lxrdh", max_length=30),
    F("contact_mobile", "联系人手机", "mobile", CONTACT, national="lxrsj", max_length=11),
    F("contact_email", "联系人邮箱", "email", CONTACT, national="lxrdzyx", max_length=60),
    F("unit_address", "单位地址", "text", CONTACT, national="dwdz", max_length=120),
    F("unit_postcode", "单位邮编", "postcode", CONTACT, national="dwyb", max_length=6),
    F("unit_fax", "传真", "phone", CONTACT, national="lxrcz", max_length=30),
    F("remark", "单位备注", "long", OTHER, national="dwbz", max_length=200),
)  # fmt: skip
BY_KEY = {f.key: f for f in ALL}
KEYS = [f.key for f in ALL]
GROUPS = (UNIT, JOB, STUDY, CONTACT, OTHER)
# How people who go on studying know these fields.
OF_STUDIES = {
    key: replace(BY_KEY[key], label=label, group=STUDY)
    for key, label in (
        ("unit_name", "录取院校"),
        ("unit_division", "院校所在地"),
        ("remark", "备注"),
    )
}
EVIDENCE = "evidence"

# The local forms (形式) of category 10 by key. They are never uploaded.
FORMS = {
    "agreement": "纸质就业协议书",
    "letter": "录用接收函",
    "directed": "定向、委培回原单位",
    "military": "军士或文职人员",
    "residency": "医学规培",
    "international": "国际组织任职",
    "abroad": "境外就业",
}
FORM_CATEGORY = "10"
# How an agreement that was signed on the platform is called. It has the form of the paper one, so that
# the same fields are asked for, but nobody may take it for one.
ESIGNED = "网签就业协议"


def form_label(form: str, agreement_no: str) -> str:
    """The local form in words; "" if there is none. `agreement_no` is the number of the agreement that
    the destination is locked to."""
    return ESIGNED if agreement_no else FORMS.get(form, "")


# What a graduate may touch up after approval. A change of these takes effect at once; a change of
# the coded fields waits for a reviewer's tick.
TOUCH_UP = frozenset(
    [
        "contact_name",
        "contact_phone",
        "contact_mobile",
        "contact_email",
        "unit_address",
        "unit_postcode",
        "unit_fax",
        "job_title",
        "remark",
    ]
)
CODED = frozenset(["unit_property", "unit_industry", "job_category", "unit_division", "unit_code"])


def empty_value(key: str) -> Any:
    return BY_KEY[key].empty


# The columns of the workbook that are no declared fields.
STUDENT_NO, NAME, CATEGORY, FORM = "学号", "姓名", "毕业去向", "形式"
STATE = "审核情况"
KEY_COLUMNS = (STUDENT_NO, NAME, CATEGORY)
TEMPLATE = [STUDENT_NO, NAME, CATEGORY, FORM, *[f.label for f in ALL]]
