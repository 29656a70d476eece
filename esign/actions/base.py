"""What the actions on an invitation share: locking in the house's order, the look at the table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from destinations.models import Destination
from esign.models import Invitation
from esign.steps import INVITATION, Case
from graduates.models import Graduate

_GRADUATE = ("person", "cohort", "school", "department")


def case_of(invitation: Invitation, *, terms_hash: str = "") -> Case:
    """For looking: nothing is locked."""
    graduate = Graduate.objects.select_related(*_GRADUATE).get(pk=invitation.graduate_id)
    destination = Destination.objects.get(pk=invitation.graduate_id)
    return Case(invitation, graduate, destination, terms_hash)


@contextmanager
def step(action: str, invitation: Invitation, by: Any, *, terms_hash: str = "") -> Iterator[Case]:
    """Lock graduate, then destination, then invitation; ask the table; hand out the case."""
    with transaction.atomic():
        graduate = (
            Graduate.objects.select_for_update(no_key=True, of=("self",))
            .select_related(*_GRADUATE)
            .get(pk=invitation.graduate_id)
        )
        destination = Destination.objects.select_for_update(no_key=True).get(pk=graduate.pk)
        locked = (
            Invitation.objects.select_for_update(of=("self",))
            .select_related("unit", "member__user")
            .get(pk=invitation.pk)
        )
        case = Case(locked, graduate, destination, terms_hash, timezone.now())
        INVITATION.check(action, case, by)
        yield case


def finish(case: Case, state: str, **values: Any) -> Invitation:
    invitation = case.invitation
    invitation.state, invitation.decided_at = state, case.now
    for key, value in values.items():
        setattr(invitation, key, value)
    invitation.save(update_fields=["state", "decided_at", *values])
    return invitation
