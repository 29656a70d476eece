"""What an agreement does to a destination. Only the signing app calls these actions, and only they
set the lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from codes.findings import Finding
from core.errors import Invalid
from core.models import StoredFile
from destinations.actions import base
from destinations.actions.evidence import MOST, attach_proof, keep_evidence, standing_evidence
from destinations.fields import FORM_CATEGORY, KEYS
from destinations.models import Destination
from destinations.rules import check_registration
from destinations.rules.registration import Registration
from destinations.steps import SystemActor

_FORM = "agreement"
_LABOUR_CONTRACT = "11"


def sign(
    *, held: Destination, agreement_no: str, values: Mapping[str, Any], by: SystemActor
) -> Destination:
    """Fill the destination from an accepted invitation and lock it to the agreement. `held` is the
    destination that the caller has locked with `base.lock`."""
    with base.step("sign", held.graduate_id, by, held=held) as change:
        d = change.destination
        base.clear(d)
        _fill(d, agreement_no, values)
        d.agreement_no, d.locked_at = agreement_no, timezone.now()
        d.submitted_at = timezone.now()
        return change.write()


def amend(*, graduate_id: int, values: Mapping[str, Any], by: SystemActor) -> Destination:
    """Take over the values of an amendment that the graduate confirmed. The review begins again."""
    with base.step("amend", graduate_id, by) as change:
        d = change.destination
        _fill(d, d.agreement_no, values)
        d.submitted_at, d.flagged = timezone.now(), []
        d.department_at, d.department_by = None, ""
        return change.write()


def conclude(
    *, graduate_id: int, by: SystemActor, reason: str, proof: Sequence[StoredFile] = ()
) -> Destination:
    """A labour contract followed (article three of the agreement). The destination moves to
    category 11 with the same unit, keeps its approval and is unlocked. `proof`, pictures of the
    contract, becomes its evidence."""
    with base.step("conclude", graduate_id, by) as change:
        d = change.destination
        typed = {key: getattr(d, key) for key in KEYS} | {"category": _LABOUR_CONTRACT}
        registration = check_registration(typed, evidence=None)
        if not registration.ok:
            raise Invalid(registration.errors())
        shown = [row.pk for row in standing_evidence(graduate_id, d.category)]
        base.put_values(d, registration.category, registration.form, registration.values)
        attach_proof(graduate_id=graduate_id, category=d.category, proof=proof, by=None)
        # Pictures that staff attached show the contract, too.
        picked = shown[: MOST - len(proof)]
        keep_evidence(graduate_id=graduate_id, category=d.category, picked=picked, by=None)
        d.agreement_no, d.locked_at = "", None
        return change.write(reason=reason)


def check_values(values: Mapping[str, Any]) -> list[Finding]:
    """What is wrong with `values` for a destination; asked before anybody signs."""
    return _registration("", values).issues


def _registration(agreement_no: str, values: Mapping[str, Any]) -> Registration:
    typed = dict(values) | {
        "category": FORM_CATEGORY,
        "form": _FORM,
        "agreement_ref": agreement_no,
    }
    return check_registration(typed, evidence=None)


def _fill(d: Destination, agreement_no: str, values: Mapping[str, Any]) -> None:
    registration = _registration(agreement_no, values)
    if not registration.ok:
        raise Invalid(registration.errors())
    base.put_values(d, registration.category, registration.form, registration.values)
