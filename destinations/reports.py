"""毕业去向落实率 and its parts, by the ministry's definition (`data/rates.csv`).

A destination counts under its category once it is 初审通过 or 审核通过; until then it counts as
待就业 (70). The rate "as registered" counts categories that are not reviewed yet, too.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from destinations.catalogue import catalogue
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

    def codes(self) -> list[str]:
        return [code for top in self.tops for code in catalogue().codes_under(top)]


@functools.cache
def rates() -> dict[str, Rate]:
    with _DATA.open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    return {
        r["key"]: Rate(r["key"], r["name"], tuple(r["numerator_categories"].split(";")))
        for r in rows
        if r["key"] != "registered_rate"
    }


MAIN = ("employed_rate", "contract_rate", "startup_rate", "flexible_rate", "study_rate",
        "seeking_rate", "inactive_rate")  # fmt: skip


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


@dataclass
class RateRow:
    """One row of the table of rates: a school, department or major, or the total."""

    key: str
    label: str
    total: int
    counts: dict[str, int] = field(default_factory=dict)

    def percent(self, key: str) -> float:
        return round(100 * self.counts[key] / self.total, 2) if self.total else 0.0

    def cells(self) -> list[tuple[str, int, float]]:
        return [(key, self.counts[key], self.percent(key)) for key in (*MAIN, "registered")]


def rate_table(queryset: QuerySet[Any], *, by: str) -> list[RateRow]:
    """A row for each `school`, `department` or `major`, in one query.

    Majors are grouped by code, because schools write a major's name in more than one way, and
    because the list that a figure links to filters by code.
    """
    key, label = {
        "school": ("school_id", "school__name"),
        "department": ("graduate__department_id", "graduate__department__name"),
        "major": ("graduate__major_code", "graduate__major_name"),
    }[by]
    counts = {name: Count("pk", filter=_numerator(rates()[name])) for name in MAIN}
    rows = (
        counted(queryset)
        .values(key)
        .annotate(
            label=Min(label), total=Count("pk"), registered=Count("pk", filter=_registered()),
            **counts,
        )
        .order_by("label", key)
    )  # fmt: skip
    return [
        RateRow(
            key=str(r[key]),
            label=str(r["label"]),
            total=r["total"],
            counts={name: r[name] for name in (*MAIN, "registered")},
        )
        for r in rows
    ]


def total_row(rows: list[RateRow]) -> RateRow:
    """The row that sums up `rows`."""
    total = RateRow("", "合计", sum(row.total for row in rows))
    total.counts = {key: sum(row.counts[key] for row in rows) for key in (*MAIN, "registered")}
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
