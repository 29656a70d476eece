"""What the province sets for recruiting: checks of wording, limits, and the schools that review for it.

Every change takes effect at once, since the rules are read anew for each check.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from codes import text
from core import audit
from core.errors import Conflict, Invalid, NotPermitted, Refused
from recruiting import snapshots
from recruiting.models import RecruitingRules, ReviewingSchool, WordingRule
from recruiting.rules import wording
from schools.models import School

STALE = "其他人刚刚修改过，见修改记录。您填写的还在页面上，没有保存；核对后再保存，以您填写的为准。"
MOST_PATTERNS = 300
LONGEST_PATTERN = 60
_TEXTS = {"label": ("名称", 40), "basis": ("依据", 200), "message": ("提示", 200)}
FLAGS = ("is_error", "may_justify", "in_messages", "is_active")
WORDING_KEYS = ("label", "patterns", "harmless", "basis", "message", *FLAGS)
# The smallest and the largest value of each limit.
LIMITS = {
    "min_completeness": (0, 100), "most_deliveries": (1, 200), "most_postings": (1, 500),
    "unread_days": (7, 180), "silent_days": (7, 365), "confirm_days": (7, 180), "absences": (1, 10),
}  # fmt: skip
LIMIT_KEYS = ("post_review", *LIMITS, "hotline")


def version_of(row: WordingRule | RecruitingRules | None) -> str:
    """What a page showed of a row, for its form: another one after any change; "" for a row to be made."""
    if row is None:
        return ""
    keys = WORDING_KEYS if isinstance(row, WordingRule) else LIMIT_KEYS
    return snapshots.digest(repr([row.pk, *(getattr(row, key) for key in keys)]))[:24]


# --- checks of wording ------------------------------------------------------------------------


def read_wording_rule(typed: Mapping[str, Any]) -> WordingRule:
    """The rule as it was typed, not saved. Raises `Invalid` with everything that is wrong."""
    values: dict[str, Any] = {key: bool(typed.get(key)) for key in FLAGS}
    errors: dict[str, list[str]] = {}
    for key, (label, most) in _TEXTS.items():
        values[key] = text.clean(str(typed.get(key) or ""))
        if not values[key]:
            errors[key] = [f"请填写{label}。"]
        elif len(values[key]) > most:
            errors[key] = [f"{label}不能超过{most}个字。"]
    for key in ("patterns", "harmless"):
        values[key] = _lines(str(typed.get(key) or ""))
    errors |= _check_patterns(values["patterns"], values["harmless"])
    if values["may_justify"] and not values["is_error"]:
        errors["may_justify"] = ["只有“不得发布”的规则才需要说明法定要求，请取消勾选。"]
    if errors:
        raise Invalid(errors)
    return WordingRule(**values)


def _lines(typed: str) -> list[str]:
    """The lines of a text without blanks, each once."""
    return list(dict.fromkeys(line for line in text.clean_lines(typed).split("\n") if line))


def _check_patterns(patterns: Sequence[str], harmless: Sequence[str]) -> dict[str, list[str]]:
    errors = {}
    if not patterns:
        errors["patterns"] = ["请填写要查的字词，每行一个。"]
    for key, words in (("patterns", patterns), ("harmless", harmless)):
        if wrong := _objections(words):
            errors[key] = wrong
    hidden = [] if errors else wording.hidden_patterns(patterns, harmless)
    if hidden:
        errors["harmless"] = [f"无害用语使{_some(hidden)}永远查不到，请删除或改窄。"]
    return errors


def _objections(words: Sequence[str]) -> list[str]:
    found = []
    if len(words) > MOST_PATTERNS:
        found.append(f"最多{MOST_PATTERNS}行，现在有{len(words)}行。")
    if long := [w for w in words if len(w) > LONGEST_PATTERN]:
        found.append(f"每行不能超过{LONGEST_PATTERN}个字：{_some(long)}。")
    if bad := wording.bad_patterns(words):
        found.append(f"{_some(bad)}太短，会查到几乎所有文字，除符号外至少写两个字。")
    if slow := wording.slow_patterns(words):
        found.append(f"{_some(slow)}的“*”过多，每行最多{wording.MOST_GAPS}个，且不能连写。")
    return found


def _some(words: Sequence[str]) -> str:
    shown = "、".join(f"“{w[:20]}”" for w in words[:3])
    return f"{shown}等{len(words)}个" if len(words) > 3 else shown


def save_wording_rule(
    *, rule_id: int | None, typed: Mapping[str, Any], version: str, by: User
) -> WordingRule:
    """Add a rule, or change one as its page showed it."""
    _require_permission(by)
    read = read_wording_rule(typed)
    with transaction.atomic():
        if rule_id is None:
            read.key = f"own_{secrets.token_hex(6)}"
            rule, changes = read, {key: [None, getattr(read, key)] for key in WORDING_KEYS}
        else:
            rule = WordingRule.objects.select_for_update().get(pk=rule_id)
            if version_of(rule) != version:
                raise Conflict("stale", STALE)
            changes = _set(rule, {key: getattr(read, key) for key in WORDING_KEYS})
        if changes:
            rule.edited_at, rule.edited_by = timezone.now(), by.label[:80]
            rule.save()
            _log("save_wording_rule", rule, changes, by)
    return rule


def set_active(*, rule_id: int, active: bool, by: User) -> WordingRule:
    """Switch a rule off or on again. The words of a shipped rule are still brought up to date then."""
    _require_permission(by)
    with transaction.atomic():
        rule = WordingRule.objects.select_for_update().get(pk=rule_id)
        if changes := _set(rule, {"is_active": active}):
            rule.save(update_fields=["is_active"])
            _log("save_wording_rule", rule, changes, by)
    return rule


# --- limits -----------------------------------------------------------------------------------


def set_limits(*, values: Mapping[str, Any], version: str, by: User) -> RecruitingRules:
    """Set all limits, as the page showed them."""
    _require_permission(by)
    _check_limits(values)
    with transaction.atomic():
        RecruitingRules.objects.get_or_create(pk=1)
        rules = RecruitingRules.objects.select_for_update().get(pk=1)
        if version_of(rules) != version:
            raise Conflict("stale", STALE)
        known = {key: values[key] for key in LIMIT_KEYS}
        if changes := _set(rules, known | {"hotline": text.clean(values["hotline"])}):
            rules.save()
            _log("set_limits", rules, changes, by)
    return rules


def _check_limits(values: Mapping[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    for key, (least, most) in LIMITS.items():
        if values[key] is None or not least <= values[key] <= most:
            errors[key] = [f"请填写{least}至{most}的整数。"]
    hotline = text.clean(values["hotline"])
    if len(hotline) > 60:
        errors["hotline"] = ["举报电话不能超过60个字。"]
    elif hotline and sum(c.isascii() and c.isdigit() for c in hotline) < 3:
        errors["hotline"] = ["请填写电话号码，如 12333，多个用“、”分隔；没有的不填。"]
    if errors:
        raise Invalid(errors)


# --- schools that review for the province -----------------------------------------------------


def add_reviewing_school(*, school_id: int | None, by: User) -> ReviewingSchool:
    """Delegate the review of postings for the whole province to a school; it is told."""
    _require_permission(by)
    with transaction.atomic():
        school = School.objects.select_for_update(no_key=True).filter(pk=school_id or 0).first()
        if school is None:
            raise Invalid({"school": ["请选择学校。"]})
        if not school.is_open:
            raise Invalid({"school": [f"{school.name}已停用，不能委托。"]}, "school_closed")
        row, is_new = ReviewingSchool.objects.get_or_create(
            school=school, defaults={"by": by.label[:80]}
        )
        if not is_new:
            raise Invalid({"school": [f"{school.name}已受委托。"]}, "duplicate")
        audit.record(
            "recruiting.add_reviewing_school", by=by, object_type="reviewingschool",
            object_id=school.pk, label=school.name, school_id=school.pk,
        )  # fmt: skip
        _tell_school(school, "省级委托贵校审核面向全省的职位", "请在“职位审核”中办理。")
    return row


def remove_reviewing_school(*, school_id: int, by: User) -> None:
    """Take the delegation back. What the school decided stays as it is; what waits is the province's."""
    _require_permission(by)
    with transaction.atomic():
        school = School.objects.select_for_update(no_key=True).get(pk=school_id)
        if not ReviewingSchool.objects.filter(school=school).delete()[0]:
            raise Refused("not_delegated", f"{school.name}没有受委托，可能已由他人取消。")
        audit.record(
            "recruiting.remove_reviewing_school", by=by, object_type="reviewingschool",
            object_id=school.pk, label=school.name, school_id=school.pk,
        )  # fmt: skip
        words = "面向本校的职位照常由贵校审核。"
        _tell_school(school, "省级已取消对贵校审核全省职位的委托", words)


def _tell_school(school: School, title: str, words: str) -> None:
    key = f"reviewing:{timezone.now().isoformat()}"
    inbox.tell(f"school:{school.pk}", title, text=words, link=reverse("console:postings"), key=key)


# --- shared -----------------------------------------------------------------------------------


def _require_permission(by: User) -> None:
    if not by.has_perm("recruiting.rules"):
        raise NotPermitted("role", "只有省级管理员可以修改招聘规则。")


def _set(row: WordingRule | RecruitingRules, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set the values that differ, not saved; returns {field: [old, new]}."""
    changes = {
        key: [getattr(row, key), value]
        for key, value in values.items()
        if getattr(row, key) != value
    }
    for key in changes:
        setattr(row, key, values[key])
    return changes


def _log(
    action: str, row: WordingRule | RecruitingRules, changes: dict[str, list[Any]], by: User
) -> None:
    audit.record(f"recruiting.{action}", by=by, obj=row, data={"changes": changes})
