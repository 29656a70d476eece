"""The province edits the catalogue: what a category says, and which fields it or a form asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.models import User
from core import audit
from core.errors import NotPermitted, Refused
from destinations import catalogue
from destinations.fields import EVIDENCE, FORM_CATEGORY, FORMS, KEYS
from destinations.models import Category, CategoryField, Requirement

TEXTS = ("definition", "evidence", "rule")
FLAGS = ("for_graduates", "school_review", "wage_rule")
LINES = (*KEYS, EVIDENCE)
Line = tuple[str, str]  # requirement and the note beside the field


def edit(*, code: str, values: Mapping[str, Any], lines: Mapping[str, Line], by: User) -> Category:
    """`values` are texts and flags. A line with no known requirement stays as it is."""
    with transaction.atomic():
        row = _locked(code, by)
        changes: dict[str, list[Any]] = {}
        for key in (*TEXTS, *FLAGS):
            if values[key] != getattr(row, key):
                changes[key] = [getattr(row, key), values[key]]
                setattr(row, key, values[key])
        row.save()
        known = {k: line for k, line in lines.items() if line[0] in Requirement.values}
        changes |= _put_lines(row, "", known)
        _finish(row, changes, by)
    return row


def edit_form(*, code: str, form: str, lines: Mapping[str, Line], by: User) -> Category:
    """What one local form asks for otherwise than its category; "" follows the category.

    A line set back to the category keeps its row, so that loading the shipped catalogue again
    does not bring the shipped exception back.
    """
    with transaction.atomic():
        row = _locked(code, by)
        if code != FORM_CATEGORY or form not in FORMS:
            raise Refused("no_form", f"{row.name}没有这个形式。")
        known = {k: line for k, line in lines.items() if line[0] in ("", *Requirement.values)}
        _finish(row, _put_lines(row, form, known), by)
    return row


def _locked(code: str, by: User) -> Category:
    if not by.has_perm("province.catalogue"):
        raise NotPermitted("role", "只有省级管理员可以修改去向类别。")
    return Category.objects.select_for_update(no_key=True).get(pk=code)


def _put_lines(row: Category, form: str, lines: Mapping[str, Line]) -> dict[str, list[Any]]:
    """Write what differs; where there is no row, a category hides and a form follows."""
    unset = "" if form else str(Requirement.HIDDEN)
    have = {f.field: f for f in row.fields.filter(form=form)}
    changes: dict[str, list[Any]] = {}
    for key in LINES:
        if key not in lines:
            continue
        found = have.get(key)
        old = (found.requirement, found.condition) if found else (unset, "")
        if lines[key] == old:
            continue
        requirement, condition = lines[key]
        CategoryField.objects.update_or_create(
            category=row, form=form, field=key,
            defaults={"requirement": requirement, "condition": condition},
        )  # fmt: skip
        changes[f"field:{form}:{key}" if form else f"field:{key}"] = [
            " ".join(old).strip(), " ".join(lines[key]).strip(),
        ]  # fmt: skip
    return changes


def _finish(row: Category, changes: dict[str, list[Any]], by: User) -> None:
    """Log old and new, and tell every process."""
    if changes:
        audit.record(
            "destinations.catalogue", by=by, object_type="category", label=row.name,
            data={"code": row.code, "changes": changes},
        )  # fmt: skip
    transaction.on_commit(catalogue.changed)
