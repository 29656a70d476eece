"""From an application, or a posting alone, to an invitation to sign, and what became of it."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from codes import lookup
from core import audit
from core.clock import database_now
from core.db import rows
from core.errors import Refused
from employers.models import UnitMember
from esign.actions import drafts
from esign.models import Draft, Invitation
from esign.states import InvitationState, Way
from graduates.models import Graduate
from recruiting.actions.application_base import lock
from recruiting.application_steps import APPLICATION
from recruiting.models import Application, OfferDraft, Posting, RecruitingRules
from recruiting.states import ApplicationState


def begin_from_application(*, application_id: int, member: UnitMember, address: str) -> Draft:
    """A draft of an invitation to sign for a selected applicant, filled in from the posting. A draft
    that was begun for the application and not sent is taken up again."""
    with transaction.atomic():
        application = lock(application_id)
        _check_unit(application.unit_id, member.unit_id)
        APPLICATION.check("offer", application, member.user)
        kept = OfferDraft.objects.select_related("draft").filter(
            application=application, draft__invitation=None, draft__by=member.user,
            draft__created_at__gt=Now() - drafts.LIFETIME,
        ).order_by("-pk").first()  # fmt: skip
        if kept is not None:
            return kept.draft
        draft = drafts.begin_as_member(
            graduate=application.graduate, member=member, address=address, way=Way.APPLIED,
            values=draft_values(application.posting),
        )  # fmt: skip
        OfferDraft.objects.create(draft=draft, posting=application.posting, application=application)
    return draft


def begin_from_posting(
    *, posting: Posting, graduate: Graduate, member: UnitMember, address: str
) -> Draft:
    """A draft of an invitation for a graduate whom the unit met elsewhere, for one of its postings."""
    _check_unit(posting.unit_id, member.unit_id)
    with transaction.atomic():
        draft = drafts.begin_as_member(
            graduate=graduate, member=member, address=address, values=draft_values(posting)
        )
        OfferDraft.objects.create(draft=draft, posting=posting)
    return draft


def _check_unit(expected: int, given: int) -> None:
    """The unit that invites is the one that published the posting. The form of an invitation lets the
    unit's code be typed, so that it is asked when the invitation is sent, too."""
    if expected != given:
        raise Refused("other_unit", "邀约的单位须是发布职位的单位，请核对统一社会信用代码。")


def draft_values(posting: Posting) -> dict[str, str]:
    """What a posting says that the form of an invitation asks for, as it would be typed."""
    values = {"job_category": posting.job_category, "job_title": posting.title}
    if posting.contract_years is not None:
        values["term_years"] = str(posting.contract_years)
    if posting.probation_months is not None:
        values["probation_months"] = str(posting.probation_months)
    if posting.pay_from is not None:
        values["wage"] = str(posting.pay_from)
    if posting.places:
        values["work_place"] = "、".join(lookup.place_name(code) for code in posting.places[:1])
    elif posting.abroad:
        values["work_place"] = posting.abroad
    return values


def note_sent(*, draft: Draft, invitation: Invitation) -> None:
    """The draft of an offer was sent. The applicant's application is then at 已发邀约.

    Raises `Refused` if the application is not open any more; nothing is sent then.
    """
    offer = OfferDraft.objects.select_related("posting").filter(draft=draft).first()
    if offer is None:
        return
    _check_unit(offer.posting.unit_id, invitation.unit_id)
    if offer.application_id is None:
        return
    application = lock(offer.application_id)
    APPLICATION.check("offer", application, invitation.member.user)
    application.state, application.invitation = ApplicationState.OFFERED, invitation
    application.unit_acted_at = invitation.sent_at
    application.lapses_at = None
    application.save(update_fields=["state", "invitation", "unit_acted_at", "lapses_at"])
    audit.record("recruiting.offer", by=invitation.member.user, obj=application)


def note_decided(*, invitation: Invitation) -> None:
    """The invitation of an offer was accepted, or came to nothing; the application is then at 已签约 or
    at 拟录用 again."""
    locked = Application.objects.select_for_update(of=("self",))
    application = locked.filter(invitation=invitation).first()
    if application is None:
        return
    if invitation.state == InvitationState.ACCEPTED:
        APPLICATION.check("offer_signed", application, None)
        application.state, application.decided_at = ApplicationState.SIGNED, timezone.now()
        rows.update(application, "state", "decided_at")
        action = "recruiting.sign"
    else:
        APPLICATION.check("offer_ended", application, None)
        application.state, application.invitation = ApplicationState.SELECTED, None
        days = RecruitingRules.current().silent_days
        application.lapses_at = database_now() + timedelta(days=days)
        rows.update(application, "state", "invitation", "lapses_at")
        action = "recruiting.offer_ended"
    audit.record(action, by=None, obj=application)
