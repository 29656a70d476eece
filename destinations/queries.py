"""Queries about destinations and disputes."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from destinations.models import (
    Destination,
    Dispute,
    DisputeState,
    FinalConfirmation,
    FinalRound,
    ReleaseProposal,
)
from destinations.models.final import LIVE_FINAL
from destinations.states import OPEN_RELEASE, WAITING, ReleaseState, State
from graduates.models import Graduate
from schools.roles import Level
from schools.scope import staff_of, visible_to

_KEYS = ("graduate", "school", "cohort")


def empty_row_sql() -> tuple[str, str]:
    """The columns of a new destination and their default values, as two lists of SQL. Columns with a
    default in the database, and those that name the graduate, are left out."""
    columns, values = [], []
    for field in Destination._meta.concrete_fields:
        if field.name in _KEYS or field.has_db_default():
            continue
        columns.append(f'"{field.column}"')
        values.append(_literal(field.get_default()))
    return ", ".join(columns), ", ".join(values)


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, list):
        return "'{}'"
    return "'" + str(value).replace("'", "''") + "'"


def waiting_states(level: str) -> list[str]:
    """The states of destinations that wait for a review by this level."""
    if level == Level.SCHOOL:
        return [*WAITING, State.DEPARTMENT_APPROVED]
    return list(WAITING) if level in (Level.CLASS, Level.DEPARTMENT) else []


def disputes_for(user: User) -> QuerySet[Dispute]:
    """The disputes that the user's level has to settle."""
    staff = staff_of(user)
    by_province = staff is not None and staff.role_level == Level.PROVINCE
    state = DisputeState.PROVINCE if by_province else DisputeState.OPEN
    return visible_to(Dispute.objects.filter(state=state), user, graduate="graduate")


def waiting_release_states(level: str) -> list[str]:
    """The states of proposals to release that this level may decide about. The school may also decide
    about what waits for a department, so that nothing waits where the department has nobody."""
    if level == Level.SCHOOL:
        return list(OPEN_RELEASE)
    return [ReleaseState.WAITING_DEPARTMENT] if level in (Level.CLASS, Level.DEPARTMENT) else []


def releases_for(user: User) -> QuerySet[ReleaseProposal]:
    """The proposals to release that the user's level has to decide about."""
    staff = staff_of(user)
    states = waiting_release_states(staff.role_level if staff else "")
    rows = ReleaseProposal.objects.filter(state__in=states)
    return visible_to(rows, user, graduate="graduate")


def waiting_for(user: User) -> QuerySet[Destination]:
    """The destinations that wait for a review by this person."""
    staff = staff_of(user)
    rows = Destination.objects.filter(state__in=waiting_states(staff.role_level if staff else ""))
    return visible_to(rows, user, graduate="graduate")


def unconfirmed_finally(graduates: QuerySet[Graduate]) -> QuerySet[Graduate]:
    """Those in cohorts whose final confirmation is open who have not confirmed, and have no doubt that
    waits for an answer."""
    said = FinalConfirmation.objects.filter(state__in=LIVE_FINAL)
    rows = graduates.filter(cohort_id__in=FinalRound.objects.values("cohort_id"))
    return rows.exclude(pk__in=said.values("graduate_id"))
