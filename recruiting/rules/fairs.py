"""What a fair or a talk must say, and which times it may have."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from codes import text as texts
from core.clock import database_now
from core.errors import Invalid
from recruiting.states import FairKind

ON_SITE = (FairKind.FAIR, FairKind.TALK)
# Units have booths at these; a talk is one unit's.
WITH_BOOTHS = (FairKind.FAIR, FairKind.ONLINE_FAIR)
TALKS = (FairKind.TALK, FairKind.ONLINE_TALK)
LONGEST_TITLE, LONGEST_PLACE, LONGEST_LINK, LONGEST_TEXT = 60, 80, 300, 2000
MOST_BOOTHS, MOST_VISITORS = 2000, 100_000
SLOT_MINUTES = (10, 240)
_LONGEST = {True: datetime.timedelta(days=7), False: datetime.timedelta(days=60)}  # on site, online
_LINK = re.compile(r"https://[^\s/?#]+\S*")
Errors = dict[str, list[str]]


def check_terms(typed: Mapping[str, Any], *, needs_place: bool = True) -> dict[str, Any]:
    """The terms of an event as they are stored. Raises `Invalid` with every field that is wrong.
    A unit that applies for a talk may leave the place to the school.

    `typed` has kind, title, place, link, text; starts_at, ends_at and apply_until as aware times or
    None; capacity, booths_offered, slot_minutes and slot_cap as numbers or None; school_ids. What the
    kind does not have, such as the place of an online event, is left out.
    """
    kind = typed["kind"]
    if kind not in FairKind.values:
        raise Invalid({"kind": ["请选择类型。"]})
    on_site = kind in ON_SITE
    values = {
        "kind": kind,
        "title": texts.clean(typed["title"]),
        "place": texts.clean(typed["place"]) if on_site else "",
        "link": "" if on_site else texts.clean(typed["link"]),
        "text": texts.clean_lines(typed["text"]),
        "starts_at": typed["starts_at"],
        "ends_at": typed["ends_at"],
        "apply_until": typed["apply_until"],
        "capacity": typed["capacity"],
        "booths_offered": (typed["booths_offered"] or 0) if kind in WITH_BOOTHS else 0,
        "slot_minutes": typed["slot_minutes"] if on_site else None,
        "slot_cap": typed["slot_cap"] if on_site else None,
        "school_ids": sorted(typed["school_ids"]),
    }
    errors = (
        _text_errors(values, on_site, needs_place)
        | _time_errors(values, on_site)
        | _number_errors(values)
    )
    if errors:
        raise Invalid(errors)
    return values


def _text_errors(values: Mapping[str, Any], on_site: bool, needs_place: bool) -> Errors:
    errors: Errors = {}
    if not values["title"]:
        errors["title"] = ["请填写名称。"]
    for key, label, most in (
        ("title", "名称", LONGEST_TITLE),
        ("place", "地点", LONGEST_PLACE),
        ("link", "网络地址", LONGEST_LINK),
        ("text", "说明", LONGEST_TEXT),
    ):
        if len(values[key]) > most:
            errors[key] = [f"{label}最多{most}个字，现有{len(values[key])}个字。"]
    if on_site and needs_place and not values["place"]:
        errors["place"] = ["线下活动请填写地点。"]
    if not on_site and not _LINK.fullmatch(values["link"]):
        errors["link"] = ["网络活动请填写 https:// 开头的网络地址。"]
    return errors


def _time_errors(values: Mapping[str, Any], on_site: bool) -> Errors:
    start, end, until = values["starts_at"], values["ends_at"], values["apply_until"]
    errors: Errors = {}
    if start is None:
        errors["starts_at"] = ["请填写开始时间。"]
    if end is None:
        errors["ends_at"] = ["请填写结束时间。"]
    if until is None:
        errors["apply_until"] = ["请填写报名截止时间。"]
    if errors:
        return errors
    if end <= start:
        errors["ends_at"] = ["结束时间应在开始时间以后。"]
    elif end - start > _LONGEST[on_site]:
        errors["ends_at"] = [f"活动最长{_LONGEST[on_site].days}天。"]
    if until > start:
        errors["apply_until"] = ["报名截止不能晚于开始时间。"]
    return errors


def _number_errors(values: Mapping[str, Any]) -> Errors:
    errors: Errors = {}
    capacity, minutes, cap = values["capacity"], values["slot_minutes"], values["slot_cap"]
    if capacity is not None and not 1 <= capacity <= MOST_VISITORS:
        errors["capacity"] = [f"容纳人数为1至{MOST_VISITORS}，不限的不填。"]
    if values["kind"] in WITH_BOOTHS and not 1 <= values["booths_offered"] <= MOST_BOOTHS:
        errors["booths_offered"] = [f"双选会的展位数为1至{MOST_BOOTHS}。"]
    if minutes is None and cap is None:
        return errors
    least, most = SLOT_MINUTES
    if minutes is None or not least <= minutes <= most:
        errors["slot_minutes"] = [f"入场时段为{least}至{most}分钟，不分时段的都不填。"]
    if cap is None or not 1 <= cap <= MOST_VISITORS:
        errors["slot_cap"] = [f"每时段人数为1至{MOST_VISITORS}，不分时段的都不填。"]
    start, end = values["starts_at"], values["ends_at"]
    if start and end and timezone.localdate(start) != timezone.localdate(end):
        errors.setdefault("slot_minutes", ["分时段入场的活动应在同一天内结束。"])
    return errors


def check_ahead(values: Mapping[str, Any]) -> None:
    """Raise `Invalid` if registration would already be over."""
    now = database_now()
    if values["starts_at"] <= now:
        raise Invalid({"starts_at": ["开始时间已过，请改为以后的时间。"]})
    if values["apply_until"] <= now:
        raise Invalid({"apply_until": ["报名截止时间已过，请改为以后的时间。"]})
