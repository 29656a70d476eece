"""Reads and checks a posting: each field, the rules between fields, its wording and its pay.

Sources: DOMAIN-AROUND §1.2; 劳动合同法 §19; the five ministries' notice of 2025-12-25, which asks for
the basic pay and a deadline in each posting.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from codes import lookup
from codes.findings import Finding
from codes.readers import FORM, Source
from destinations.rules.wage import minimum_wage
from employers.models import Unit
from recruiting.fields import POSTING, WORDED
from recruiting.rules.wording import check_wording
from recruiting.states import AccountKind, MajorMatch, WorkKind

LONGEST = datetime.timedelta(days=90)
_MOST_SPREAD = 3  # the upper end of the pay is at most so many times the lower end


@dataclass
class CheckedPosting:
    """The values that were read from what was typed, and the findings about them."""

    values: dict[str, Any]
    findings: list[Finding] = field(default_factory=list)

    def errors(self) -> dict[str, list[str]]:
        by_field: dict[str, list[str]] = {}
        for finding in self.findings:
            if finding.is_error:
                by_field.setdefault(finding.field, []).append(finding.message)
        return by_field

    def warnings(self) -> list[Finding]:
        return [f for f in self.findings if not f.is_error]


def read_posting(typed: Mapping[str, Any], *, source: Source = FORM) -> CheckedPosting:
    """The values of all fields. Nothing is checked between fields, so that a draft may have gaps."""
    read = CheckedPosting({})
    for declared in POSTING:
        raw = typed.get(declared.key)
        # The lines of a long text stay, also those of a cell.
        keeps_lines = declared.kind == "long" and isinstance(raw, str)
        reading = declared.read(raw, source=FORM if keeps_lines else source)
        value = reading.value
        if value is None and declared.kind in ("text", "long", "code", "areas"):
            value = declared.empty
        read.values[declared.key] = value
        read.findings += reading.findings
    values = read.values
    values["major_match"] = values["major_match"] or MajorMatch.ANY
    values["pay_months"] = values["pay_months"] or 12
    values["pay_by_state"] = bool(values["pay_by_state"])
    return read


def check_posting(
    typed: Mapping[str, Any], *, unit: Unit, account_kind: str, source: Source = FORM
) -> CheckedPosting:
    """Read a posting of `unit` and check every rule. Nothing is stored."""
    checked = read_posting(typed, source=source)
    values = checked.values
    found = [
        *_check_place(values), *_check_pay(values, unit), *_check_contract(values, unit),
        *_check_term(values), *_check_account(values, account_kind),
    ]  # fmt: skip
    refused = {f.field for f in checked.findings if f.is_error}
    checked.findings += [f for f in found if f.field not in refused]
    texts = {key: values[key] or "" for key in WORDED}
    wording = check_wording(texts, justification=values["justification"] or "")
    checked.findings += [w.as_finding() for w in wording]
    return checked


def _check_place(v: Mapping[str, Any]) -> list[Finding]:
    if not v["places"] and not v["abroad"]:
        return [Finding("no_place", "请填写工作地点，在境外工作的填写海外工作地点", field="places")]
    return []


def is_paid_by_state(unit: Unit) -> bool:
    """Whether the state sets what the unit pays: in the civil service (property 10) and in public
    institutions (20 to 29)."""
    known = unit.unit_property
    return known == "10" or (len(known) == 2 and known.startswith("2"))


def _check_pay(v: Mapping[str, Any], unit: Unit) -> list[Finding]:
    first, last = v["pay_from"], v["pay_to"]
    if v["pay_by_state"]:
        if not is_paid_by_state(unit):
            message = "只有机关和事业单位可以选“薪酬按国家规定”，请填写月薪"
            return [Finding("pay_by_state", message, field="pay_by_state")]
        if first is not None or last is not None:
            return [Finding("pay_twice", "选了“薪酬按国家规定”，请不要再填月薪", field="pay_from")]
        return []
    findings = []
    for key, value, label in (("pay_from", first, "月薪下限"), ("pay_to", last, "月薪上限")):
        if value is None:
            message = f"请填写{label}，不能只写面议（五部门通知要求公布基本劳动报酬）"
            findings.append(Finding("no_pay", message, field=key))
    if first is not None and last is not None:
        if last < first:
            findings.append(Finding("pay_order", "月薪上限不能低于下限", field="pay_to"))
        elif last > first * _MOST_SPREAD:
            message = f"月薪上限不能超过下限的{_MOST_SPREAD}倍，请如实填写范围"
            findings.append(Finding("pay_spread", message, field="pay_to"))
        findings += _check_minimum_wage(v, first)
    return findings


def _check_minimum_wage(v: Mapping[str, Any], first: int) -> list[Finding]:
    """Full-time work is paid at least the minimum wage of each of its places."""
    today = timezone.localdate()
    for place in v["places"] if v["work_kind"] == WorkKind.FULL_TIME else ():
        least = minimum_wage(place, today)
        if least is not None and first < least:
            message = f"低于{lookup.place_name(place)}最低工资标准{least}元（最低工资规定）"
            return [Finding("pay_low", message, field="pay_from")]
    return []


def _check_contract(v: Mapping[str, Any], unit: Unit) -> list[Finding]:
    years, months = v["contract_years"], v["probation_months"]
    if years is None or months is None:
        return []
    if years >= 3 and is_paid_by_state(unit):
        return []
    most = 6 if years >= 3 else 2
    if months > most:
        message = f"合同期{years}年的，试用期不得超过{most}个月（劳动合同法第十九条）"
        return [Finding("probation_long", message, is_error=False, field="probation_months")]
    return []


def _check_term(v: Mapping[str, Any]) -> list[Finding]:
    until, today = v["valid_until"], timezone.localdate()
    if until is None:
        return []
    if until <= today:
        return [Finding("ended", "有效期至应晚于今天", field="valid_until")]
    if until > today + LONGEST:
        message = f"有效期最长{LONGEST.days}天，最晚到{today + LONGEST:%Y年%m月%d日}"
        return [Finding("too_long", message, field="valid_until")]
    return []


def _check_account(v: Mapping[str, Any], account_kind: str) -> list[Finding]:
    if account_kind == AccountKind.AGENCY and not v["real_employer"]:
        return [Finding("no_employer", "人力资源机构须写明实际用工单位", field="real_employer")]
    return []
