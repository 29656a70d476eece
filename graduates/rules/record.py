"""Rules between the fields of one record. A value that is None was refused when it was read."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from codes import lookup, text, validators
from codes.findings import Finding
from graduates.fields import BY_KEY

Record = Mapping[str, Any]
_DIRECTED = ("2", "4")
_UNDERGRADUATE = ("25", "26", "31", "33", "41", "43", "61")


def check_record(record: Record) -> list[Finding]:
    """What is wrong or doubtful between the values of `record`, as its fields have read them."""
    issues: list[Finding] = []
    for rule in RULES:
        issues += rule(record)
    return issues


def document(record: Record) -> list[Finding]:
    number = record.get("id_number")
    if not number:
        return []
    findings = validators.check_document(record.get("id_type") or "01", number)
    hint = "" if "id_type" in record else "；其他证件请增加“证件类型”一列"
    return [
        Finding(
            f.code,
            f.message + (hint if f.code == "id_shape" else ""),
            is_error=f.is_error,
            field="id_number",
        )
        for f in findings
    ]


def gender_agrees(record: Record) -> list[Finding]:
    """Gender and document number disagree. This is only a warning, because the registry decides and
    a person's gender can change."""
    number, gender = record.get("id_number"), record.get("gender")
    if not number or not gender or (record.get("id_type") or "01") != "01":
        return []
    if len(number) == 18 and text.is_digits(number[:17]) and validators.id_gender(number) != gender:
        return [
            Finding("gender_id", "性别与证件号码不一致，请核对", is_error=False, field="gender")
        ]
    return []


def names_unit(record: Record) -> bool:
    """Whether the 培养方式 is one that names a 定向或委培单位."""
    return record.get("training_mode") in _DIRECTED


def directed_unit(record: Record) -> list[Finding]:
    mode, unit = record.get("training_mode"), record.get("directed_unit")
    if mode is None or unit is None:
        return []
    if names_unit(record) and not unit:
        words = lookup.name("training_mode", mode)
        return [
            Finding(
                "directed_unit_missing",
                f"培养方式为{words}时须填写定向或委培单位",
                field="directed_unit",
            )
        ]
    if not names_unit(record) and unit:
        return [
            Finding(
                "directed_unit_extra",
                "培养方式不是定向或委培时，定向或委培单位应为空",
                field="directed_unit",
            )
        ]
    return []


def dates(record: Record) -> list[Finding]:
    start, end = record.get("enrolled_on"), record.get("graduates_on")
    if not isinstance(start, datetime.date) or not isinstance(end, datetime.date):
        return []
    if end <= start:
        return [Finding("dates_order", "毕业日期应晚于入学日期", field="graduates_on")]
    issues = []
    year, duration = record.get("year"), record.get("duration")
    if year and end.year != year:
        issues.append(
            Finding(
                "date_year", f"毕业日期不在{year}年，请核对", is_error=False, field="graduates_on"
            )
        )
    if duration and abs((end - start).days / 365.25 - float(duration)) > 2:
        message = "入学至毕业的时间与修业年限相差两年以上，请核对"
        issues.append(Finding("duration_dates", message, is_error=False, field="duration"))
    return issues


def conclusion_agrees(record: Record) -> list[Finding]:
    """Codes of 学历 say 毕业 or 结业, which must agree with 毕结业结论."""
    level, conclusion = record.get("level"), record.get("conclusion")
    if not level or not conclusion:
        return []
    of_level = lookup.table("education_level").extra.get(level, {}).get("conclusion")
    words = lookup.name("graduation_conclusion", conclusion)
    if of_level and of_level != words:
        name = lookup.name("education_level", level)
        return [
            Finding(
                "conclusion_level", f"毕结业结论“{words}”与学历“{name}”不一致", field="conclusion"
            )
        ]
    return []


def exam_no_shape(record: Record) -> list[Finding]:
    number, level = record.get("exam_no"), record.get("level")
    if not number or not level:
        return []
    if level in _UNDERGRADUATE and not (len(number) == 14 and text.is_digits(number)):
        return [
            Finding(
                "exam_no_shape",
                "本专科考生号一般为14位数字，请核对",
                is_error=False,
                field="exam_no",
            )
        ]
    return []


def conditionally_required(record: Record) -> list[Finding]:
    """Required fields are filled in, also in a record whose values were not read one by one."""
    return [
        Finding("empty", f"{BY_KEY[key].label}不能为空", field=key)
        for key in ("name", "id_number", "student_no")
        if key in record and record[key] == ""
    ]


RULES: tuple[Callable[[Record], list[Finding]], ...] = (
    document,
    gender_agrees,
    directed_unit,
    dates,
    conclusion_agrees,
    exam_no_shape,
    conditionally_required,
)
