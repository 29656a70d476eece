"""Judging a whole registration against the catalogue."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from destinations.catalogue import Leaf, catalogue
from destinations.fields import BY_KEY, EVIDENCE, FORMS, KEYS, empty_value
from destinations.rules import unit, wage
from destinations.rules.values import read_value
from graduates.rules.types import Issue

_EMPTY = {key: empty_value(key) for key in KEYS}


@dataclass
class Registration:
    """What was typed, read and judged. `values` has every field, hidden ones empty."""

    category: str
    form: str
    leaf: Leaf | None
    values: dict[str, Any]
    issues: list[Issue] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not any(i.is_error for i in self.issues)

    def errors(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for issue in self.issues:
            if issue.is_error:
                found.setdefault(issue.field, []).append(issue.message)
        return found

    def warnings(self) -> list[Issue]:
        return [i for i in self.issues if not i.is_error]


def check_registration(
    typed: Mapping[str, Any],
    *,
    evidence: int | None,
    graduates_on: datetime.date | None = None,
    for_graduate: bool = False,
    wage_override: str = "",
) -> Registration:
    """Read `typed` (category, form and fields by key) and run every rule.

    `evidence` is the number of images attached; None where evidence is not asked for (staff
    entry, import).
    """
    category = str(typed.get("category") or "").strip()
    form = str(typed.get("form") or "").strip()
    leaf = catalogue().leaves.get(category)
    made = Registration(category, form, leaf, dict(_EMPTY))
    if leaf is None or (for_graduate and not leaf.for_graduates):
        made.issues.append(Issue("category", "category", "请选择毕业去向"))
        return made
    if leaf.has_forms:
        if form not in FORMS:
            made.issues.append(Issue("form", "form", "请选择就业协议的形式"))
            return made
    else:
        made.form = ""
    for key, required in leaf.asked(made.form):
        raw = typed.get(key)
        if raw is None or raw == "":  # most fields of most records
            if required:
                made.issues.append(Issue(key, "empty", f"{BY_KEY[key].label}不能为空"))
            continue
        value, findings = read_value(key, raw)
        made.values[key] = value
        if findings:
            made.issues += [Issue(key, f.code, f.message, f.is_error) for f in findings]
        elif required and value in (None, ""):
            made.issues.append(Issue(key, "empty", f"{BY_KEY[key].label}不能为空"))
    if evidence == 0 and leaf.needs_evidence(made.form):
        made.issues.append(Issue(EVIDENCE, "evidence", "请上传证明材料"))
    made.issues += unit.check(leaf, made.form, made.values)
    made.issues += wage.check(leaf, made.values, graduates_on, wage_override)
    return made
