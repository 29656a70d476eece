"""When the destination of a graduate is due, and what holds it back.

Source: DOMAIN §6 of the platform's requirements: approved destinations go up, 参军 and 应征义务兵
(12 and 76) once the school itself has approved them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from destinations.catalogue import catalogue
from destinations.rules import check_registration
from destinations.states import APPROVED, State
from graduates.states import Standing
from national_sync.problems import Problem, from_findings
from national_sync.states import Owner

Destination = Mapping[str, Any]


def is_due(destination: Destination, *, standing: str, was_sent: bool) -> bool:
    """Approved by whoever has to approve its category, and the graduate is 在籍. One that was not
    submitted is due only if an earlier destination was sent: it then takes that one's place."""
    if standing != Standing.ENROLLED:
        return False
    state = destination["state"]
    if state == State.UNSUBMITTED:
        return was_sent
    leaf = catalogue().leaves.get(destination["category"])
    if leaf is not None and leaf.school_review:
        return bool(state == State.SCHOOL_APPROVED)
    return state in APPROVED


def problems(destination: Destination) -> list[Problem]:
    """Everything that holds the destination back, whatever its codes."""
    return [problem for rule in RULES for problem in rule(destination)]


def no_open_dispute(destination: Destination) -> list[Problem]:
    if destination["disputed_at"] is None:
        return []
    return [Problem("disputed", "", "毕业生对去向有异议", "由学校处理异议", Owner.SCHOOL)]


def no_unchecked_touch_up(destination: Destination) -> list[Problem]:
    """What the graduate added after the approval waits for a reviewer."""
    fields = destination["flagged"]
    if not fields:
        return []
    message = "毕业生补充修改的内容尚未核对"
    return [Problem("flagged", fields[0], message, "在去向审核中核对修改")]


def entry_rules_hold(destination: Destination) -> list[Problem]:
    """Nothing was entered yet where nothing was submitted: such a destination counts as 待就业."""
    if destination["state"] == State.UNSUBMITTED:
        return []
    registration = check_registration(
        destination, evidence=None, wage_override=destination["wage_override"]
    )
    return from_findings(registration.issues, "对照证明材料更正去向信息")


RULES = (no_open_dispute, no_unchecked_touch_up, entry_rules_hold)
