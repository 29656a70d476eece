"""签约设置: what a school sets for signing and terminating agreements in one cohort."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.models import User
from core import audit
from core.errors import Invalid, Refused
from esign.models import SigningRules
from schools.actions.base import locked_school, require, set_values
from schools.models import Cohort, Phase

# The smallest and the largest value of each number.
LIMITS = {"most_terminations": (0, 10), "silence_days": (1, 60), "copies": (1, 10)}
DATES = ("signing_from", "termination_from")


def set_rules(*, cohort_id: int, values: Mapping[str, Any], by: User) -> SigningRules:
    """Set all rules of a cohort. They take effect at once, for everything done from now on."""
    with transaction.atomic():
        cohort = Cohort.objects.select_for_update(no_key=True).get(pk=cohort_id)
        require(by, "esign.set_up", cohort.school_id)
        locked_school(cohort.school_id)
        if cohort.phase() == Phase.SEALED:
            raise Refused("cohort_sealed", f"{cohort}已封存，不能修改。")
        _check(cohort, values)
        rules = SigningRules.of(cohort)
        fresh = rules._state.adding
        changes = set_values(rules, values)
        if changes:
            rules.save(force_insert=fresh)
            audit.record("esign.set_rules", by=by, obj=cohort, data={"changes": changes})
    return rules


def _check(cohort: Cohort, values: Mapping[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    first, last = datetime.date(cohort.year - 3, 1, 1), datetime.date(cohort.year + 1, 12, 31)
    for key in DATES:
        if values[key] is None:
            errors[key] = ["请填写日期。"]
        elif not first <= values[key] <= last:
            errors[key] = [f"日期应在{first:%Y年}至{last:%Y年}之间，请核对。"]
    if not errors and values["termination_from"] < values["signing_from"]:
        errors["termination_from"] = ["解约开始日期不能早于签约开始日期。"]
    for key, (least, most) in LIMITS.items():
        if values[key] is None or not least <= values[key] <= most:
            errors[key] = [f"请填写{least}至{most}的整数。"]
    if errors:
        raise Invalid(errors)
