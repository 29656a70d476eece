"""Who acts, as the transition tables of recruiting name them."""

from __future__ import annotations

from accounts.models import Realm, User
from schools.roles import LEVEL_LABELS
from schools.scope import staff_of

GRADUATE, UNIT, CLOCK = "graduate", "unit", "clock"
ROLE_LABELS = {GRADUATE: "毕业生", UNIT: "用人单位", **LEVEL_LABELS, CLOCK: "系统"}


def role_of(actor: User | None) -> str:
    """The actor's role in a table: a graduate, a unit's person, the level of staff, or "" for nobody;
    no actor at all is the system."""
    if actor is None:
        return CLOCK
    if actor.realm in (Realm.GRADUATE, Realm.EMPLOYER):
        return GRADUATE if actor.realm == Realm.GRADUATE else UNIT
    staff = staff_of(actor)
    return staff.role_level if staff is not None else ""
