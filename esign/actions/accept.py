"""The graduate's answer. Accepting is one transaction: agreement, destination, told both sides."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import IntegrityError
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
from employers.models import Membership
from employers.queries import recipient_ids
from esign import terms
from esign.actions import base
from esign.actions.notices import contact_of, tell_unit
from esign.actions.reading import open_terms, read_ink, store_ink
from esign.fields import DESTINATION_KEYS
from esign.models import Agreement, AgreementVersion, Invitation
from esign.party import party_of
from esign.states import AgreementState, InvitationState
from esign.steps import INVITATION, Case
from graduates.actions import archive
from graduates.models import Graduate


def open_notice(*, invitation: Invitation, by: User) -> None:
    """The graduate opens the notice: while it waits for an answer the reading time runs."""
    case = base.case_of(invitation)
    if case.state == InvitationState.SENT:
        open_terms(graduate=case.graduate, terms_hash=invitation.terms_hash, by=by)


def send_code(*, invitation: Invitation, by: User, address: str) -> None:
    """A one-time code to the graduate's own mobile: it is they who sign."""
    case = base.case_of(invitation)
    INVITATION.check("accept", case, by)
    one_time_codes.issue(
        purpose="accept",
        phone=case.graduate.mobile,
        subject=_subject(invitation, invitation.terms_hash),
        address=address,
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
    kept: int | None = None,
    agent: str = "",
) -> Agreement:
    """Sign. Every condition of DOMAIN §4 is asked at this instant, under locks; the partial unique
    index and the check on time stand behind. The same answer twice gives the same agreement.

    `kept` names the drawing kept under these terms (`keep_signature`), where none is sent along."""
    try:
        with (
            base.step("accept", invitation, by, terms_hash=terms_hash) as case,
            rows.pipelined(),
        ):
            ink = read_ink(signature, kept, case.invitation.drawn)
            proof = one_time_codes.use(
                purpose="accept",
                phone=case.graduate.mobile,
                subject=_subject(invitation, terms_hash),
                typed=code,
            )
            if isinstance(proof, OneTimeCode):
                where = {"address": address, "agent": agent[:200]}
                return _conclude(case, by=by, proof=proof, ink=ink, where=where)
        # A wrong code is committed, as a try.
        raise proof
    except DomainError as refusal:
        # The same form twice: the first one won meanwhile, and the invitation waits no more.
        done = _already(invitation, by, terms_hash) if refusal.code == "state" else None
        if done is None:
            raise
        return done
    except IntegrityError as broken:
        raise Refused("active_agreement", "您已有生效的就业协议, 不能再签约。") from broken


_ACTIVE_OF = LookUp(
    lambda invitation_id: Agreement.objects.filter(
        invitation=invitation_id, state=AgreementState.ACTIVE
    ),
    related=("invitation", "graduate__person"),
)


def _already(invitation: Invitation, by: User, terms_hash: str) -> Agreement | None:
    """What the same person's same answer made before."""
    found = _ACTIVE_OF.first(invitation.pk)
    if found is None or found.graduate.person.user_id != by.pk:
        return None
    return found if found.invitation.terms_hash == terms_hash else None


def _conclude(
    case: Case, *, by: User, proof: OneTimeCode, ink: bytes | None, where: dict[str, str]
) -> Agreement:
    if ink is None:
        signature_id = case.invitation.drawn
    else:
        signature_id = store_ink(ink, case.graduate.school_id, by).pk
    made = _make_agreement(case, proof, signature_id, where)
    invitation = base.finish(case, InvitationState.ACCEPTED)
    _fill_destination(case, made)
    _propose_archive(case)
    _tell(case, made)
    audit.record(
        "esign.accept",
        by=by,
        obj=made,
        data={"terms": invitation.terms_hash, "invitation": invitation.pk},
    )
    return made


def new_number(year: int) -> str:
    """Says the cohort and nothing about the person."""
    return f"{year}{secrets.randbelow(10**12):012d}"


