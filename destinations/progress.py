"""各校进度: how far each school of the province is in one year, two queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q

from accounts.models import User
from destinations import reports
from destinations.models import Destination
from destinations.states import State
from graduates.models import Graduate
from graduates.states import Confirmation
from schools.models import Cohort
from schools.scope import schools_visible_to, visible_to

_ORIGINS = {
    "confirmed": Q(confirmation=Confirmation.CONFIRMED),
    "locked": Q(confirmation=Confirmation.LOCKED),
}


@dataclass
class Line:
    """One school. `origins` are all origin records, `total` those that count in figures."""

    school_id: int | None
    label: str
    has_cohort: bool = True
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, key: str) -> int:
        return self.counts.get(key, 0)

    def percent(self, key: str) -> float:
        whole = self.count("origins" if key in _ORIGINS else "total")
        return round(100 * self.count(key) / whole, 2) if whole else 0.0

    def cells(self) -> dict[str, tuple[int, float]]:
        keys = ("confirmed", "locked", "registered", "approved", "employed_rate")
        return {key: (self.count(key), self.percent(key)) for key in keys}


def lines(user: User, year: int) -> list[Line]:
    """Every school in sight, those without a single graduate too, and their sum at the end."""
    cohorts = dict(Cohort.objects.filter(year=year).values_list("id", "school_id"))
    schools = schools_visible_to(user).filter(is_open=True) | schools_visible_to(user).filter(
        pk__in=cohorts.values()
    )
    found = {
        pk: Line(pk, name, has_cohort=pk in set(cohorts.values()))
        for pk, name in schools.values_list("id", "name").order_by("code")
    }
    for counts in (*_origins(user, list(cohorts)), *_destinations(user, list(cohorts))):
        school_id = counts.pop("school_id")
        if school_id in found:
            found[school_id].counts |= counts
    return list(found.values())


def total(rows: list[Line]) -> Line:
    whole = Line(None, "合计")
    for line in rows:
        for key, n in line.counts.items():
            whole.counts[key] = whole.count(key) + n
    return whole


def _origins(user: User, cohorts: list[int]) -> list[dict[str, Any]]:
    rows = visible_to(Graduate.objects.all(), user).filter(cohort_id__in=cohorts)
    counts = {key: Count("pk", filter=q) for key, q in _ORIGINS.items()}
    grouped = rows.order_by().values("school_id").annotate(origins=Count("pk"), **counts)
    return [dict(row) for row in grouped]


def _destinations(user: User, cohorts: list[int]) -> list[dict[str, Any]]:
    rows = visible_to(Destination.objects.all(), user, graduate="graduate")
    rows = reports.counted(rows.filter(cohort_id__in=cohorts))
    grouped = (
        rows.order_by()
        .values("school_id")
        .annotate(
            total=Count("pk"),
            registered=Count("pk", filter=~Q(state=State.UNSUBMITTED)),
            approved=Count("pk", filter=Q(state=State.SCHOOL_APPROVED)),
            employed_rate=Count("pk", filter=reports.numerator("employed_rate")),
        )
    )
    return [dict(row) | {"unregistered": row["total"] - row["registered"]} for row in grouped]
