"""Checking a whole registration against the catalogue and all rules."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from codes.findings import Finding
from codes.readers import FORM, Source
from destinations.catalogue import Leaf, catalogue
from destinations.fields import EVIDENCE, FORMS, KEYS, empty_value
from destinations.rules import unit, wage

_EMPTY = {key: empty_value(key) for key in KEYS}


@dataclass
class Registration:
    """A registration that was checked. `values` has a value for every field, also for those that the
    category does not show, and `issues` what is wrong or doubtful."""

    category: str
    form: str
    leaf: Leaf | None
    values: dict[str, Any]
    issues: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not any(i.is_error for i in self.issues)

    def errors(self) -> dict[str, list[str]]:
        """The sentences of the errors by field."""
        sentences: dict[str, list[str]] = {}
        for issue in self.issues:
            if issue.is_error:
                sentences.setdefault(issue.field, []).append(issue.message)
        return sentences

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
    """Read `typed`, which has the category, the local form and fields by key, and run all rules.

    `evidence` is the number of attached images, or None where none are asked for: staff and imports
    enter without. With `for_graduate` only the categories that graduates may choose are accepted.
    A `wage_override` is the reason why a wage below the minimum is accepted.
    """
    category = str(typed.get("category") or "").strip()
    form = str(typed.get("form") or "").strip()
    leaf = catalogue().leaves.get(category)
    checked = Registration(category, form, leaf, dict(_EMPTY))
    if leaf is None or (for_graduate and not leaf.for_graduates):
        checked.issues.append(Finding("category", "请选择毕业去向", field="category"))
        return checked
    if leaf.has_forms:
        if form not in FORMS:
            checked.issues.append(Finding("form", "请选择就业协议的形式", field="form"))
            return checked
    else:
        checked.form = ""
    for key, required in leaf.asked_fields(checked.form):
        raw = typed.get(key)
        if raw is None or raw == "":  # quicker than the reader, for most fields are empty
            if required:
                message = f"{leaf.declared(key).label}不能为空"
                checked.issues.append(Finding("empty", message, field=key))
            continue
        reading = leaf.declared(key).read(raw, source=source, required=required)
        if reading.value is not None:
            checked.values[key] = reading.value
        checked.issues += reading.findings
    if evidence == 0 and leaf.needs_evidence(checked.form):
        checked.issues.append(Finding("evidence", "请上传证明材料", field=EVIDENCE))
    checked.issues += unit.check(leaf, checked.form, checked.values)
    checked.issues += wage.check(leaf, checked.values, graduates_on, wage_override)
    return checked
