"""When the origin of a graduate is due, and what holds it back.

Source: the manuals' 生源 chapter; the origin is reported once it was confirmed or locked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codes import lookup
from graduates.rules.record import check_record
from graduates.states import Confirmation, Standing
from national_sync.problems import Problem, from_findings

Origin = Mapping[str, Any]


def is_confirmed(origin: Origin) -> bool:
    return origin["confirmation"] in (Confirmation.CONFIRMED, Confirmation.LOCKED)


def is_due(origin: Origin) -> bool:
    """Confirmed or locked, and the graduate is 在籍."""
    return is_confirmed(origin) and origin["standing"] == Standing.ENROLLED


def problems(origin: Origin) -> list[Problem]:
    """Everything that holds the origin back, whatever its codes."""
    return [problem for rule in RULES for problem in rule(origin)]


def entry_rules_hold(origin: Origin) -> list[Problem]:
    return from_findings(check_record(origin), "在生源信息中更正后重新确认")


def place_is_current(origin: Origin) -> list[Problem]:
    """The national system takes districts and counties of today only."""
    place = lookup.places().get(origin["origin"])
    if place is not None and place.selectable:
        return []
    return [Problem("xzqh", "origin", "生源所在地代码不是现行区县代码", "选择现行的区县")]


def mobile_is_given(origin: Origin) -> list[Problem]:
    if origin["mobile"]:
        return []
    return [Problem("mobile", "mobile", "手机号码不能为空", "填写毕业生手机号码")]


RULES = (entry_rules_hold, place_is_current, mobile_is_given)
