"""The graduate's answer to an invitation. Accepting makes the agreement, fills the destination and
tells both sides, in one transaction."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from accounts import inbox, one_time_codes
from accounts.models import OneTimeCode, User
from core import audit, outbox
from core.db import rows
from core.db.lookups import LookUp
from core.errors import DomainError, Refused
from core.models import Channel
from destinations.actions import agreement as destination_agreement
from destinations.steps import AGREEMENT, SystemActor
from employers.queries import has_stayed_since, recipient_ids
from esign import hooks, terms
from esign.actions import base
from esign.actions.notices import contact_email, tell_unit
from esign.actions.reading import note_reading, read_signature, store_signature
from esign.fields import DESTINATION_KEYS
from esign.models import Agreement, AgreementVersion, Invitation
from esign.party import party_of
from esign.states import AgreementState, InvitationState
from esign.steps import INVITATION, InvitationFacts
from graduates.actions import archive
from graduates.models import Graduate


def open_notice(*, invitation: Invitation, by: User) -> None:
    """Note that the graduate opened the notice. The reading time begins with the first time that an
    invitation waiting for an answer is opened."""
    facts = base.invitation_facts(invitation)
    if facts.state == InvitationState.SENT:
        note_reading(graduate=facts.graduate, terms_hash=invitation.terms_hash, by=by)


def send_code(*, invitation: Invitation, by: User, address: str) -> None:
    """Send a one-time code to the graduate's own mobile number, since nobody else may sign."""
    facts = base.invitation_facts(invitation)
    INVITATION.check("accept", facts, by)
    one_time_codes.issue(
        purpose="accept",
        phone=facts.graduate.mobile,
        subject=_subject(invitation, invitation.terms_hash),
        address=address,
    )


def code_is_open(invitation: Invitation) -> bool:
    """Whether the graduate has a code for these terms that can still be typed."""
    return one_time_codes.is_open(
        purpose="accept",
        phone=invitation.graduate.mobile,
        subject=_subject(invitation, invitation.terms_hash),
    )


def _subject(invitation: Invitation, terms_hash: str) -> str:
    return f"accept:{invitation.pk}:{terms_hash[:24]}"


def accept(
    *,
    invitation: Invitation,
    by: User,
    terms_hash: str,
    code: str,
    address: str,
    signature: bytes = b"",
    kept_id: int | None = None,
    agent: str = "",
) -> Agreement:
    """Sign the agreement: the graduate accepts the invitation's terms.

    All conditions (DOMAIN §4) are checked under locks; the database guarantees the two most
    important ones by itself, with a partial unique index (one active agreement) and a check on the
    time. Accepting the same terms again returns the same agreement.

    `signature` is a picture of the signature. Without one, `kept_id` is the id of the signature that
    `keep_signature` kept under these terms.
    """
    try:
        with (
            base.take_step("accept", invitation, by, terms_hash=terms_hash) as facts,
            rows.pipelined(),
        ):
            ink = read_signature(signature, kept_id, facts.kept_signature_id)
            proof = one_time_codes.use(
                purpose="accept",
                phone=facts.graduate.mobile,
                subject=_subject(invitation, terms_hash),
                typed=code,
            )
            if isinstance(proof, OneTimeCode):
                where = {"address": address, "agent": agent[:200]}
                return _sign(facts, by=by, proof=proof, ink=ink, where=where)
        # The try that a wrong code costs was committed with the transaction.
        raise proof
    except DomainError as refusal:
        # The same form was sent twice, and the first one was accepted meanwhile.
        done = (
            _find_earlier_agreement(invitation, by, terms_hash) if refusal.code == "state" else None
        )
        if done is None:
            raise
        return done
    except IntegrityError as broken:
        raise Refused("active_agreement", "您已有生效的就业协议，不能再签约。") from broken


_ACTIVE_AGREEMENT = LookUp(
    lambda invitation_id: Agreement.objects.filter(
        invitation=invitation_id, state=AgreementState.ACTIVE
    ),
    related=("invitation", "graduate__person"),
)


def _find_earlier_agreement(invitation: Invitation, by: User, terms_hash: str) -> Agreement | None:
    """The agreement that the same person made before by accepting the same terms."""
    agreement = _ACTIVE_AGREEMENT.first(invitation.pk)
    if agreement is None or agreement.graduate.person.user_id != by.pk:
        return None
    return agreement if agreement.invitation.terms_hash == terms_hash else None


def _sign(
    facts: InvitationFacts,
    *,
    by: User,
    proof: OneTimeCode,
    ink: bytes | None,
    where: dict[str, str],
) -> Agreement:
    if ink is None:
        assert facts.kept_signature_id is not None  # `read_signature` has checked it
        signature_id = facts.kept_signature_id
    else:
        signature_id = store_signature(ink, facts.graduate.school_id, by).pk
    agreement = _make_agreement(facts, proof, signature_id, where)
    invitation = base.record_decision(facts, InvitationState.ACCEPTED)
    _fill_destination(facts, agreement)
    _propose_archive(facts)
    hooks.decided.run(invitation=invitation)
    _tell_both_sides(facts, agreement)
    audit.record(
        "esign.accept",
        by=by,
        obj=agreement,
        data={"terms": invitation.terms_hash, "invitation": invitation.pk},
    )
    return agreement


