"""Rules for dates of employment and for the wage (categories 12, 271 and 76)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from codes.findings import Finding
from destinations.catalogue import Leaf
from destinations.models import MinimumWage

_SIX_MONTHS = datetime.timedelta(days=180)


def check(
    leaf: Leaf, values: Mapping[str, Any], graduates_on: datetime.date | None, override: str
) -> list[Finding]:
    issues = []
    start, end = values["hired_from"], values["hired_to"]
    if start and end:
        if end <= start:
            issues.append(Finding("hired_order", "聘用终止日期应晚于起始日期", field="hired_to"))
        elif leaf.code == "12" and end - max(start, graduates_on or start) < _SIX_MONTHS:
            issues.append(
                Finding("hired_six_months", "离校后聘用期限应不少于6个月", field="hired_to")
            )
    if leaf.wage_rule and values["monthly_wage"] is not None and not override:
        least = minimum_wage(values["unit_division"], start or graduates_on)
        if least is not None and values["monthly_wage"] < least:
            message = f"月薪低于当地最低工资标准{least}元"
            issues.append(Finding("minimum_wage", message, field="monthly_wage"))
    return issues


def minimum_wage(division: str, on: datetime.date | None) -> int | None:
    """The amount in force on a day for a county, else for its city, else for its province; None if
    there is none."""
    if not division:
        return None
    on = on or datetime.date.today()
    keys = [division, division[:4] + "00", division[:2] + "0000"]
    rows = MinimumWage.objects.filter(division__in=keys, valid_from__lte=on)
    # A later row of the same region replaces an earlier one.
    amounts = {row.division: row.amount for row in rows.order_by("valid_from")}
    return next((amounts[k] for k in keys if k in amounts), None)
