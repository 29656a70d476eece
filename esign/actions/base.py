"""What the actions on an invitation share: locking in the house's order, the look at the table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from destinations.actions.base import lock
from destinations.models import Destination
from esign.models import Invitation
from esign.steps import INVITATION, Case, with_evidence

_GRADUATE = tuple(
    f"graduate__{name}" for name in ("person", "cohort__signing", "school", "department")
)


def case_of(invitation: Invitation, *, terms_hash: str = "") -> Case:
    """For looking: nothing is locked. The invitation is as the caller read it."""
    rows = Destination.objects.select_related("graduate", "cohort", "school", *_GRADUATE)
    destination = rows.get(pk=invitation.graduate_id)
    seen = with_evidence(Invitation.objects.only("id")).get(pk=invitation.pk)
    invitation.opened_at, invitation.renumbered = seen.opened_at, seen.renumbered  # type: ignore[attr-defined]
    return Case(invitation, destination.graduate, destination, terms_hash)


@contextmanager
def step(action: str, invitation: Invitation, by: Any, *, terms_hash: str = "") -> Iterator[Case]:
    """Lock graduate, then destination, then invitation; ask the table; hand out the case."""
    with transaction.atomic():
        destination = lock(invitation.graduate_id, *_GRADUATE)
        locked = (
            with_evidence(Invitation.objects.select_for_update(of=("self",)))
            .select_related("unit", "member__user")
            .get(pk=invitation.pk)
        )
        case = Case(locked, destination.graduate, destination, terms_hash, timezone.now())
        INVITATION.check(action, case, by)
        yield case


def finish(case: Case, state: str, **values: Any) -> Invitation:
    invitation = case.invitation
    invitation.state, invitation.decided_at = state, case.now
    for key, value in values.items():
        setattr(invitation, key, value)
    invitation.save(update_fields=["state", "decided_at", *values])
    return invitation
