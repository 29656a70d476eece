"""The scope: which rows a staff member sees. Every query that staff can cause starts here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Model, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from accounts.models import Realm, User
from codes import lookup
from core.db.lookups import LookUp
from schools.models import ListChoice, School, StaffMember
from schools.roles import Level, roles_at

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Scope:
    """A staff member's scope as plain ids. None means that this dimension has no limit."""

    role_level: str
    school_id: int | None
    cohorts: frozenset[int] | None
    levels: frozenset[str] | None
    departments: frozenset[int]
    classes: frozenset[int]

    @property
    def own_school(self) -> int:
        """Primary key of the school; 0, which no school has, for the province."""
        return self.school_id or 0

    @property
    def whole_school(self) -> bool:
        return self.role_level == Level.SCHOOL

    @property
    def everything(self) -> bool:
        return self.role_level == Level.PROVINCE

    @property
    def is_empty(self) -> bool:
        """Whether the scope has no cohort, or neither departments nor classes."""
        if self.everything or self.whole_school:
            return False
        return not self.cohorts or not (self.departments or self.classes)

    def includes(
        self, *, cohort_id: int, level: str, department_id: int, school_class_id: int
    ) -> bool:
        """Whether a graduate of the own school with these values is inside: what `visible_to` asks
        of rows, asked of one that is not stored yet."""
        if self.everything or self.whole_school:
            return True
        if cohort_id not in (self.cohorts or ()):
            return False
        if self.levels is not None and level not in self.levels:
            return False
        return department_id in self.departments or school_class_id in self.classes


def _staff_with_choices(pk: int) -> QuerySet[StaffMember]:
    """The staff row, and what the person has chosen for each list, as an array of JSON texts."""
    choices = ListChoice.objects.filter(user=OuterRef("pk")).order_by("pk")
    chosen = choices.values(chosen=JSONObject(key="list_key", columns="columns", size="size"))
    rows = StaffMember.objects.filter(user_id=pk)
    return rows.annotate(list_choices=ArraySubquery(chosen))


_STAFF = LookUp(_staff_with_choices, related=("school",), annotations=("list_choices",))


def staff_of(user: User) -> StaffMember | None:
    """The user's staff row with its school, read once a request."""
    if user.realm != Realm.STAFF:
        return None
    if not hasattr(user, "_staff"):
        staff = _STAFF.first(user.pk)
        user._staff = staff  # type: ignore[attr-defined]
        if staff is not None:  # so that templates' `user.staff` asks nothing again
            staff.user = user
    return user._staff  # type: ignore[attr-defined]


def scope_of(user: User) -> Scope | None:
    """The user's scope, read once a request; None if the user is no staff."""
    if not hasattr(user, "_scope"):
        user._scope = _read_scope(staff_of(user))  # type: ignore[attr-defined]
    return user._scope  # type: ignore[attr-defined]


def _read_scope(staff: StaffMember | None) -> Scope | None:
    if staff is None:
        return None
    if staff.school is not None and not staff.school.is_open:
        return Scope(Level.CLASS, staff.school_id, frozenset(), None, frozenset(), frozenset())
    if staff.role_level in (Level.PROVINCE, Level.SCHOOL):
        return Scope(staff.role_level, staff.school_id, None, None, frozenset(), frozenset())
    levels = frozenset(lookup.levels_of_group(staff.levels)) if staff.levels else None
    return Scope(
        staff.role_level,
        staff.school_id,
        frozenset(staff.cohorts.values_list("id", flat=True)),
        levels,
        frozenset(staff.departments.values_list("id", flat=True)),
        frozenset(staff.classes.values_list("id", flat=True)),
    )


def visible_to(queryset: QuerySet[M], user: User, *, graduate: str = "") -> QuerySet[M]:
    """The rows of `queryset` that `user` may see.

    `graduate` is the path from the model to the graduate ("" for Graduate itself); school and
    cohort are taken from the model's own columns, which lists filter by.
    """
    scope = scope_of(user)
    if scope is None or scope.is_empty:
        return queryset.none()
    if scope.everything:
        return queryset
    queryset = queryset.filter(school_id=scope.school_id)
    if scope.whole_school:
        return queryset
    prefix = f"{graduate}__" if graduate else ""
    queryset = queryset.filter(cohort_id__in=sorted(scope.cohorts or ()))
    if prefix:
        # Redundant filter, so that the planner uses the school index.
        queryset = queryset.filter(**{f"{prefix}school_id": scope.school_id})
    if scope.levels is not None:
        queryset = queryset.filter(**{f"{prefix}level__in": sorted(scope.levels)})
    inside = Q()
    if scope.departments:
        inside |= Q(**{f"{prefix}department_id__in": sorted(scope.departments)})
    if scope.classes:
        inside |= Q(**{f"{prefix}school_class_id__in": sorted(scope.classes)})
    return queryset.filter(inside)


def responsible_staff_ids(
    *, school_id: int, cohort_id: int, level: str, department_id: int, school_class_id: int
) -> list[int]:
    """Primary keys of the counsellors' and department admins' accounts whose scope includes a
    graduate with these values: the opposite question to `visible_to`."""
    rows = StaffMember.objects.filter(
        Q(departments=department_id) | Q(classes=school_class_id),
        school_id=school_id, cohorts=cohort_id, user__is_active=True,
        role__in=roles_at(Level.CLASS, Level.DEPARTMENT),
    )  # fmt: skip
    found = rows.values_list("user_id", "levels").order_by("user_id").distinct()
    return [
        user_id
        for user_id, groups in found
        if not groups or level in lookup.levels_of_group(groups)
    ]


def schools_visible_to(user: User) -> QuerySet[School]:
    scope = scope_of(user)
    if scope is None:
        return School.objects.none()
    if scope.everything:
        return School.objects.all()
    return School.objects.filter(pk=scope.own_school)