def new_number(year: int) -> str:
    """A new agreement number: the year of the cohort and 12 random digits, so that it reveals
    nothing about the person."""
    return f"{year}{secrets.randbelow(10**12):012d}"


def _make_agreement(
    facts: InvitationFacts, proof: OneTimeCode, signature_id: int, where: dict[str, str]
) -> Agreement:
    invitation, graduate = facts.invitation, facts.graduate
    agreement = Agreement(
        number=new_number(graduate.cohort.year),
        token=secrets.token_urlsafe(24),
        graduate=graduate,
        school_id=graduate.school_id,
        cohort_id=graduate.cohort_id,
        unit_id=invitation.unit_id,
        member_id=invitation.member_id,
        invitation=invitation,
        signed_at=facts.now,
    )
    rows.insert(agreement)
    version = AgreementVersion(
        agreement=agreement,
        number=1,
        terms=invitation.terms,
        terms_hash=invitation.terms_hash,
        employer_signature_id=invitation.signature_id,
        graduate_signature_id=signature_id,
        signed_at=facts.now,
        evidence=evidence_of(facts.graduate, invitation, proof, where, facts.now.isoformat()),
    )
    rows.insert(version, later=True)
    return agreement


def evidence_of(
    graduate: Graduate, invitation: Invitation, proof: OneTimeCode, where: dict[str, str], at: str
) -> dict[str, Any]:
    """Who signed, when and from where. The evidence page of the PDF prints it."""
    return {
        "party": party_of(graduate),
        "graduate": {"at": at, "code_at": proof.proved_at.isoformat(), **where},  # type: ignore[union-attr]
        "employer": {
            "at": invitation.sent_at.isoformat(),
            "name": invitation.member.name,
            "mobile": invitation.member.user.login,
        },
    }


def _fill_destination(facts: InvitationFacts, agreement: Agreement) -> None:
    values = terms.values_of(facts.invitation.terms)
    destination_agreement.sign(
        held=facts.destination,
        agreement_no=agreement.number,
        values={k: values[k] for k in DESTINATION_KEYS}
        | {"signed_on": timezone.localtime(facts.now).date().isoformat()},
        by=SystemActor(AGREEMENT),
    )


def _propose_archive(facts: InvitationFacts) -> None:
    """Fill in the archive transfer from the unit's terms, where nobody filled it in yet."""
    values = terms.values_of(facts.invitation.terms)
    archive.propose(
        graduate=facts.graduate,
        values={k: values[f"archive_{k}"] for k in ("contact", "phone", "address")}
        | {"unit_name": values["archive_unit"]},
        by=None,
    )


def _tell_both_sides(facts: InvitationFacts, agreement: Agreement) -> None:
    unit, member = facts.invitation.unit.name, facts.invitation.member
    key, number = f"agreement:{agreement.pk}:signed", f"协议书编号 {agreement.number}"
    to_graduate = inbox.message(
        f"person:{facts.graduate.person_id}",
        f"您与{unit}的就业协议已生效",
        text=f"{number}，学校审核后可以打印。",
        link=reverse("agreement", args=[agreement.pk]),
        key=key,
    )
    to_unit = [
        inbox.message(
            f"user:{user_id}",
            f"{facts.graduate.name}接受了邀约，协议已生效",
            text=f"{number}。",
            link=reverse("employer-agreement", args=[agreement.pk]),
            key=key,
        )
        for user_id in recipient_ids(member, facts.invitation.sent_at)
    ]
    inbox.deliver([to_graduate, *to_unit])
    sent = inbox.mails((to_graduate, facts.graduate.email))
    if has_stayed_since(member, facts.invitation.sent_at):
        words = f"{facts.graduate.name}已接受签约邀约，就业协议已生效。"
        sent += [
            outbox.message(Channel.SMS, member.user.login, words, key=key),
            *inbox.mails(*((one, contact_email(facts.invitation.terms)) for one in to_unit)),
        ]
    outbox.post_each(sent)


def decline(*, invitation: Invitation, by: User, reason: str) -> Invitation:
    """Refuse the invitation. The unit reads the reason, which must not be empty."""
    reason = reason.strip()
    if not reason:
        raise Refused("reason", "请填写谢绝的原因，单位会看到。", field="reason")
    with base.take_step("decline", invitation, by) as facts:
        declined = base.record_decision(
            facts, InvitationState.DECLINED, decline_reason=reason[:200]
        )
        audit.record("esign.decline", by=by, obj=declined, reason=reason[:200])
        hooks.decided.run(invitation=declined)
        tell_unit(
            declined.member,
            f"{facts.graduate.name}谢绝了邀约",
            begun_at=declined.sent_at,
            terms_text=declined.terms,
            text=reason[:200],
            link=reverse("employer-invitation", args=[declined.pk]),
            key=f"invitation:{declined.pk}:declined",
        )
    return declined
