"""Article three: unit and graduate made a labour contract, which the agreement gives way to."""

from __future__ import annotations

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
from esign.agreement_steps import AGREEMENT, Case
from esign.models import Agreement
from esign.states import AgreementState
from graduates.models import Graduate


def case_of(agreement: Agreement) -> Case:
    """For looking: nothing is locked."""
    graduate = Graduate.objects.select_related("cohort", "school").get(pk=agreement.graduate_id)
    return Case(agreement, graduate, Destination.objects.get(pk=agreement.graduate_id))


def conclude(*, agreement: Agreement, by: User, reason: str) -> Agreement:
    """The agreement ends, the destination stays approved under category 11 with the same unit."""
    reason = reason.strip()[:200]
    with amend.locked(agreement) as at:
        AGREEMENT.check("conclude", Case(at.agreement, at.graduate, at.destination), by)
        if not reason:
            raise Refused("reason", "请填写劳动合同的签订情况。", field="reason")
        done = at.agreement
        done.state, done.ended_at = AgreementState.ENDED, timezone.now()
        done.save(update_fields=["state", "ended_at"])
        amend.close_open(done)
        destination_agreement.conclude(
            graduate_id=at.graduate.pk, by=SystemActor(ACTOR), reason=reason
        )
        audit.record("esign.conclude", by=by, obj=done, reason=reason)
        _tell(at, reason)
    return done


def _tell(at: amend.Locked, reason: str) -> None:
    key = f"agreement:{at.agreement.pk}:concluded"
    title = f"与{at.agreement.unit.name}的就业协议已终止, 转为劳动合同"
    inbox.tell(
        f"person:{at.graduate.person_id}", title, text=reason,
        link=f"/agreements/{at.agreement.pk}/", key=key, mail_to=at.graduate.email,
    )  # fmt: skip
    tell_unit(
        at.agreement.member, f"{at.graduate.name}: 就业协议已终止, 转为劳动合同",
        said=at.version.terms, text=reason, link=f"/employer/agreements/{at.agreement.pk}/",
        key=key,
    )  # fmt: skip
