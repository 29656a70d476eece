"""Editing the catalogue: what a category says, and which fields it or a local form asks for.

Only the province may do this. Every process then reads the catalogue again.
"""

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
# Everything that a category may require: the fields of a destination, and evidence.
REQUIRABLE = (*KEYS, EVIDENCE)
# Whether one field is asked for (a value of `Requirement`), and the note shown beside it.
FieldSetting = tuple[str, str]


def edit(
    *, code: str, values: Mapping[str, Any], settings: Mapping[str, FieldSetting], by: User
) -> Category:
    """Change a category. `values` are its texts and flags, `settings` its fields by key; a setting
    with an unknown requirement is left out, so that the field stays as it is."""
    with transaction.atomic():
        row = _locked(code, by)
        changes: dict[str, list[Any]] = {}
        for key in (*TEXTS, *FLAGS):
            if values[key] != getattr(row, key):
                changes[key] = [getattr(row, key), values[key]]
                setattr(row, key, values[key])
        row.save()
        known = {k: s for k, s in settings.items() if s[0] in Requirement.values}
        changes |= _save_settings(row, "", known)
        _finish(row, changes, by)
    return row


def edit_form(*, code: str, form: str, settings: Mapping[str, FieldSetting], by: User) -> Category:
    """Change what one local form asks for. The requirement "" means: as its category does.

    A field that is set back to its category keeps its row, because `load_shipped_catalogue` adds
    the shipped exception again where it finds no row.
    """
    with transaction.atomic():
        row = _locked(code, by)
        if code != FORM_CATEGORY or form not in FORMS:
            raise Refused("no_form", f"{row.name}没有这个形式。")
        known = {k: s for k, s in settings.items() if s[0] in ("", *Requirement.values)}
        _finish(row, _save_settings(row, form, known), by)
    return row


def _locked(code: str, by: User) -> Category:
    if not by.has_perm("province.catalogue"):
        raise NotPermitted("role", "只有省级管理员可以修改去向类别。")
    return Category.objects.select_for_update(no_key=True).get(pk=code)


def _save_settings(
    row: Category, form: str, settings: Mapping[str, FieldSetting]
) -> dict[str, list[Any]]:
    """Save the settings that differ from the stored ones; returns old and new by field.

    A field without a row is hidden in a category, and follows the category in a form.
    """
    unset = "" if form else str(Requirement.HIDDEN)
    stored = {f.field: f for f in row.fields.filter(form=form)}
    changes: dict[str, list[Any]] = {}
    for key in REQUIRABLE:
        if key not in settings:
            continue
        before = stored.get(key)
        old = (before.requirement, before.condition) if before else (unset, "")
        if settings[key] == old:
            continue
        requirement, condition = settings[key]
        CategoryField.objects.update_or_create(
            category=row, form=form, field=key,
            defaults={"requirement": requirement, "condition": condition},
        )  # fmt: skip
        changes[f"field:{form}:{key}" if form else f"field:{key}"] = [
            " ".join(old).strip(), " ".join(settings[key]).strip(),
        ]  # fmt: skip
    return changes


def _finish(row: Category, changes: dict[str, list[Any]], by: User) -> None:
    """Log what changed, and make every process read the catalogue again after the commit."""
    if changes:
        audit.record(
            "destinations.catalogue", by=by, object_type="category", label=row.name,
            data={"code": row.code, "changes": changes},
        )  # fmt: skip
    transaction.on_commit(catalogue.announce_change)
