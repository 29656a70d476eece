"""帮扶统计: how many are listed, have a plan, were helped, got what the quota says, have a destination.

Everybody is counted once, also with two groups; only the table by group counts a person in each of
theirs. "Listed" and "has a record" stand apart. Nobody is ranked and no aim is set (三不得).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from accounts.models import User
from codes import lookup
from destinations.reports import percent
from schools.current_cohort import cohort_ids
from schools.scope import scope_of
from support import queries
from support.models import Listing
from support.states import ListingState

# Heading of each number, its key, and the query of the list that it counts.
COUNTS: tuple[tuple[str, str, str], ...] = (
    ("在册", "listed", ""),
    ("有方案", "planned", "plan=yes"),
    ("有记录", "helped", "record=yes"),
    ("未落实去向", "open", "outcome=no"),
    ("其中达标", "met", "outcome=no&quota=met"),
    ("已落实去向", "settled", "outcome=yes"),
)
# Name, numerator, denominator, formula.
RATES: tuple[tuple[str, str, str, str], ...] = (
    ("建档率", "planned", "listed", "有帮扶方案的人数 ÷ 在册人数"),
    ("覆盖率", "helped", "listed", "至少有一条有效记录的人数 ÷ 在册人数"),
    ("达标率", "met", "open", "未落实去向且帮扶达到标准的人数 ÷ 在册且未落实去向的人数"),
    ("群体落实率", "settled", "listed", "去向已审核通过并属于落实的人数 ÷ 在册人数"),
)


@dataclass
class Line:
    """The numbers of one school, department or group; `query` narrows the list to it."""

    label: str
    query: str
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def cells(self) -> list[tuple[int, str]]:
        """(number, query of the list that it counts)."""
        return [
            (self.counts.get(key, 0), "&".join(filter(None, (self.query, wanted))))
            for _, key, wanted in COUNTS
        ]

    @property
    def rates(self) -> list[str]:
        return [
            f"{percent(self.counts.get(part, 0), self.counts[whole]):.2f}%"
            if self.counts.get(whole)
            else "—"
            for _, part, whole, _ in RATES
        ]


@dataclass(frozen=True)
class Grouping:
    """What the table is grouped by: the fields of key and name, and the parameter of the list."""

    key: str
    label: str
    fields: tuple[str, str]
    parameter: str


SCHOOL = Grouping("school", "学校", ("school_id", "school__name"), "school")
DEPARTMENT = Grouping(
    "department", "院系", ("graduate__department_id", "graduate__department__name"), "department"
)
GROUP = Grouping("group", "类型", ("", ""), "group")


def groupings(user: User) -> list[Grouping]:
    """What this person may group by."""
    scope = scope_of(user)
    return [SCHOOL if scope is not None and scope.everything else DEPARTMENT, GROUP]


def listed_in(user: User, year: int) -> QuerySet[Listing]:
    rows = queries.listings_for(user).filter(state=ListingState.LISTED)
    return rows.filter(cohort_id__in=cohort_ids(user, year)).order_by()


def figures(user: User, year: int, by: Grouping) -> tuple[list[Line], Line]:
    """The lines, and the sum in which everybody is counted once."""
    rows = listed_in(user, year)
    counts = _counts(rows)
    total = Line("合计（每人只计一次）", "", _with_open(rows.aggregate(**counts)))
    if by.key == GROUP.key:
        return list(_by_group(rows, counts)), total
    key, name = by.fields
    found = rows.values(key, name).annotate(**counts).order_by(name, key)
    return [
        Line(row[name], f"{by.parameter}={row[key]}", _with_open({k: row[k] for k in counts}))
        for row in found
    ], total


def _by_group(rows: QuerySet[Listing], counts: dict[str, Any]) -> Iterable[Line]:
    for code, name in lookup.table("support_group").names.items():
        found = rows.filter(groups__contains=[code]).aggregate(**counts)
        if found["listed"]:
            yield Line(name, f"{GROUP.parameter}={code}", _with_open(found))


def _with_open(counts: dict[str, int]) -> dict[str, int]:
    """The counts with those who have no destination yet."""
    return counts | {"open": counts["listed"] - counts["settled"]}


def _counts(rows: QuerySet[Listing]) -> dict[str, Count]:
    settled, met = queries.has_outcome(), queries.quota_met(rows)
    return {
        "listed": Count("pk"),
        "planned": Count("pk", filter=Q(queries.has_plan())),
        "helped": Count("pk", filter=queries.with_record(rows)),
        "met": Count("pk", filter=~settled & met),
        "settled": Count("pk", filter=settled),
    }
