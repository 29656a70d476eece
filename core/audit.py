"""Writing the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import Model

from core.db import rows
from core.models import Event


class Account(Protocol):
    """What the audit trail reads of a user account (`accounts.models.User`)."""

    @property
    def pk(self) -> int: ...
    @property
    def realm(self) -> str: ...
    @property
    def label(self) -> str: ...


# The greatest number of characters of an actor's label in every table that has one.
LABEL_LENGTH = 80


@dataclass(frozen=True)
class Actor:
    """Who acts, as plain values that the audit trail stores. A label that is too long is cut."""

    id: int | None
    realm: str
    label: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.label[:LABEL_LENGTH])

    @classmethod
    def of_unit(cls, user_id: int | None, unit: str, person: str) -> Actor:
        """A person who acts for a unit. Of a long name of the unit the end is left out, so that the
        person's name stays."""
        room = LABEL_LENGTH - len(person) - 1
        shown = unit if len(unit) <= room else f"{unit[: room - 1]}…"
        return cls(user_id, "employer", f"{shown} {person}")

    @classmethod
    def of(cls, user: Account | Actor | None) -> Actor:
        """The actor behind a signed-in user; None is the system itself."""
        if user is None:
            return SYSTEM
        if isinstance(user, Actor):
            return user
        return cls(user.pk, user.realm, user.label)


SYSTEM = Actor(None, "system", "系统")


def record(
    action: str,
    *,
    by: Account | Actor | None,
    obj: Model | None = None,
    object_type: str | None = None,
    object_id: int | None = None,
    label: str = "",
    school_id: int | None = None,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> Event:
    """Add one event about `obj` (or a named object). Runs in the caller's transaction."""
    actor = Actor.of(by)
    if obj is not None:
        object_type = object_type or obj._meta.model_name
        object_id = obj.pk
        label = label or str(obj)
        if school_id is None:
            school_id = getattr(obj, "school_id", None)
    event = Event(
        actor_id=actor.id,
        actor_realm=actor.realm,
        actor_label=actor.label,
        school_id=school_id,
        action=action,
        object_type=object_type or "",
        object_id=object_id or 0,
        object_label=label[:120],
        reason=reason,
        data=dict(data or {}),
    )
    rows.insert(event, later=True)
    return event
