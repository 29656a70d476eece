"""各校进度: how far each school of the province is with one year's graduates, in two queries."""

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

_ORIGIN_STATES = {
    "confirmed": Q(confirmation=Confirmation.CONFIRMED),
    "locked": Q(confirmation=Confirmation.LOCKED),
}


# What the page's other figures count; 落实率 is that of `destinations/reports.py`.
DEFINITIONS = (
    ("学生已确认、已锁定", "生源信息已由本人确认、已由学校锁定的 ÷ 全部生源（含不在籍的）"),
    ("已登记、未登记", "已有、没有去向登记的（不论是否审核）÷ N"),
    ("审核通过", "学校终审通过的去向 ÷ N；只通过初审的计入落实率，不计入这一列"),
)


@dataclass
class SchoolProgress:
    """The counts of one school, or of all schools together (`school_id` None).

    In `counts`, "origins" is the number of all origin records, "total" the number of those that
    count in figures; the other keys are counted among one of these two.
    """

    school_id: int | None
    label: str
    has_cohort: bool = True
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, key: str) -> int:
        return self.counts.get(key, 0)

    def percent(self, key: str) -> float:
        whole = self.count("origins" if key in _ORIGIN_STATES else "total")
        return reports.percent(self.count(key), whole)

    def cells(self) -> dict[str, tuple[int, float]]:
        keys = ("confirmed", "locked", "registered", "approved", "employed_rate")
        return {key: (self.count(key), self.percent(key)) for key in keys}


def progress_by_school(user: User, year: int) -> list[SchoolProgress]:
    """Every school that the user sees, schools without a single graduate included."""
    cohorts = dict(Cohort.objects.filter(year=year).values_list("id", "school_id"))
    schools = schools_visible_to(user).filter(is_open=True) | schools_visible_to(user).filter(
        pk__in=cohorts.values()
    )
    with_cohort = set(cohorts.values())
    by_school = {
        pk: SchoolProgress(pk, name, has_cohort=pk in with_cohort)
        for pk, name in schools.values_list("id", "name").order_by("code")
    }
    counted = (
        *_count_origins(user, list(cohorts)),
        *_count_destinations(user, list(cohorts)),
    )
    for counts in counted:
        school_id = counts.pop("school_id")
        if school_id in by_school:
            by_school[school_id].counts |= counts
    return list(by_school.values())


def total_progress(schools: list[SchoolProgress]) -> SchoolProgress:
    """The counts of all `schools` together."""
    total = SchoolProgress(None, "合计")
    for school in schools:
        for key, n in school.counts.items():
            total.counts[key] = total.count(key) + n
    return total


def _count_origins(user: User, cohorts: list[int]) -> list[dict[str, Any]]:
    rows = visible_to(Graduate.objects.all(), user).filter(cohort_id__in=cohorts)
    counts = {key: Count("pk", filter=q) for key, q in _ORIGIN_STATES.items()}
    grouped = rows.order_by().values("school_id").annotate(origins=Count("pk"), **counts)
    return [dict(row) for row in grouped]


def _count_destinations(user: User, cohorts: list[int]) -> list[dict[str, Any]]:
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
