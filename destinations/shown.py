"""A stored destination in words."""

from __future__ import annotations

from destinations.catalogue import catalogue
from destinations.fields import BY_KEY, form_label
from destinations.models import Destination


def shown_values(d: Destination) -> list[tuple[str, str, str]]:
    """(key, label, words) of every field that the category shows and that is filled in."""
    leaf = catalogue().leaves.get(d.category)
    fields = [leaf.declared(k) for k in leaf.shown(d.form)] if leaf else list(BY_KEY.values())
    rows = [(f.key, f.label, f.show(getattr(d, f.key))) for f in fields]
    return [row for row in rows if row[2]]


def category_label(d: Destination) -> str:
    leaf = catalogue().leaves.get(d.category)
    label = leaf.label if leaf else catalogue().names.get(d.category, d.category)
    return f"{label}（{form_label(d.form, d.agreement_no)}）" if d.form else label
