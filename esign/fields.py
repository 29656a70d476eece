"""The fields of an invitation, declared once. The form's four steps, the notice, the agreement and the
workbook are made from them. Fields that a destination also has are taken from `destinations.fields`.
"""

from __future__ import annotations

from dataclasses import replace

from destinations.fields import BY_KEY as DESTINATION_FIELDS
from destinations.fields import DestinationField

UNIT, JOB, ARCHIVE, SIGN = "单位", "岗位与约定", "档案转寄", "签名发送"
STEPS = (UNIT, JOB, ARCHIVE, SIGN)


def _of_destination(key: str, step: str, **changes: str) -> DestinationField:
    return replace(DESTINATION_FIELDS[key], group=step, **changes)  # type: ignore[arg-type]


def _own(
    key: str, label: str, kind: str, step: str, *, most: int = 0, hint: str = ""
) -> DestinationField:
    return DestinationField(key, label, kind, step, max_length=most, hint=hint)


ALL: tuple[DestinationField, ...] = (
    _of_destination("unit_name", UNIT, hint="与营业执照或法人证书逐字一致；输入几个字可查找"),
    _of_destination("unit_code", UNIT, label="统一社会信用代码", hint="18位；填写后自动带出已知信息"),
    _of_destination("unit_division", UNIT),
    _of_destination("unit_property", UNIT),
    _of_destination("unit_industry", UNIT),
    _of_destination("unit_address", UNIT),
    _of_destination("contact_name", UNIT, label="单位联系人"),
    _of_destination("contact_mobile", UNIT),
    _of_destination("contact_phone", UNIT),
    _of_destination("contact_email", UNIT, label="电子邮箱"),
    _of_destination("job_category", JOB, label="职位类别"),
    _of_destination("job_title", JOB),
    _own("term_years", "初次合同期限（年）", "number", JOB),
    _own("probation_months", "试用期（月）", "number", JOB, hint="没有试用期填 0"),
    _own("probation_wage", "试用期薪资（元/月）", "money", JOB),
    _own("wage", "试用期满后薪资（元/月）", "money", JOB),
    _own("penalty", "违约金（元）", "money", JOB, hint="没有约定填 0"),
    _own("report_place", "报到地点", "text", JOB, most=100),
    _own("report_by", "报到期限", "date", JOB),
    _own("work_place", "实际工作地点", "text", JOB, most=100),
    _own("signing_notes", "签约事宜的其它约定", "clauses", JOB, most=500),
    _own("penalty_notes", "违约事宜的其它约定", "clauses", JOB, most=500),
    _own("archive_unit", "档案转寄单位名称", "text", ARCHIVE, most=100,
      hint="单位没有档案管理权的，填写当地人才服务机构"),
    _own("archive_contact", "档案转寄联系人", "text", ARCHIVE, most=40),
    _own("archive_phone", "档案转寄联系电话", "phone", ARCHIVE, most=30),
    _own("archive_address", "档案转寄地址", "text", ARCHIVE, most=120),
    _own("valid_days", "应约有效期（天）", "number", SIGN, hint="毕业生在此期限内答复，1 至 30 天"),
)  # fmt: skip
BY_KEY = {f.key: f for f in ALL}
OPTIONAL = frozenset(
    "contact_phone contact_email signing_notes penalty_notes archive_unit archive_contact"
    " archive_phone archive_address".split()
)
IMAGES = {
    "certificate": "营业执照或事业单位法人证书",
    "id_front": "招聘人员身份证人像面",
    "id_back": "招聘人员身份证国徽面",
}
SIGNATURE = "signature"
# The fields that fill the graduate's destination when the agreement is signed.
DESTINATION_KEYS = tuple(f.key for f in ALL if f.key in DESTINATION_FIELDS)
# The fields that an amendment never changes.
UNCHANGEABLE = frozenset({"unit_code", "valid_days"})


def of_step(step: str) -> list[DestinationField]:
    return [f for f in ALL if f.group == step]
