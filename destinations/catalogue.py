"""The catalogue of destinations, which forms, rules, imports, help pages and figures all read.

It is stored as rows (`Category`, `CategoryField`) that the province edits in the console. Each
process keeps a copy, and reads the rows again when the version in the cache has changed.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.core.cache import cache

from core.models import Event
from destinations.fields import (
    BY_KEY,
    EVIDENCE,
    FORM_CATEGORY,
    KEYS,
    OF_STUDIES,
    DestinationField,
)
from destinations.models import Category, CategoryField, MinimumWage, Requirement, is_seeking

DATA = Path(__file__).parent / "data"
_VERSION_KEY = "catalogue-version"
_CHECK_EVERY = 2.0  # seconds
_STUDIES = "升学"  # a rate group


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
    # (form, field) → requirement or note; the form "" stands for the category itself.
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

    def declared(self, field: str) -> DestinationField:
        """The declaration of a field under the name that it has in this category."""
        own = OF_STUDIES.get(field) if self.rate_group == _STUDIES else None
        return own or BY_KEY[field]

    def note(self, field: str, form: str = "") -> str:
        return self.notes.get((form, field)) or self.notes.get(("", field), "")

    def shown(self, form: str = "") -> list[str]:
        return [key for key, _ in self.asked_fields(form)]

    def asked_fields(self, form: str = "") -> tuple[tuple[str, bool], ...]:
        """The fields shown, each with whether it must be filled in. Every check of a record needs
        them, and a leaf never changes, so they are kept once they were worked out."""
        if form not in self._asked:
            wanted = [(key, self.requirement(key, form)) for key in KEYS]
            self._asked[form] = tuple(
                (key, asked == Requirement.REQUIRED)
                for key, asked in wanted
                if asked != Requirement.HIDDEN
            )
        return self._asked[form]

    def needs_evidence(self, form: str = "") -> bool:
        return self.takes_evidence and self.requirement(EVIDENCE, form) == Requirement.REQUIRED

    @property
    def takes_evidence(self) -> bool:
        return not is_seeking(self.code)


@dataclass(frozen=True)
class Catalogue:
    leaves: dict[str, Leaf]
    names: dict[str, str]
    tops: dict[str, str]  # category → top category, legacy ones included
    groups: dict[str, str]  # category → rate group

    def for_graduates(self) -> list[Leaf]:
        return [leaf for leaf in self.leaves.values() if leaf.for_graduates]

    def by_text(self, text: str) -> Leaf | None:
        """The leaf with this code, name or "top · name"; None if there is none, or more than
        one."""
        text = text.strip()
        if text in self.leaves:
            return self.leaves[text]
        named = [leaf for leaf in self.leaves.values() if text in (leaf.name, leaf.label)]
        return named[0] if len(named) == 1 else None

    def label_of(self, code: str) -> str:
        """The words for a category in workbooks; the code itself if it is unknown."""
        leaf = self.leaves.get(code)
        return leaf.label if leaf else self.names.get(code, code)

    def codes_under(self, top: str) -> list[str]:
        return [code for code, t in self.tops.items() if t == top]


@dataclass
class _Copy:
    """The catalogue as this process read it last."""

    catalogue: Catalogue | None = None
    version: int | None = None
    checked_at: float = 0.0  # by the monotonic clock


_copy = _Copy()


def catalogue() -> Catalogue:
    """The present catalogue. Asks the cache for its version at most every two seconds."""
    now = time.monotonic()
    if _copy.catalogue is None or now - _copy.checked_at > _CHECK_EVERY:
        version = cache.get(_VERSION_KEY)
        if _copy.catalogue is None or version != _copy.version:
            _copy.catalogue, _copy.version = _read_catalogue(), version
        _copy.checked_at = now
    return _copy.catalogue


def announce_change() -> None:
    """Make every process read the catalogue again. Call it after a row was changed."""
    cache.set(_VERSION_KEY, time.time_ns(), None)
    _copy.catalogue = None


def _read_catalogue() -> Catalogue:
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
        settings = fields.get(row.code, [])
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
            # A form's row without a requirement was set back to that of the category.
            requirements={(f.form, f.field): f.requirement for f in settings if f.requirement},
            notes={(f.form, f.field): f.condition for f in settings if f.condition},
        )
    tops = {r.code: r.parent_code or r.code for r in rows}
    return Catalogue(leaves, names, tops, {r.code: r.rate_group for r in rows})


def group_by_top(leaves: list[Leaf]) -> Iterator[tuple[str, list[Leaf]]]:
    """(name of the top category, its leaves) in the order of the leaves."""
    by_top: dict[str, list[Leaf]] = {}
    for leaf in leaves:
        by_top.setdefault(leaf.top_name, []).append(leaf)
    return iter(by_top.items())


def _shipped_rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def load_shipped_wages() -> None:
    """Add the shipped minimum wages of the regions that have none. Where the province keeps its own,
    or has deleted the shipped ones, nothing is added again."""
    edited = Event.objects.filter(action__in=("destinations.wage_add", "destinations.wage_delete"))
    if edited.exists():
        return
    known = set(MinimumWage.objects.values_list("division", "valid_from"))
    rows = [
        row | {"valid_from": date.fromisoformat(row["valid_from"])}
        for row in _shipped_rows("minimum_wages.csv")
    ]
    MinimumWage.objects.bulk_create(
        MinimumWage(**row) for row in rows if (row["division"], row["valid_from"]) not in known
    )


def load_shipped_catalogue() -> None:
    """Add the rows of the shipped catalogue that are missing. Existing rows stay as they are,
    because the province may have edited them."""
    known = set(Category.objects.values_list("code", flat=True))
    Category.objects.bulk_create(
        Category(
            position=position,
            **{
                key: value == "true" if value in ("true", "false") else value
                for key, value in row.items()
            },
        )
        for position, row in enumerate(_shipped_rows("categories.csv"))
        if row["code"] not in known
    )
    stored = set(CategoryField.objects.values_list("category_id", "form", "field"))
    CategoryField.objects.bulk_create(
        CategoryField(
            category_id=row["category"],
            form=row["form"],
            field=row["field"],
            requirement=row["requirement"],
            condition=row["condition"],
        )
        for row in _shipped_rows("category_fields.csv")
        if (row["category"], row["form"], row["field"]) not in stored
    )
    announce_change()
