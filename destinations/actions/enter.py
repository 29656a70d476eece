"""Entry of a destination by staff, for a graduate who brought the papers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils import timezone

from accounts.models import User
from core.errors import Invalid
from destinations.actions import base, registration_drafts
from destinations.actions.evidence import keep_evidence
from destinations.models import Destination
from destinations.rules import check_registration
from destinations.states import State
from destinations.steps import role_of
from schools.roles import Level


def enter(
    *,
    graduate_id: int,
    typed: Mapping[str, Any],
    by: User,
    version: int | None = None,
    wage_override: str = "",
    kept: Collection[int] = (),
    evidence: int | None = None,
) -> Destination:
    """Enter a destination for a graduate. What the graduate had registered is kept in the event.
    `kept` are the ids of evidence that was uploaded for another category and still counts. `evidence`
    is the number of pictures that prove what a graduate asked for, or None where staff enter what they
    have before them.

    An entry by the school admin is final, unless the school asks for review by two persons.
    Raises `Invalid` with sentences by field.
    """
    with base.step("enter", graduate_id, by, version=version) as change:
        d = change.destination
        registration = check_registration(
            typed,
            evidence=evidence,
            graduates_on=d.graduate.graduates_on,
            wage_override=wage_override,
        )
        if not registration.ok:
            raise Invalid(registration.errors())
        registration_drafts.forget(graduate_id)
        base.clear(d)
        base.put_values(d, registration.category, registration.form, registration.values)
        keep_evidence(graduate_id=graduate_id, category=d.category, picked=kept, by=by)
        now = timezone.now()
        d.submitted_at, d.opened_at = now, now
        d.entered_by_id, d.wage_override = by.pk, wage_override
        if role_of(by) == Level.SCHOOL and not d.school.two_person_review:
            d.school_at, d.school_by = now, by.label
            return change.write()
        d.department_at, d.department_by = now, by.label
        return change.write(to=State.DEPARTMENT_APPROVED)
