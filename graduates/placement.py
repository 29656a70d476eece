"""Where a record may be put: the cohorts, departments and classes that a form offers, and the check of
the action that nobody moves a graduate out of their own scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

from django.db.models import Q

from accounts.models import User
from core.audit import Actor
from core.errors import Invalid
from graduates.fields import BY_KEY
from graduates.models import Graduate
from schools.models import Cohort, Department, Phase, SchoolClass
from schools.scope import Scope, scope_of

Choices = Sequence[tuple[Any, Any]]
# The fields that decide together who sees a record.
DECIDING = ("department", "school_class", "level")


def _limit_of(by: User | Actor | None) -> Scope | None:
    """The scope of a counsellor or department admin; None for everybody else, such as graduates whom
    their school lets choose the class, and the platform itself."""
    scope = scope_of(by) if isinstance(by, User) else None
    return None if scope is None or scope.whole_school or scope.everything else scope


def cohort_choices(school_id: int) -> Choices:
    return [(str(c.year), str(c)) for c in open_cohorts(school_id)]


def open_cohorts(school_id: int) -> list[Cohort]:
    """The cohorts that take graduates: those that are not sealed, newest first."""
    rows = Cohort.objects.filter(school_id=school_id)
    return [c for c in rows if c.phase() != Phase.SEALED]


def department_choices(school_id: int, by: User | None = None, *, current: str = "") -> Choices:
    """The active departments into which `by` may put a graduate, and the `current` one."""
    rows, limit = Department.objects.filter(school_id=school_id, is_active=True), _limit_of(by)
    if limit is not None:
        inside = Q(pk__in=limit.departments) | Q(classes__in=limit.classes)
        rows = rows.filter(inside).distinct()
    names = list(rows.values_list("name", flat=True))
    return [(n, n) for n in ([] if current in names or not current else [current]) + names]


def class_choices(
    cohorts: Collection[Cohort], by: User | None = None, *, first: tuple[str, str] = ("", "")
) -> Choices:
    """The classes of `cohorts` into which `by` may put a graduate, in groups by department. Classes of
    several departments may have one name; the group of `first` (year, department) comes first, so that
    the page shows the class of the department that is chosen."""
    rows, limit = SchoolClass.objects.filter(cohort__in=cohorts), _limit_of(by)
    if limit is not None:
        inside = Q(department__in=limit.departments) | Q(pk__in=limit.classes)
        rows = rows.filter(inside)
    keys = ("cohort__year", "department__name", "name")
    found = sorted(
        rows.values_list(*keys), key=lambda r: ((str(r[0]), r[1]) != first, -r[0], r[1], r[2])
    )
    several = len(cohorts) > 1
    return [
        (f"{year}届 {department}" if several else department, [(name, name) for *_, name in group])
        for (year, department), group in groupby(found, key=lambda r: (r[0], r[1]))
    ]


def level_choices(by: User, *, current: str = "") -> Choices | None:
    """The levels of education that `by` may give; None if all of them."""
    limit = _limit_of(by)
    if limit is None or limit.levels is None:
        return None
    every = BY_KEY["level"].choices() or ()
    return [(code, word) for code, word in every if code in limit.levels or code == current]


def refuse_outside(graduate: Graduate, changed: Collection[str], by: User | Actor) -> None:
    """Raise `Invalid` at the field that has put the changed graduate outside the scope of `by`."""
    limit, moved = _limit_of(by), [key for key in DECIDING if key in changed]
    if limit is None or not moved or limit.includes(
        cohort_id=graduate.cohort_id, level=graduate.level,
        department_id=graduate.department_id, school_class_id=graduate.school_class_id,
    ):  # fmt: skip
        return
    key = _culprit(graduate, moved, limit)
    label = BY_KEY[key].label
    raise Invalid(
        {
            key: [
                f"{label}改为“{_words(graduate, key)}”后，此人就不在您负责的范围内了。"
                f"请选择您范围内的{label}；确需更改的，请学校系统管理员办理。"
            ]
        },
        code="outside_scope",
    )


def _culprit(graduate: Graduate, moved: list[str], limit: Scope) -> str:
    if "level" in moved and limit.levels is not None and graduate.level not in limit.levels:
        return "level"
    of_classes = SchoolClass.objects.filter(pk__in=limit.classes).values("department_id")
    known = Department.objects.filter(Q(pk__in=limit.departments) | Q(pk__in=of_classes))
    inside = known.filter(pk=graduate.department_id).exists()
    return "school_class" if inside and "school_class" in moved else moved[0]


def _words(graduate: Graduate, key: str) -> str:
    if key == "level":
        return BY_KEY[key].show(graduate.level)
    return str(getattr(graduate, key).name)
