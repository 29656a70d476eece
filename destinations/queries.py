"""Reading destinations."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from destinations.models import Destination, Dispute, DisputeState
from destinations.states import WAITING, State
from schools.roles import Level
from schools.scope import staff_of, visible_to

_KEYS = ("graduate", "school", "cohort")


def empty_row_sql() -> tuple[str, str]:
    """Columns and SQL literals of a destination nobody has touched, from the model's defaults."""
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


def waiting_states(role: str) -> list[str]:
    """The states that wait for somebody of this role."""
    if role == Level.SCHOOL:
        return [*WAITING, State.DEPARTMENT_APPROVED]
    return list(WAITING) if role in (Level.CLASS, Level.DEPARTMENT) else []


def disputes_for(user: User) -> QuerySet[Dispute]:
    """The disputes that wait for this person's word."""
    staff = staff_of(user)
    by_province = staff is not None and staff.role_level == Level.PROVINCE
    state = DisputeState.PROVINCE if by_province else DisputeState.OPEN
    return visible_to(Dispute.objects.filter(state=state), user, graduate="graduate")


def waiting_for(user: User) -> QuerySet[Destination]:
    """The review queue of one person."""
    staff = staff_of(user)
    rows = Destination.objects.filter(state__in=waiting_states(staff.role_level if staff else ""))
    return visible_to(rows, user, graduate="graduate")
