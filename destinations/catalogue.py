"""The catalogue of destinations: ONE source for forms, checks, import, help and figures.

Rows are data (`Category`, `CategoryField`) that the province edits in the console; a process
keeps them for a short while and looks at the catalogue's version to notice a change.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.core.cache import cache

from destinations.fields import EVIDENCE, FORM_CATEGORY, KEYS
from destinations.models import Category, CategoryField, Requirement

DATA = Path(__file__).parent / "data"
_VERSION_KEY = "catalogue-version"
_LOOK_EVERY = 2.0  # seconds


@dataclass(frozen=True)
class Leaf:
    """One category that can be chosen, with what it asks for."""

    code: str
    name: str
    top_code: str
    top_name: str
    rate_group: str
    definition: str
    evidence: str
    rule: str
    for_graduates: bool
    school_review: bool
    wage_rule: bool
    # (form, field) → requirement; form "" is the category's own line.
    requirements: dict[tuple[str, str], str]
    notes: dict[tuple[str, str], str]
    _asked: dict[str, tuple[tuple[str, bool], ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def label(self) -> str:
        return self.name if self.top_code == self.code else f"{self.top_name} · {self.name}"

    @property
    def has_forms(self) -> bool:
        return self.code == FORM_CATEGORY

    def requirement(self, field: str, form: str = "") -> str:
        own = self.requirements.get(("", field), Requirement.HIDDEN)
        return self.requirements.get((form, field), own) if form else own

    def note(self, field: str, form: str = "") -> str:
        return self.notes.get((form, field)) or self.notes.get(("", field), "")

    def shown(self, form: str = "") -> list[str]:
        return [key for key, _ in self.asked(form)]

    def asked(self, form: str = "") -> tuple[tuple[str, bool], ...]:
        """The fields shown, each with whether it must be filled. A leaf never changes, so this is
        worked out once: every check of a record begins here."""
        if form not in self._asked:
            wanted = [(key, self.requirement(key, form)) for key in KEYS]
            self._asked[form] = tuple(
                (key, asked == Requirement.REQUIRED)
                for key, asked in wanted
                if asked != Requirement.HIDDEN
            )
        return self._asked[form]

    def needs_evidence(self, form: str = "") -> bool:
        return self.requirement(EVIDENCE, form) == Requirement.REQUIRED


@dataclass(frozen=True)
class Catalogue:
    leaves: dict[str, Leaf]
    names: dict[str, str]
    tops: dict[str, str]  # category → top category, legacy ones included
    groups: dict[str, str]  # category → rate group

    def for_graduates(self) -> list[Leaf]:
        return [leaf for leaf in self.leaves.values() if leaf.for_graduates]

    def by_text(self, text: str) -> Leaf | None:
        """A leaf by code, name or "top · name"; None if there is no such or several."""
        text = text.strip()
        if text in self.leaves:
            return self.leaves[text]
        found = [leaf for leaf in self.leaves.values() if text in (leaf.name, leaf.label)]
        return found[0] if len(found) == 1 else None

    def codes_under(self, top: str) -> list[str]:
        return [code for code, t in self.tops.items() if t == top]


_state: dict[str, object] = {"at": 0.0, "version": None, "catalogue": None}


def catalogue() -> Catalogue:
    """The present catalogue. Asks the cache for its version at most every two seconds."""
    now = time.monotonic()
    if _state["catalogue"] is None or now - float(str(_state["at"])) > _LOOK_EVERY:
        version = cache.get(_VERSION_KEY)
        if _state["catalogue"] is None or version != _state["version"]:
            _state["catalogue"], _state["version"] = _read(), version
        _state["at"] = now
    found = _state["catalogue"]
    assert isinstance(found, Catalogue)
    return found


def changed() -> None:
    """Call after editing a row: every process reads the catalogue again."""
    cache.set(_VERSION_KEY, time.time_ns(), None)
    _state["catalogue"] = None


def _read() -> Catalogue:
    rows = list(Category.objects.order_by("position"))
    names = {r.code: r.name for r in rows}
    fields: dict[str, list[CategoryField]] = {}
    for f in CategoryField.objects.all():
        fields.setdefault(f.category_id, []).append(f)
    leaves = {}
    for row in rows:
        if not row.is_leaf or row.status != "current":
            continue
        top = row.parent_code or row.code
        mine = fields.get(row.code, [])
        leaves[row.code] = Leaf(
            code=row.code,
            name=row.name,
            top_code=top,
            top_name=names.get(top, row.name),
            rate_group=row.rate_group,
            definition=row.definition,
            evidence=row.evidence,
            rule=row.rule,
            for_graduates=row.for_graduates,
            school_review=row.school_review,
            wage_rule=row.wage_rule,
            # A form's line set back to the category has none of its own.
            requirements={(f.form, f.field): f.requirement for f in mine if f.requirement},
            notes={(f.form, f.field): f.condition for f in mine if f.condition},
        )
    tops = {r.code: r.parent_code or r.code for r in rows}
    return Catalogue(leaves, names, tops, {r.code: r.rate_group for r in rows})


def grouped(leaves: list[Leaf]) -> Iterator[tuple[str, list[Leaf]]]:
    """Leaves under the names of their top categories, in order."""
    by_top: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        by_top.setdefault(leaf.top_name, []).append(leaf)
    return iter(by_top.items())


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def load() -> None:
    """Load the shipped catalogue. A row that the province has edited is left as it is."""
    known = set(Category.objects.values_list("code", flat=True))
    Category.objects.bulk_create(
        Category(
            position=position,
            **{
                key: value == "true" if value in ("true", "false") else value
                for key, value in row.items()
            },
        )
        for position, row in enumerate(_rows("categories.csv"))
        if row["code"] not in known
    )
    have = set(CategoryField.objects.values_list("category_id", "form", "field"))
    CategoryField.objects.bulk_create(
        CategoryField(
            category_id=row["category"],
            form=row["form"],
            field=row["field"],
            requirement=row["requirement"],
            condition=row["condition"],
        )
        for row in _rows("category_fields.csv")
        if (row["category"], row["form"], row["field"]) not in have
    )
    changed()
