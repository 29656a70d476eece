"""Judging a whole registration against the catalogue."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from codes.findings import Finding
from codes.readers import FORM, Source
from destinations.catalogue import Leaf, catalogue
from destinations.fields import BY_KEY, EVIDENCE, FORMS, KEYS, empty_value
from destinations.rules import unit, wage

_EMPTY = {key: empty_value(key) for key in KEYS}


@dataclass
class Registration:
    """What was typed, read and judged. `values` has every field, hidden ones empty."""

    category: str
    form: str
    leaf: Leaf | None
    values: dict[str, Any]
    issues: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not any(i.is_error for i in self.issues)

    def errors(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for issue in self.issues:
            if issue.is_error:
                found.setdefault(issue.field, []).append(issue.message)
        return found

    def warnings(self) -> list[Finding]:
        return [i for i in self.issues if not i.is_error]


def check_registration(
    typed: Mapping[str, Any],
    *,
    evidence: int | None,
    graduates_on: datetime.date | None = None,
    for_graduate: bool = False,
    wage_override: str = "",
    source: Source = FORM,
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
        made.issues.append(Finding("category", "请选择毕业去向", field="category"))
        return made
    if leaf.has_forms:
        if form not in FORMS:
            made.issues.append(Finding("form", "请选择就业协议的形式", field="form"))
            return made
    else:
        made.form = ""
    for key, required in leaf.asked(made.form):
        raw = typed.get(key)
        if raw is None or raw == "":  # most fields of most records
            if required:
                made.issues.append(Finding("empty", f"{BY_KEY[key].label}不能为空", field=key))
            continue
        reading = BY_KEY[key].read(raw, source=source, required=required)
        if reading.value is not None:
            made.values[key] = reading.value
        made.issues += reading.findings
    if evidence == 0 and leaf.needs_evidence(made.form):
        made.issues.append(Finding("evidence", "请上传证明材料", field=EVIDENCE))
    made.issues += unit.check(leaf, made.form, made.values)
    made.issues += wage.check(leaf, made.values, graduates_on, wage_override)
    return made
