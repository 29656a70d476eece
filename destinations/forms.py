"""The registration form's fields, from the catalogue: the same for graduate and staff."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from codes import lookup
from destinations.catalogue import Leaf, catalogue
from destinations.fields import BY_KEY, FORMS, GROUPS
from destinations.models import Destination, Requirement


def chosen_leaf(data: Mapping[str, Any]) -> tuple[Leaf | None, str]:
    """The category and form named in a query or a POST."""
    leaf = catalogue().leaves.get(data.get("category", ""))
    form = data.get("form", "")
    if leaf is None or not leaf.has_forms or form not in FORMS:
        form = ""
    return leaf, form


def field_groups(
    leaf: Leaf, form: str, values: Mapping[str, Any], errors: Mapping[str, list[str]]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Fields the category asks for, by group, as `core/parts/field.html` takes them."""
    groups: dict[str, list[dict[str, Any]]] = {g: [] for g in GROUPS}
    for key in leaf.shown(form):
        item = field_item(key, values, errors)
        item["required"] = leaf.requirement(key, form) == Requirement.REQUIRED
        item["note"] = leaf.note(key, form)
        groups[BY_KEY[key].group].append(item)
    return [(g, items) for g, items in groups.items() if items]


def field_item(
    key: str, values: Mapping[str, Any], errors: Mapping[str, list[str]]
) -> dict[str, Any]:
    """One field as `core/parts/field.html` takes it, required unless said otherwise."""
    field, value = BY_KEY[key], values.get(key)
    item: dict[str, Any] = {
        "field": field,
        "value": "" if value is None else value,
        "may": True,
        "required": True,
        "errors": errors.get(key, []),
    }
    if field.kind == "code":
        item["choices"] = lookup.table(field.table).choices()
    elif field.kind == "place":
        item["place_name"] = lookup.place_name(str(item["value"]))
    elif isinstance(value, datetime.date):
        item["value"] = value.isoformat()
    return item


def stored_values(d: Destination) -> dict[str, Any]:
    return {key: getattr(d, key) for key in BY_KEY}


def shown_values(d: Destination) -> list[tuple[str, str, str]]:
    """(key, label, words) of every field the destination's category shows and that is filled."""
    leaf = catalogue().leaves.get(d.category)
    keys = leaf.shown(d.form) if leaf else list(BY_KEY)
    rows = [(k, BY_KEY[k].label, BY_KEY[k].show(getattr(d, k))) for k in keys]
    return [row for row in rows if row[2]]


def category_label(d: Destination) -> str:
    leaf = catalogue().leaves.get(d.category)
    label = leaf.label if leaf else catalogue().names.get(d.category, d.category)
    return f"{label}({FORMS[d.form]})" if d.form else label
