"""转为劳动合同: an agreement ends because unit and graduate have made a labour contract (article three of
the agreement)."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from core import audit
from core.errors import Refused
from destinations.actions import agreement as destination_agreement
from destinations.models import Destination
from destinations.steps import AGREEMENT as ACTOR
from destinations.steps import SystemActor
from esign.actions import amend
from esign.actions.notices import tell_unit
from esign.agreement_steps import AGREEMENT, AgreementFacts
from esign.models import Agreement
from esign.states import AgreementState
from graduates.models import Graduate


def agreement_facts(agreement: Agreement) -> AgreementFacts:
    """The facts for a page, without any lock."""
    graduate = Graduate.objects.select_related("cohort", "school").get(pk=agreement.graduate_id)
    return AgreementFacts(agreement, graduate, Destination.objects.get(pk=agreement.graduate_id))


def conclude(*, agreement: Agreement, by: User, reason: str) -> Agreement:
    """End the agreement. The destination stays approved, as category 11 with the same unit."""
    reason = reason.strip()[:200]
    with amend.lock_agreement(agreement) as locked:
        AGREEMENT.check(
            "conclude", AgreementFacts(locked.agreement, locked.graduate, locked.destination), by
        )
        if not reason:
            raise Refused("reason", "请填写劳动合同的签订情况。", field="reason")
        ended = locked.agreement
        ended.state, ended.ended_at = AgreementState.ENDED, timezone.now()
        ended.save(update_fields=["state", "ended_at"])
        amend.close_proposals(ended)
        destination_agreement.conclude(
            graduate_id=locked.graduate.pk, by=SystemActor(ACTOR), reason=reason
        )
        audit.record("esign.conclude", by=by, obj=ended, reason=reason)
        _tell_both_sides(locked, reason)
    return ended


def _tell_both_sides(locked: amend.LockedAgreement, reason: str) -> None:
    key = f"agreement:{locked.agreement.pk}:concluded"
    title = f"与{locked.agreement.unit.name}的就业协议已终止，转为劳动合同"
    inbox.tell(
        f"person:{locked.graduate.person_id}", title, text=reason,
        link=reverse("agreement", args=[locked.agreement.pk]), key=key, mail_to=locked.graduate.email,
    )  # fmt: skip
    tell_unit(
        locked.agreement.member, f"{locked.graduate.name}：就业协议已终止，转为劳动合同",
        terms_text=locked.version.terms, text=reason, 
        link=reverse("employer-agreement", args=[locked.agreement.pk]),
        key=key,
    )  # fmt: skip
