"""Staff roles and their levels.

Code asks for the level of a staff member, never for the name of the role, so that a new role is
one new entry in `Role` and `LEVELS`. Which level has which permission is declared in each app's
`contributions.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models


class Role(models.TextChoices):
    COUNSELLOR = "counsellor", "辅导员"
    DEPARTMENT_ADMIN = "department_admin", "院系管理员"
    SCHOOL_ADMIN = "school_admin", "学校系统管理员"
    PROVINCE = "province", "省级管理员"


class Level(models.TextChoices):
    """What a role works on: single classes, departments, a whole school, or all schools."""

    CLASS = "class", "辅导员"
    DEPARTMENT = "department", "院系管理员"
    SCHOOL = "school", "学校系统管理员"
    PROVINCE = "province", "省级管理员"


LEVELS: Mapping[str, Level] = {
    Role.COUNSELLOR: Level.CLASS,
    Role.DEPARTMENT_ADMIN: Level.DEPARTMENT,
    Role.SCHOOL_ADMIN: Level.SCHOOL,
    Role.PROVINCE: Level.PROVINCE,
}
LEVEL_LABELS: dict[str, str] = dict(Level.choices)


def roles_at(*levels: Level) -> list[Role]:
    """The roles of these levels, for queries over stored roles."""
    return [role for role in Role if LEVELS[role] in levels]


# Sets of levels that the apps' permissions name.
ALL_LEVELS = frozenset(Level.values)
SCHOOL_STAFF = frozenset({Level.CLASS, Level.DEPARTMENT, Level.SCHOOL})
ADMINS = frozenset({Level.DEPARTMENT, Level.SCHOOL})
SCHOOL = frozenset({Level.SCHOOL})
SCHOOL_AND_PROVINCE = frozenset({Level.SCHOOL, Level.PROVINCE})
PROVINCE = frozenset({Level.PROVINCE})
