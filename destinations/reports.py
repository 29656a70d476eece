"""毕业去向落实率 and its parts, by the ministry's definition (`data/rates.csv`).

A category counts only when 初审通过 or 审核通过; everything else counts as 待就业 (70). The rate
"as registered" takes categories as they stand.
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
    """One rate: `tops` are the top categories in its numerator."""

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


def choices() -> list[tuple[int | str, str]]:
    """What the list filter offers: the whole and the numerator of each rate."""
    named: list[tuple[int | str, str]] = [(key, f"{rates()[key].name}·分子") for key in MAIN]
    return [("total", "纳入统计的毕业生"), *named, ("registered", "按登记已落实")]


def counted(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """The denominator: 在籍; 结业生 as the cohort's setting says."""
    rows = queryset.filter(graduate__standing=Standing.ENROLLED)
    return rows.exclude(graduate__conclusion=_INCOMPLETE, cohort__count_incomplete=False)


def _numerator(rate: Rate) -> Q:
    inside = Q(state__in=APPROVED, category__in=rate.codes())
    if _SEEKING in rate.tops:
        return inside | ~Q(state__in=APPROVED)
    return inside


def rows_behind(queryset: QuerySet[Any], key: str) -> QuerySet[Any]:
    """The destinations a figure counts: `total`, `registered`, or a rate's numerator."""
    rows = counted(queryset)
    if key == "registered":
        return rows.filter(_registered())
    rate = rates().get(key)
    return rows.filter(_numerator(rate)) if rate else rows


def _registered() -> Q:
    return Q(category__in=rates()["employed_rate"].codes()) & ~Q(state=State.REJECTED)


@dataclass
class Line:
    """One line of the table: a department or a major."""

    key: str
    label: str
    total: int
    counts: dict[str, int] = field(default_factory=dict)

    def percent(self, key: str) -> float:
        return round(100 * self.counts[key] / self.total, 2) if self.total else 0.0

    def cells(self) -> list[tuple[str, int, float]]:
        return [(key, self.counts[key], self.percent(key)) for key in (*MAIN, "registered")]


def table(queryset: QuerySet[Any], *, by: str) -> list[Line]:
    """Lines by `school`, `department` or `major`, one query. A major goes by its code, as the
    filter of the list behind it does; schools write its name in more than one way."""
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
        Line(
            key=str(r[key]),
            label=str(r["label"]),
            total=r["total"],
            counts={name: r[name] for name in (*MAIN, "registered")},
        )
        for r in rows
    ]


def total(lines: list[Line]) -> Line:
    whole = Line("", "合计", sum(line.total for line in lines))
    whole.counts = {key: sum(line.counts[key] for line in lines) for key in (*MAIN, "registered")}
    return whole


def numerator(key: str) -> Q:
    """One rate's condition, for tables that count several things in one query."""
    return _numerator(rates()[key])


def progress(queryset: QuerySet[Any]) -> dict[str, int]:
    """How far a set of destinations is: total, confirmed, registered, approved by each level."""
    confirmed = Q(graduate__confirmed_at__isnull=False) | Q(graduate__confirmation="locked")
    return counted(queryset).aggregate(
        total=Count("pk"),
        confirmed=Count("pk", filter=confirmed),
        registered=Count("pk", filter=~Q(state=State.UNSUBMITTED)),
        department=Count("pk", filter=Q(state__in=APPROVED)),
        school=Count("pk", filter=Q(state=State.SCHOOL_APPROVED)),
    )
