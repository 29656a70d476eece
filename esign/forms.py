"""The invitation's form: fields of one step, as `core/parts/field.html` takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codes import lookup
from destinations.catalogue import catalogue
from destinations.fields import FORM_CATEGORY, DestinationField
from destinations.models import Requirement
from esign.fields import ALL, DESTINATION_KEYS, IMAGES, OPTIONAL, SIGNATURE, STEPS, of_step

FORM = "agreement"


def items(
    fields: list[DestinationField],
    values: Mapping[str, Any],
    errors: Mapping[str, list[str]],
    *,
    grey: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """`grey` names the fields that may not be changed, with the reason."""
    grey = grey or {}
    found = []
    for field in fields:
        value = values.get(field.key, "")
        item: dict[str, Any] = {
            "field": field,
            "value": "" if value is None else value,
            "may": field.key not in grey,
            "why": grey.get(field.key, ""),
            "shown": field.show(value),
            "required": is_required(field.key),
            "errors": errors.get(field.key, []),
        }
        if field.kind == "code":
            item["choices"] = lookup.table(field.table).choices()
            item["value"] = lookup.table(field.table).by_text.get(str(value), value)
        elif field.kind == "place":
            item["place_name"] = lookup.place_name(str(value)) or value
        found.append(item)
    return found


def is_required(key: str) -> bool:
    """By the form itself, or because the destination it fills asks for it."""
    if key not in OPTIONAL:
        return True
    leaf = catalogue().leaves.get(FORM_CATEGORY)
    return (
        leaf is not None
        and key in DESTINATION_KEYS
        and leaf.requirement(key, FORM) == Requirement.REQUIRED
    )


def step_of(errors: Mapping[str, list[str]]) -> int:
    """The number (from 1) of the first step that has something to mend."""
    for number, step in enumerate(STEPS, 1):
        if any(f.key in errors for f in of_step(step)):
            return number
    return len(STEPS)


def keys_of(step: str) -> set[str]:
    found = {f.key for f in of_step(step)}
    return found | {*IMAGES, SIGNATURE} if step == STEPS[-1] else found


def labels() -> dict[str, str]:
    return {f.key: f.label for f in ALL} | IMAGES | {SIGNATURE: "手写签名"}
