"""What the province sets of a rule."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from codes import text as texts
from core import audit
from core.errors import Conflict, Invalid, NotPermitted
from quality import holding
from quality.models import Rule
from quality.rule_book import BY_KEY, settings_of
from quality.states import FindingOwner

STALE = "其他人刚刚修改过这条规则，您填写的没有保存，请核对后再改。"
_LONGEST_WORDS = 300
LEAST_DAYS, MOST_DAYS = 1, 60


def version_of(rule: Rule) -> str:
    """What a page showed of a rule, for its form: another one after any change."""
    return rule.edited_at.isoformat() if rule.edited_at is not None else "-"


def set_rule(*, key: str, typed: Mapping[str, Any], version: str, by: User) -> Rule:
    """Set whether a rule is on and holds uploads, its thresholds, who looks into what it finds and by
    when. Raises `Invalid` with everything that is wrong."""
    if not by.has_perm("quality.rules"):
        raise NotPermitted("role", "核查规则由省级设置。")
    values = _read(key, typed)
    with transaction.atomic():
        rule = Rule.objects.select_for_update().get(pk=key)
        if version_of(rule) != version:
            raise Conflict("stale", STALE)
        before = _shown(rule)
        for name, value in values.items():
            setattr(rule, name, value)
        rule.edited_at, rule.edited_by = timezone.now(), by.label
        rule.save()
        after = _shown(rule)
        changes = {k: [before[k], after[k]] for k in after if before[k] != after[k]}
        audit.record(
            "quality.rule", by=by, object_type="quality_rule", object_id=_number(key),
            label=rule.label, data={"changes": changes},
        )  # fmt: skip
        if {"holds_uploads", "enabled"} & changes.keys():
            holding.release_rule(key)
    return rule


def _number(key: str) -> int:
    """Rules have no number; the trail names them by their place."""
    return list(BY_KEY).index(key) + 1


def _shown(rule: Rule) -> dict[str, Any]:
    kept = {k: getattr(rule, k) for k in ("enabled", "holds_uploads", "owner", "due_days")}
    return kept | settings_of(rule)


def _read(key: str, typed: Mapping[str, Any]) -> dict[str, Any]:
    declared, errors = BY_KEY[key], dict[str, list[str]]()
    thresholds: dict[str, Any] = {}
    for one in declared.thresholds:
        number = typed.get(one.key)
        if not isinstance(number, int) or not one.least <= number <= one.most:
            errors[one.key] = [f"请填写{one.least}至{one.most}的整数。"]
        thresholds[one.key] = number
    for words in declared.words:
        value = texts.clean(str(typed.get(words.key) or ""))
        if len(value) > _LONGEST_WORDS:
            errors[words.key] = [f"最多{_LONGEST_WORDS}个字。"]
        elif words.key == "campus" and (bad := _bad_ranges(value)):
            errors[words.key] = [f"“{bad}”不是网络地址段，应如10.0.0.0/8。"]
        thresholds[words.key] = value
    days = typed.get("due_days")
    if not isinstance(days, int) or not LEAST_DAYS <= days <= MOST_DAYS:
        errors["due_days"] = [f"请填写{LEAST_DAYS}至{MOST_DAYS}的整数。"]
    owner = typed.get("owner")
    if owner not in FindingOwner.values:
        errors["owner"] = ["请选择由谁核实。"]
    if errors:
        raise Invalid(errors)
    return {
        "enabled": bool(typed.get("enabled")), "holds_uploads": bool(typed.get("holds_uploads")),
        "thresholds": thresholds, "due_days": days, "owner": owner,
    }  # fmt: skip


def _bad_ranges(value: str) -> str:
    for part in value.split():
        try:
            ipaddress.ip_network(part)
        except ValueError:
            return part
    return ""
