"""How far a graduate's destination has come: 提交 → 初审 → 终审 → 上报 → 全国通过, each with its date, and in
words where it was sent back."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from destinations import hooks
from destinations.catalogue import catalogue
from destinations.hooks import NationalWay
from destinations.models import Destination, DestinationEvent
from destinations.states import APPROVED, ReasonSource, State

_SENT_BACK = ("reject", "reject_national")


@dataclass
class WayStep:
    """One step. `at` is when it was taken; `words` say what is not seen from the date alone."""

    label: str
    done: bool
    at: datetime.datetime | None = None
    words: str = ""
    sent_back: bool = False
    now: bool = False


def way_of(d: Destination) -> list[WayStep]:
    """All steps in order. One of them is marked: where it was sent back, else the next one."""
    sent_back = _sent_back(d) if d.state == State.REJECTED else None
    # A rejection ends the approvals; the event still has them.
    reviewed: dict[str, Any] = sent_back.snapshot.get("before", {}) if sent_back else vars(d)
    steps = [_submitted(d), *_reviews(reviewed), *_national(d)]
    if d.state == State.REJECTED:
        _mark_sent_back(d, sent_back, steps)
    else:
        following = next((step for step in steps if not step.done), None)
        if following is not None:
            following.now = True
    return steps


def _submitted(d: Destination) -> WayStep:
    if d.state == State.UNSUBMITTED:
        return WayStep("提交", False)
    words = "由老师录入" if d.entered_by_id is not None else ""
    return WayStep(
        "提交", True, d.submitted_at, "签约后自动登记" if d.locked_at is not None else words
    )


def _reviews(reviewed: dict[str, Any]) -> list[WayStep]:
    """初审 and 终审, from the columns of a destination or of an event's snapshot. A school may approve
    what no department has."""
    department_at, school_at = (
        parse_datetime(at) if isinstance(at, str) else at
        for at in (reviewed.get("department_at"), reviewed.get("school_at"))
    )
    state = reviewed.get("state", "")
    department = WayStep("初审", department_at is not None or state in APPROVED, department_at)
    if department.done and department_at is None:
        department.words = "由学校直接审核"
    return [department, WayStep("终审", state == State.SCHOOL_APPROVED, school_at)]


def _national(d: Destination) -> list[WayStep]:
    """The last two steps, of schools that report."""
    if d.state in (State.UNSUBMITTED, State.REJECTED):
        return [WayStep("上报", False), WayStep("全国通过", False)]
    ways = [way for way in hooks.national_way.run(destination=d) if way is not None]
    way = ways[0] if ways else NationalWay()
    sent = WayStep("上报", way.sent, way.sent_at)
    leaf = catalogue().leaves.get(d.category)
    if d.state == State.DEPARTMENT_APPROVED and leaf is not None and leaf.school_review:
        sent.words = "此类去向终审后才上报"
    return [sent, WayStep("全国通过", way.accepted, way.accepted_at)]


def _sent_back(d: Destination) -> DestinationEvent | None:
    """The event that sent the destination back last."""
    rows = DestinationEvent.objects.filter(graduate_id=d.pk, action__in=_SENT_BACK)
    return rows.order_by("-id").first()


# The step at which each of them sends back.
_PLACES = {ReasonSource.DEPARTMENT: 1, ReasonSource.SCHOOL: 2, ReasonSource.NATIONAL: 4}


def _mark_sent_back(d: Destination, event: DestinationEvent | None, steps: list[WayStep]) -> None:
    """Say at its step when and why the destination was sent back."""
    source = ReasonSource(d.reason_source)
    position = _PLACES[source]
    for step in steps[position:]:
        step.done, step.at, step.words = False, None, ""
    if source == ReasonSource.NATIONAL:
        steps[3].done = True  # it was sent, else the national system could not refuse it
    when = f"{timezone.localtime(event.at):%Y年%-m月%-d日}" if event is not None else ""
    steps[position].words = f"{when}{source.label}退回：{d.reason}"
    steps[position].sent_back = steps[position].now = True
