"""Checks the terms that a recruiter typed: each field, and rules between fields.

Sources: DOMAIN §4 for the fields, 劳动合同法 §19 and §20 for probation. A breach of the latter is only
a warning that both sides see, since the agreement is not a labour contract yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from codes.findings import Finding
from codes.readers import FORM, Source
from core import pdf
from destinations.actions.agreement import check_values
from destinations.rules.wage import minimum_wage
from esign.fields import ALL, BY_KEY, DESTINATION_KEYS, OPTIONAL

MOST_DAYS = 30
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


@dataclass
class CheckedTerms:
    """The values that were read from what was typed, and the findings about them."""

    values: dict[str, Any]
    issues: list[Finding] = field(default_factory=list)

    def errors(self, keys: set[str] | None = None) -> dict[str, list[str]]:
        """The errors by field; only of the fields in `keys`, if given."""
        by_field: dict[str, list[str]] = {}
        for issue in self.issues:
            if issue.is_error and (keys is None or issue.field in keys):
                by_field.setdefault(issue.field, []).append(issue.message)
        return by_field

    def warnings(self) -> list[Finding]:
        return [i for i in self.issues if not i.is_error]


def check_terms(typed: Mapping[str, Any], *, source: Source = FORM) -> CheckedTerms:
    """Read all fields of an invitation and check all rules. Nothing is stored."""
    checked = CheckedTerms({})
    for f in ALL:
        reading = f.read(typed.get(f.key), source=source, required=f.key not in OPTIONAL)
        checked.values[f.key] = f.empty if reading.value is None else reading.value
        checked.issues += reading.findings
    checked.issues += _check_glyphs(checked.values)
    checked.issues += _check_between_fields(checked.values)
    seen = {i.field for i in checked.issues}
    shared = {k: checked.values[k] for k in DESTINATION_KEYS}
    checked.issues += [i for i in check_values(shared) if i.field not in seen and i.field in BY_KEY]
    return checked


def _check_glyphs(v: Mapping[str, Any]) -> list[Finding]:
    """Characters that no font has: the agreement could not be printed. A sign such as an emoji is
    refused; a Chinese character may belong to a name, so there is only a warning."""
    issues = []
    for f in ALL:
        value = v[f.key]
        for character in sorted(pdf.missing_characters(value)) if isinstance(value, str) else ():
            shown = f"“{character}”（U+{ord(character):04X}）"
            if _HAN.match(character):
                message = f"平台没有{shown}的字形，装好字体以后才能生成协议书，请核对"
            else:
                message = f"{shown}无法打印在协议书上，请删除或改用文字"
            is_error = not _HAN.match(character)
            issues.append(Finding("no_glyph", message, is_error=is_error, field=f.key))
    return issues


def _check_between_fields(v: Mapping[str, Any]) -> list[Finding]:
    issues = []
    if len(v["unit_code"]) not in (0, 18):
        issues.append(Finding("unit_code_18", "网签须填写18位统一社会信用代码", field="unit_code"))
    if v["valid_days"] is not None and not 1 <= v["valid_days"] <= MOST_DAYS:
        issues.append(Finding("valid_days", f"应约有效期为1至{MOST_DAYS}天", field="valid_days"))
    if v["report_by"] and v["report_by"] < timezone.localdate():
        issues.append(Finding("report_by_past", "报到期限已经过去，请核对", field="report_by"))
    if v["term_years"] is not None and v["term_years"] > 50:
        issues.append(Finding("term_years", "合同期限单位为年，请核对", field="term_years"))
    if bool(v["archive_unit"]) != bool(v["archive_address"]):
        missing = "archive_address" if v["archive_unit"] else "archive_unit"
        issues.append(Finding("archive_pair", "档案转寄单位和地址须一并填写", field=missing))
    return issues + _check_probation(v) + _check_wages(v)


def _check_probation(v: Mapping[str, Any]) -> list[Finding]:
    years, months = v["term_years"], v["probation_months"]
    if years is None or months is None:
        return []
    if months > 12:
        return [Finding("probation_months", "试用期单位为月，请核对", field="probation_months")]
    if years >= 3 and _has_public_staff(v["unit_property"]):
        return []
    most = 6 if years >= 3 else 2 if years >= 1 else 1
    if months > most:
        text = f"合同期{years}年的，试用期不得超过{most}个月（劳动合同法第十九条）"
        return [Finding("probation_long", text, is_error=False, field="probation_months")]
    return []


def _has_public_staff(unit_property: str) -> bool:
    """Whether a first contract of three years or more may have a probation of 12 months: in the civil
    service (property 10, 公务员法 §34) and in public institutions (20 to 29, 事业单位人事管理条例 §13).
    A shorter contract of a public institution stays under 劳动合同法 §19 (its §96)."""
    return unit_property == "10" or (len(unit_property) == 2 and unit_property.startswith("2"))


def _check_wages(v: Mapping[str, Any]) -> list[Finding]:
    first, later = v["probation_wage"], v["wage"]
    issues = []
    if first is not None and later and first * 10 < later * 8:
        text = "试用期薪资低于约定薪资的80%（劳动合同法第二十条），请核对"
        issues.append(Finding("probation_wage", text, is_error=False, field="probation_wage"))
    least = minimum_wage(v["unit_division"], timezone.localdate()) if v["unit_division"] else None
    if least and later is not None and later < least:
        issues.append(
            Finding(
                "wage_low", f"低于当地最低工资标准{least}元，请核对", is_error=False, field="wage"
            )
        )
    return issues
