"""What the actions on an invitation share: locking in the house's order, the look at the table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.db import rows
from core.db.lookups import LookUp
from core.errors import DomainError
from destinations.actions.base import lock
from destinations.models import Destination
from esign.models import Invitation
from esign.steps import EVIDENCE, INVITATION, Case, with_evidence

# What is read with a graduate who is locked.
GRADUATE = tuple(
    f"graduate__{name}" for name in ("person", "cohort__signing", "school", "department")
)


_LOOKING = LookUp(
    lambda pk: Destination.objects.filter(pk=pk),
    related=("graduate", "cohort", "school", *GRADUATE),
)
_LOCKING = LookUp(
    lambda pk: with_evidence(Invitation.objects.select_for_update(of=("self",))).filter(pk=pk),
    related=("unit", "member__user"),
    annotations=EVIDENCE,
)


def case_of(invitation: Invitation, *, terms_hash: str = "") -> Case:
    """For looking: nothing is locked. The invitation is as the caller read it."""
    destination = _LOOKING.get(invitation.graduate_id)
    seen = with_evidence(Invitation.objects.only("id")).get(pk=invitation.pk)
    for name in EVIDENCE:
        setattr(invitation, name, getattr(seen, name))
    return Case(invitation, destination.graduate, destination, terms_hash)


@contextmanager
def step(action: str, invitation: Invitation, by: Any, *, terms_hash: str = "") -> Iterator[Case]:
    """A transaction for one step on an invitation: lock graduate, destination and invitation in
    this order, and ask the transition table. Raises the `DomainError` of a refusal.

    A refusal commits the empty transaction, because a rollback discards prepared statements.
    """
    refused: DomainError | None = None
    with transaction.atomic():
        destination = lock(invitation.graduate_id, *GRADUATE)
        locked = _LOCKING.get(invitation.pk)
        case = Case(locked, destination.graduate, destination, terms_hash, timezone.now())
        try:
            INVITATION.check(action, case, by)
        except DomainError as refusal:
            refused = refusal
        else:
            yield case
    if refused is not None:
        raise refused


def finish(case: Case, state: str, **values: Any) -> Invitation:
    invitation = case.invitation
    invitation.state, invitation.decided_at = state, case.now
    for key, value in values.items():
        setattr(invitation, key, value)
    rows.update(invitation, "state", "decided_at", *values)
    return invitation
