"""What all actions on an invitation do: lock the rows, ask the transition table, record a decision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from accounts.models import User
from core.db import rows
from core.db.lookups import LookUp
from core.errors import DomainError
from destinations.actions.base import lock
from destinations.models import Destination
from esign.models import Invitation
from esign.steps import (
    GUARD_ANNOTATIONS,
    INVITATION,
    InvitationFacts,
    facts_of,
    with_guard_annotations,
)

# The relations that are read together with a locked graduate.
GRADUATE_RELATED = tuple(
    f"graduate__{name}" for name in ("person", "cohort__signing", "school", "department")
)


_DESTINATION = LookUp(
    lambda pk: Destination.objects.filter(pk=pk),
    related=("graduate", "cohort", "school", *GRADUATE_RELATED),
)
_LOCKED_INVITATION = LookUp(
    lambda pk: with_guard_annotations(Invitation.objects.select_for_update(of=("self",))).filter(
        pk=pk
    ),
    related=("unit", "member__user"),
    annotations=GUARD_ANNOTATIONS,
)


def invitation_facts(invitation: Invitation, *, terms_hash: str = "") -> InvitationFacts:
    """The facts for a page, without any lock. The invitation stays as the caller read it."""
    destination = _DESTINATION.get(invitation.graduate_id)
    rows_of_invitation = with_guard_annotations(Invitation.objects.filter(pk=invitation.pk))
    annotations = rows_of_invitation.values(*GUARD_ANNOTATIONS).get()
    return facts_of(invitation, destination, annotations, terms_hash=terms_hash)


@contextmanager
def take_step(
    action: str, invitation: Invitation, by: User, *, terms_hash: str = ""
) -> Iterator[InvitationFacts]:
    """A transaction for one step on an invitation: lock graduate, destination and invitation in
    this order, and ask the transition table. Raises the `DomainError` of a refusal.

    A refusal commits the empty transaction, because a rollback discards prepared statements.
    """
    refused: DomainError | None = None
    with transaction.atomic():
        destination = lock(invitation.graduate_id, *GRADUATE_RELATED)
        locked = _LOCKED_INVITATION.get(invitation.pk)
        annotations = {name: getattr(locked, name) for name in GUARD_ANNOTATIONS}
        facts = facts_of(locked, destination, annotations, terms_hash=terms_hash)
        try:
            INVITATION.check(action, facts, by)
        except DomainError as refusal:
            refused = refusal
        else:
            yield facts
    if refused is not None:
        raise refused


def record_decision(facts: InvitationFacts, state: str, **values: Any) -> Invitation:
    """Put the invitation into its final `state`, with further `values` of its fields."""
    invitation = facts.invitation
    invitation.state, invitation.decided_at = state, facts.now
    for key, value in values.items():
        setattr(invitation, key, value)
    rows.update(invitation, "state", "decided_at", *values)
    return invitation
