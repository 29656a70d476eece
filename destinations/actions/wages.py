"""The province's table of minimum wages, which the rule about categories 12 and 76 reads."""

from __future__ import annotations

import datetime

from django.db import transaction

from accounts.models import User
from codes import lookup, readers, validators
from core import audit
from core.errors import Invalid, NotPermitted
from destinations.models import MinimumWage


def add(
    *, place: str, valid_from: datetime.date | None, amount: int | None, by: User
) -> MinimumWage:
    """Add the wage of a region from a day on. `place` is the code or the name of a county, a city
    or the province. Raises `Invalid` with sentences by field."""
    _require_permission(by)
    errors: dict[str, list[str]] = {}
    division = _division(place)
    if not division:
        errors["place"] = ["没有这个地区，请填写省、市或区县的代码或全称。"]
    if valid_from is None:
        errors["valid_from"] = ["请填写起始日期。"]
    if amount is None or not 500 <= amount <= 100_000:
        errors["amount"] = ["请填写每月元数，500 至 100000 之间的整数。"]
    if errors or valid_from is None or amount is None:
        raise Invalid(errors)
    with transaction.atomic():
        wage, is_new = MinimumWage.objects.get_or_create(
            division=division, valid_from=valid_from, defaults={"amount": amount}
        )
        if not is_new:
            raise Invalid({"valid_from": ["此地区同日已有标准，请先删除再新增。"]}, "duplicate")
        _record("destinations.wage_add", wage, by)
    return wage


def delete(*, wage_id: int, by: User) -> None:
    """Delete a wage. Destinations that were checked against it stay as they are."""
    _require_permission(by)
    with transaction.atomic():
        row = MinimumWage.objects.select_for_update().get(pk=wage_id)
        _record("destinations.wage_delete", row, by)
        row.delete()


def _record(action: str, row: MinimumWage, by: User) -> None:
    data = {"division": row.division, "from": str(row.valid_from), "amount": row.amount}
    label = f"{lookup.place_name(row.division)} {row.amount}元/月"
    audit.record(action, by=by, obj=row, label=label, data=data)


def _division(place: str) -> str:
    """The code of a county, a city or a province; "" if there is no such region."""
    typed = readers.read("text", place, label="地区").value or ""
    if typed in lookup.places():
        return typed
    exact = [p.code for p in lookup.places().values() if p.full_name == typed]
    if len(exact) == 1:
        return exact[0]
    code, findings = validators.resolve_place(typed) if typed else ("", [])
    return "" if any(f.is_error for f in findings) else code


def _require_permission(by: User) -> None:
    if not by.has_perm("province.catalogue"):
        raise NotPermitted("role", "只有省级管理员可以修改最低工资标准。")
