"""The choices of school, department, class and major that filters offer within a scope."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection

from accounts.models import User
from schools.models import Department, School, SchoolClass
from schools.scope import Scope, scope_of, staff_of

Choices = Sequence[tuple[int | str, str]]
KINDS = ("school", "department", "school_class", "major")


def school_options(user: User) -> Choices:
    scope = scope_of(user)
    if scope is None or not scope.everything:
        return []
    return list(School.objects.values_list("pk", "name"))


def department_options(user: User) -> Choices:
    scope = scope_of(user)
    if scope is None or scope.everything:
        return []
    rows = Department.objects.filter(school_id=scope.own_school)
    if not scope.whole_school:
        of_classes = SchoolClass.objects.filter(pk__in=scope.classes).values("department_id")
        rows = rows.filter(pk__in=scope.departments) | rows.filter(pk__in=of_classes)
    return list(rows.values_list("id", "name"))


# One query instead of three, because every list page needs all of them.
_ALL_SQL = """
    SELECT 'department' AS kind, id::text AS value, name AS label, name AS sort FROM schools_department
    WHERE school_id = %(school)s AND (%(whole)s::bool OR id = ANY(%(departments)s::bigint[]) OR id IN (
        SELECT department_id FROM schools_schoolclass WHERE id = ANY(%(classes)s::bigint[])))
  UNION ALL
    (SELECT 'school_class', c.id::text,
            CASE WHEN %(department)s::bigint IS NULL THEN c.name || '（' || d.name || '）' ELSE c.name END,
            d.name || c.name
     FROM schools_schoolclass c JOIN schools_department d ON d.id = c.department_id
     WHERE c.school_id = %(school)s
       AND (%(department)s::bigint IS NULL OR c.department_id = %(department)s::bigint)
       AND (%(department)s::bigint IS NOT NULL OR %(year)s::int IS NOT NULL
            OR c.id = ANY(%(classes)s::bigint[])
            OR cardinality(%(classes)s::bigint[]) > 0 AND c.department_id = ANY(%(departments)s::bigint[]))
       AND (%(year)s::int IS NULL OR c.cohort_id IN (SELECT id FROM schools_cohort
            WHERE school_id = %(school)s AND year = %(year)s::int))
       AND (%(whole)s::bool OR c.department_id = ANY(%(departments)s::bigint[]) OR c.id = ANY(%(classes)s::bigint[]))
     ORDER BY d.name, c.name LIMIT 500)
  UNION ALL
    SELECT 'major', code, code || ' ' || name, code || ' ' || name FROM schools_major
    WHERE school_id = %(school)s
  ORDER BY kind, sort
"""


def list_options(user: User, department_id: int | None, year: int | None) -> dict[str, Choices]:
    """The choices of every filter for this member of staff, by the name of the filter. The classes are
    those of the department and year, or without a department all of the year. The province's lists
    are filtered by school."""
    scope, staff = scope_of(user), staff_of(user)
    if scope is not None and scope.everything:
        return dict.fromkeys(KINDS, ()) | {"school": school_options(user)}
    if scope is None or staff is None or staff.school is None:
        return dict.fromkeys(KINDS, ())
    return _of_school(staff.school.structure_stamp, scope, department_id, year)


@functools.lru_cache(maxsize=256)
def _of_school(
    stamp: int, scope: Scope, department_id: int | None, year: int | None
) -> dict[str, Choices]:
    """Cached in the process as long as the school's structure has this `stamp`."""
    return _read(
        _ALL_SQL,
        {
            "school": scope.school_id,
            "whole": scope.whole_school,
            "departments": sorted(scope.departments),
            "classes": sorted(scope.classes),
            "department": department_id,
            "year": year,
        },
    )


def _read(sql: str, values: dict[str, Any]) -> dict[str, Choices]:
    found: dict[str, Choices] = dict.fromkeys(KINDS, ())
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for kind, lines in groupby(cursor.fetchall(), key=itemgetter(0)):
            found[kind] = tuple((value, label) for _, value, label, _ in lines)
    return found