def _make_agreement(
    case: Case, proof: OneTimeCode, signature_id: int, where: dict[str, str]
) -> Agreement:
    invitation, graduate = case.invitation, case.graduate
    agreement = Agreement(
        number=new_number(graduate.cohort.year),
        token=secrets.token_urlsafe(24),
        graduate=graduate,
        school_id=graduate.school_id,
        cohort_id=graduate.cohort_id,
        unit_id=invitation.unit_id,
        member_id=invitation.member_id,
        invitation=invitation,
        signed_at=case.now,
    )
    rows.insert(agreement)
    version = AgreementVersion(
        agreement=agreement,
        number=1,
        terms=invitation.terms,
        terms_hash=invitation.terms_hash,
        employer_signature_id=invitation.signature_id,
        graduate_signature_id=signature_id,
        signed_at=case.now,
        evidence=evidence_of(case.graduate, invitation, proof, where, case.now.isoformat()),
    )
    rows.insert(version, later=True)
    return agreement


def evidence_of(
    graduate: Graduate, invitation: Invitation, proof: OneTimeCode, where: dict[str, str], at: str
) -> dict[str, Any]:
    """Who signed, when and from where, as the evidence page prints it."""
    return {
        "party": party_of(graduate),
        "graduate": {"at": at, "code_at": proof.proved_at.isoformat(), **where},  # type: ignore[union-attr]
        "employer": {
            "at": invitation.sent_at.isoformat(),
            "name": invitation.member.name,
            "mobile": invitation.member.user.login,
        },
    }


def _fill_destination(case: Case, agreement: Agreement) -> None:
    values = terms.values_of(case.invitation.terms)
    destination_agreement.sign(
        held=case.destination,
        agreement_no=agreement.number,
        values={k: values[k] for k in DESTINATION_KEYS}
        | {"signed_on": timezone.localtime(case.now).date().isoformat()},
        by=SystemActor(AGREEMENT),
    )


def _propose_archive(case: Case) -> None:
    """The unit said where the archive goes; that counts where nobody said anything yet."""
    said = terms.values_of(case.invitation.terms)
    archive.propose(
        graduate=case.graduate,
        values={k: said[f"archive_{k}"] for k in ("contact", "phone", "address")}
        | {"unit_name": said["archive_unit"]},
        by=None,
    )


def _tell(case: Case, agreement: Agreement) -> None:
    unit, member = case.invitation.unit.name, case.invitation.member
    key, number = f"agreement:{agreement.pk}:signed", f"协议书编号 {agreement.number}"
    mine = inbox.message(
        f"person:{case.graduate.person_id}",
        f"您与{unit}的就业协议已生效",
        text=f"{number}, 学校审核后可以打印。",
        link=f"/agreements/{agreement.pk}/",
        key=key,
    )
    theirs = [
        inbox.message(
            f"user:{user_id}",
            f"{case.graduate.name}接受了邀约, 协议已生效",
            text=f"{number}。",
            link=f"/employer/agreements/{agreement.pk}/",
            key=key,
        )
        for user_id in recipient_ids(member)
    ]
    inbox.deliver([mine, *theirs])
    sent = inbox.mails((mine, case.graduate.email))
    if member.state != Membership.ENDED:
        words = f"{case.graduate.name}已接受签约邀约, 就业协议已生效。"
        sent += [
            outbox.message(Channel.SMS, member.user.login, words, key=key),
            *inbox.mails(*((one, contact_of(case.invitation.terms)) for one in theirs)),
        ]
    outbox.post_each(sent)


def decline(*, invitation: Invitation, by: User, reason: str) -> Invitation:
    reason = reason.strip()
    if not reason:
        raise Refused("reason", "请填写谢绝的原因, 单位会看到。", field="reason")
    with base.step("decline", invitation, by) as case:
        done = base.finish(case, InvitationState.DECLINED, decline_reason=reason[:200])
        audit.record("esign.decline", by=by, obj=done, reason=reason[:200])
        tell_unit(
            done.member,
            f"{case.graduate.name}谢绝了邀约",
            said=done.terms,
            text=reason[:200],
            link=f"/employer/invitations/{done.pk}/",
            key=f"invitation:{done.pk}:declined",
        )
    return done
