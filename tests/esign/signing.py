"""Recruiters and graduates who sign agreements, by the actions that the pages call."""

from __future__ import annotations

import datetime
import functools
import io
import re
from typing import Any

from django.test import Client
from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import User
from core.models import OutboxMessage
from employers.models import UnitMember
from esign import draft_browser
from esign.actions import accept, cards, conclude, consent, drafts, invite
from esign.actions.termination_base import termination_facts
from esign.fields import IMAGES, SIGNATURE
from esign.models import Agreement, Conclusion, Draft, Invitation, Reading, Termination
from esign.states import TerminationState
from esign.termination_steps import TAKE_BACK_PERIOD
from graduates.actions import origin
from graduates.models import Graduate
from graduates.records import confirmation_hash, is_confirmation_current, record_of
from tests import factories

ADDRESS = "127.0.0.1"
BROWSER = "made-up browser"


@functools.cache
def make_signature(seed: int = 0) -> bytes:
    """A PNG with strokes, as a finger draws them on a white canvas."""
    image = Image.new("RGB", (600, 240), "white")
    draw = ImageDraw.Draw(image)
    points = [(60 + 40 * i, 60 + (i * 53 + seed * 17) % 110) for i in range(12)]
    draw.line(points, fill="black", width=6, joint="curve")
    draw.line([(90, 190), (480, 170)], fill="black", width=6)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@functools.cache
def _photo() -> bytes:
    return factories.make_photo()


def typed_terms(**changes: Any) -> dict[str, str]:
    """Valid, made-up values that a recruiter types."""
    report_by = factories.today() + datetime.timedelta(days=120)
    return {
        "unit_name": "虚构信息技术有限公司",
        "unit_code": factories.make_unit_code(),
        "unit_division": "340111",
        "unit_property": "39",
        "unit_industry": "34",
        "unit_address": "虚构路1号",
        "contact_name": "虚构经理",
        "contact_mobile": "13900000001",
        "contact_phone": "0551-60000000",
        "contact_email": "hr@example.com",
        "job_category": "13",
        "job_title": "工程师",
        "term_years": "3",
        "probation_months": "3",
        "probation_wage": "5000",
        "wage": "6000",
        "penalty": "3000",
        "report_place": "虚构路1号人力资源部",
        "report_by": report_by.isoformat(),
        "work_place": "合肥市包河区",
        "signing_notes": "提供集体宿舍",
        "penalty_notes": "",
        "archive_unit": "虚构人才服务中心",
        "archive_contact": "虚构档案员",
        "archive_phone": "0551-60000002",
        "archive_address": "虚构路2号",
        "valid_days": "3",
    } | {k: str(v) for k, v in changes.items()}


def last_code(phone: str) -> str:
    """The newest code that was sent to a phone."""
    text = OutboxMessage.objects.filter(address=phone, secret=True).latest("pk").text
    found = re.search(r"(?<!\d)\d{6}(?!\d)", text)
    assert found
    return found.group()


def allow_new_codes() -> None:
    """Let new codes be requested at once, as if the last ones had been requested hours ago."""
    from accounts.models import OneTimeCode

    earlier = timezone.now() - datetime.timedelta(hours=2)
    OneTimeCode.objects.update(created_at=earlier)


def account_of(graduate: Graduate) -> User:
    """The graduate's account, which is activated if needed."""
    found = User.objects.filter(person__graduates=graduate).first()
    return found or factories.activate(graduate)


def confirm_origin(graduate: Graduate) -> User:
    """Confirm the graduate's origin record; returns the graduate's account."""
    user = account_of(graduate)
    fresh = Graduate.objects.select_related(*origin.RELATED).get(pk=graduate.pk)
    if not is_confirmation_current(fresh):
        origin.confirm(
            graduate_id=graduate.pk, shown_hash=confirmation_hash(record_of(fresh)), by=user
        )
    return user


def fill_draft(draft: Draft, mobile: str = "13900000001", **changes: Any) -> Draft:
    """Fill in a draft completely, so that it can be sent."""
    if draft.mobile_proved_at is None:
        allow_new_codes()
        drafts.send_code(draft=draft, mobile=mobile, address=ADDRESS)
        drafts.prove_phone(draft=draft, mobile=mobile, code=last_code(mobile))
    drafts.save(draft=draft, typed=typed_terms(contact_mobile=mobile) | changes)
    for slot in IMAGES:
        drafts.attach_picture(draft=draft, slot=slot, content=_photo())
    drafts.attach_picture(draft=draft, slot=SIGNATURE, content=make_signature())
    draft.refresh_from_db()
    return draft


def browser_of(draft: Draft) -> Client:
    """The browser that proved the draft's phone."""
    client = Client()
    client.cookies.load({draft_browser.COOKIE: draft_browser.proof_of(draft)})
    return client


def begin_draft(graduate: Graduate) -> Draft:
    """A draft of somebody who scanned the graduate's card."""
    user = account_of(graduate)
    card = cards.live_card(graduate) or cards.new_card(graduate=graduate, by=user)
    return drafts.begin_from_card(card=card, address=ADDRESS)


