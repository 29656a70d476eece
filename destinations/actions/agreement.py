"""What an agreement does to a destination. The signing app calls these; nobody else sets the lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from core.errors import Invalid
from destinations.actions import base
from destinations.fields import FORM_CATEGORY
from destinations.models import Destination
from destinations.rules import check_registration
from destinations.steps import SystemActor

_FORM = "agreement"


def sign(
    *, graduate_id: int, agreement_no: str, values: Mapping[str, Any], by: SystemActor
) -> Destination:
    """An accepted invitation fills the destination and locks it to its agreement."""
    with base.step("sign", graduate_id, by) as change:
        d = change.destination
        base.clear(d)
        _fill(d, agreement_no, values)
        d.agreement_no, d.locked_at = agreement_no, timezone.now()
        d.submitted_at = timezone.now()
        return change.write()


def amend(*, graduate_id: int, values: Mapping[str, Any], by: SystemActor) -> Destination:
    """An amendment that the graduate confirmed: new values, and the review begins again."""
    with base.step("amend", graduate_id, by) as change:
        d = change.destination
        _fill(d, d.agreement_no, values)
        d.submitted_at, d.flagged = timezone.now(), []
        d.department_at, d.department_by = None, ""
        return change.write()


def _fill(d: Destination, agreement_no: str, values: Mapping[str, Any]) -> None:
    typed = dict(values) | {
        "category": FORM_CATEGORY,
        "form": _FORM,
        "agreement_ref": agreement_no,
    }
    registration = check_registration(typed, evidence=None)
    if not registration.ok:
        raise Invalid(registration.errors())
    base.put_values(d, registration.category, registration.form, registration.values)
