"""毕业去向落实率 and its parts, by the ministry's definition (`data/rates.csv`).

A destination counts under its category once it is 初审通过 or 审核通过; until then it counts as
待就业 (70). The rate "as registered" counts categories that are not reviewed yet, too.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet

from destinations.catalogue import catalogue
from destinations.dimensions import DIMENSIONS, NONE
from destinations.states import APPROVED, State
from graduates.states import Standing

_DATA = Path(__file__).parent / "data" / "rates.csv"
_SEEKING = "70"
_INCOMPLETE = "J"


@dataclass(frozen=True)
class Rate:
    """One rate. `tops` are the codes of the top categories that its numerator counts."""

    key: str
    name: str
    tops: tuple[str, ...]
    formula: str

    def codes(self) -> list[str]:
        return [code for top in self.tops for code in catalogue().codes_under(top)]


@functools.cache
def rates() -> dict[str, Rate]:
    with _DATA.open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    return {
        r["key"]: Rate(
            r["key"], r["name"], tuple(r["numerator_categories"].split(";")), r["formula"]
        )
        for r in rows
        if r["key"] != "registered_rate"
    }


MAIN = ("employed_rate", "contract_rate", "startup_rate", "flexible_rate", "study_rate",
        "seeking_rate", "inactive_rate")  # fmt: skip


FIGURES = (*MAIN, "registered")
# What the whole of the graduates who count is made of, without the rest that adds up to the main rate.
PARTS = (
    "contract_rate",
    "startup_rate",
    "flexible_rate",
    "study_rate",
    "seeking_rate",
    "inactive_rate",
)
SETTLED = PARTS[:4]
AS_REGISTERED = "按登记落实"


def name_of(key: str) -> str:
    return AS_REGISTERED if key == "registered" else rates()[key].name


BASE = "N为纳入统计的毕业生：本届在籍的毕业生；结业生按届别设置计入或不计入。"
BASIS = "去向经初审或终审通过才按其类别计入，其余（未登记、待审核、未通过）计为待就业。"


def definition(key: str) -> str:
    """The formula of a figure, in words."""
    if key == "registered":
        return "已登记且未被退回、类别属于落实的毕业生（不论是否审核）÷ N"
    if key == "employed_rate":
        return f"{rates()[key].formula}；即审核通过的落实去向 ÷ N"
    names = catalogue().names
    tops = "、".join(names[top] for top in rates()[key].tops if top in names)
    also = "，以及去向尚未审核通过的" if _SEEKING in rates()[key].tops else ""
    return f"去向为{tops}的毕业生{also} ÷ N"


def definitions() -> list[tuple[str, str]]:
    """Every figure with its formula."""
    return [(name_of(key), definition(key)) for key in FIGURES]


def rate_choices() -> list[tuple[int | str, str]]:
    """The choices of the list's filter: all who are counted, or the numerator of one rate."""
    numerators: list[tuple[int | str, str]] = [(k, f"{rates()[k].name}·分子") for k in MAIN]
    return [("total", "纳入统计的毕业生"), *numerators, ("registered", "按登记已落实")]


def counted(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """The denominator: who is 在籍. The cohort's setting says whether 结业生 are counted."""
    rows = queryset.filter(graduate__standing=Standing.ENROLLED)
    return rows.exclude(graduate__conclusion=_INCOMPLETE, cohort__count_incomplete=False)


def _numerator(rate: Rate) -> Q:
    inside = Q(state__in=APPROVED, category__in=rate.codes())
    if _SEEKING in rate.tops:
        return inside | ~Q(state__in=APPROVED)
    return inside


def rows_behind(queryset: QuerySet[Any], key: str) -> QuerySet[Any]:
    """The destinations that a figure counts: "total", "registered", or the key of a rate."""
    rows = counted(queryset)
    if key == "registered":
        return rows.filter(_registered())
    rate = rates().get(key)
    return rows.filter(_numerator(rate)) if rate else rows


def _registered() -> Q:
    return Q(category__in=rates()["employed_rate"].codes()) & ~Q(state=State.REJECTED)


def percent(part: int, whole: int) -> float:
    """Per cent with two decimals, halves up; 0 of nothing. Every page of figures rounds here."""
    return (20_000 * part + whole) // (2 * whole) / 100 if whole else 0.0


@dataclass
class RateRow:
    """One row of the table of rates: a school, department, region …, or the total."""

    key: str
    label: str
    total: int
    counts: dict[str, int] = field(default_factory=dict)

    def percent(self, key: str) -> float:
        return percent(self.counts[key], self.total)

    def add(self, counts: dict[str, Any]) -> None:
        self.total += counts["total"]
        for key in FIGURES:
            self.counts[key] = self.counts.get(key, 0) + counts[key]

    def cells(self) -> list[tuple[str, int, float]]:
        return [(key, self.counts[key], self.percent(key)) for key in FIGURES]


def rate_table(queryset: QuerySet[Any], *, by: str) -> list[RateRow]:
    """A row for each value of a dimension (`destinations/dimensions.py`), in one query."""
    dimension = DIMENSIONS[by]
    rows = counted(queryset)
    if dimension.of_settled:
        rows = rows.filter(numerator("employed_rate"))
    name = {"label": Min(dimension.name)} if dimension.name else {}
    grouped = (
        rows.order_by()
        .values(group=F(dimension.field) if isinstance(dimension.field, str) else dimension.field)
        .annotate(**name, **_counts())
    )
    found: dict[str, RateRow] = {}
    for counts in grouped:
        key = dimension.key_of(str(counts["group"] or ""))
        label = str(counts.get("label") or dimension.words(key))
        found.setdefault(key, RateRow(key, label, 0)).add(counts)
    return sorted(found.values(), key=lambda row: (row.key == NONE, row.label, row.key))


def _counts() -> dict[str, Count]:
    counts = {name: Count("pk", filter=_numerator(rates()[name])) for name in MAIN}
    return {"total": Count("pk"), "registered": Count("pk", filter=_registered()), **counts}


def whole_of(queryset: QuerySet[Any]) -> RateRow:
    """The row of all of them, in one query."""
    row = RateRow("", "合计", 0)
    row.add(counted(queryset).aggregate(**_counts()))
    return row


def total_row(rows: Iterable[RateRow]) -> RateRow:
    """The row that sums up `rows`."""
    total = RateRow("", "合计", 0, dict.fromkeys(FIGURES, 0))
    for row in rows:
        total.add({"total": row.total, **row.counts})
    return total


def numerator(key: str) -> Q:
    """The condition for being in a rate's numerator, for tables that count several things in one
    query."""
    return _numerator(rates()[key])


def origin_confirmed() -> Q:
    """The condition that the origin record was confirmed or is locked."""
    return Q(graduate__confirmed_at__isnull=False) | Q(graduate__confirmation="locked")


def is_registered() -> Q:
    return ~Q(state=State.UNSUBMITTED)


def progress_counts(queryset: QuerySet[Any]) -> dict[str, int]:
    """How many graduates are counted, how many of them confirmed the origin record or have it
    locked, how many registered, and how many destinations each level has approved."""
    return counted(queryset).aggregate(
        total=Count("pk"),
        confirmed=Count("pk", filter=origin_confirmed()),
        registered=Count("pk", filter=is_registered()),
        department=Count("pk", filter=Q(state__in=APPROVED)),
        school=Count("pk", filter=Q(state=State.SCHOOL_APPROVED)),
    )