def send_invitation(graduate: Graduate, mobile: str = "13900000001", **changes: Any) -> Invitation:
    """An invitation of somebody who scanned the graduate's card."""
    return invite.send(draft=fill_draft(begin_draft(graduate), mobile, **changes))


def read_notice(invitation: Invitation, user: User, seconds: float = 60) -> None:
    """Open the notice, as if it had happened `seconds` ago."""
    accept.open_notice(invitation=invitation, by=user)
    Reading.objects.filter(
        graduate_id=invitation.graduate_id, terms_hash=invitation.terms_hash
    ).update(opened_at=timezone.now() - datetime.timedelta(seconds=seconds))


def request_code(invitation: Invitation, user: User) -> str:
    """Request a code for accepting; returns the code."""
    allow_new_codes()
    accept.send_code(invitation=invitation, by=user, address=ADDRESS)
    phone = Graduate.objects.get(pk=invitation.graduate_id).mobile
    return last_code(phone)


def prepare_acceptance(
    graduate: Graduate, mobile: str = "13900000001", **changes: Any
) -> tuple[Any, User, str]:
    """An invitation that can be accepted at once: (invitation, the graduate's account, code)."""
    user = confirm_origin(graduate)
    invitation = send_invitation(graduate, mobile, **changes)
    read_notice(invitation, user)
    return invitation, user, request_code(invitation, user)


def accept_invitation(invitation: Invitation, user: User, code: str, **changes: Any) -> Agreement:
    """Accept with valid arguments; `changes` replaces some of them."""
    values: dict[str, Any] = {
        "terms_hash": invitation.terms_hash,
        "code": code,
        "signature": make_signature(1),
        "address": ADDRESS,
        "agent": BROWSER,
    }
    return accept.accept(invitation=invitation, by=user, **(values | changes))


def sign_agreement(graduate: Graduate, **changes: Any) -> Agreement:
    """An active agreement, from the scanned card on."""
    return accept_invitation(*prepare_acceptance(graduate, **changes))


def backdate_reading(terms_hash: str, seconds: float = 61) -> None:
    """Let the reading time pass, as if these terms had been opened `seconds` ago."""
    Reading.objects.filter(terms_hash=terms_hash).update(
        opened_at=timezone.now() - datetime.timedelta(seconds=seconds)
    )


def send_invitation_as(member: UnitMember, graduate: Graduate, **changes: Any) -> Invitation:
    """An invitation of somebody who is signed in for a unit, with their saved pictures."""
    draft = drafts.begin_as_member(graduate=graduate, member=member, address=ADDRESS)
    of_unit = {
        "unit_name": member.unit.name, "unit_code": member.unit.code, "contact_name": member.name,
        "contact_mobile": member.user.login,
    }  # fmt: skip
    drafts.save(draft=draft, typed=typed_terms() | of_unit | changes)
    if draft.certificate is None:
        drafts.attach_picture(draft=draft, slot="certificate", content=_photo())
    return invite.send(draft=draft)


def sign_agreement_with(member: UnitMember, graduate: Graduate, **changes: Any) -> Agreement:
    """An active agreement on an invitation of `member`."""
    user = confirm_origin(graduate)
    invitation = send_invitation_as(member, graduate, **changes)
    read_notice(invitation, user)
    return accept_invitation(invitation, user, request_code(invitation, user))


def contract_proof(**changes: Any) -> dict[str, Any]:
    """Valid arguments of a conclusion: the contract's date and two pictures."""
    return {
        "contract_on": factories.today(), "first_page": _photo(), "signature_page": _photo(),
    } | changes  # fmt: skip


def propose_conclusion(agreement: Agreement, by: User, **changes: Any) -> Conclusion:
    """Say that a labour contract followed the agreement, with valid proof."""
    return conclude.propose(agreement=agreement, by=by, **contract_proof(**changes))


def request_consent_code(agreement: Agreement, by: User) -> str:
    """Request a code for consenting to the agreement's open termination; returns the code."""
    allow_new_codes()
    seen = Termination.objects.get(agreement=agreement, state=TerminationState.WAITING_OTHER).pk
    consent.send_code(agreement=agreement, by=by, seen=seen, address=ADDRESS)
    return last_code(consent.phone_of(termination_facts(agreement), by))


def consent_to_termination(agreement: Agreement, by: User, **changes: Any) -> Termination:
    """Consent with valid arguments; `changes` replaces some of them. The consent can still be taken
    back."""
    code = request_consent_code(agreement, by)
    seen = Termination.objects.get(agreement=agreement, state=TerminationState.WAITING_OTHER).pk
    values: dict[str, Any] = {
        "seen": seen, "has_read": True, "code": code, "address": ADDRESS, "agent": BROWSER,
    }  # fmt: skip
    return consent.consent(agreement=agreement, by=by, **(values | changes))


def let_take_back_period_pass() -> None:
    """Let the hour pass in which a consent can be taken back."""
    Termination.objects.filter(state=TerminationState.CONSENTED).update(
        consented_at=timezone.now() - TAKE_BACK_PERIOD
    )


def agree_to_terminate(agreement: Agreement, by: User) -> Termination:
    """Consent and let the hour pass, so that the department reviews the termination next."""
    done = consent_to_termination(agreement, by)
    let_take_back_period_pass()
    consent.forward_due()
    done.refresh_from_db()
    return done
