"""Scan-to-print: a public computer shows a QR code, the graduate's phone scans and confirms it, and the
computer may download the signed PDF once.

The QR code holds the ticket's token. The computer has a secret of its own in a cookie, and only the
secret's hash is stored. So nobody gets the file who only copies the page's address or takes a photo
of the QR code.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit
from core.clock import database_now
from core.errors import NotPermitted, Refused
from core.rate import limit
from esign.actions import printing
from esign.actions.documents import current_document
from esign.models import Agreement, Document, PrintTicket
from esign.states import AgreementState, TicketState
from esign.ticket_steps import TICKET
from graduates.models import Graduate

LIFETIME = timedelta(minutes=5)
_KEPT_FOR = timedelta(days=1)
# All public computers of a hall may share one IP address.
_TICKETS_AN_HOUR, _SCANS_AN_HOUR = 600, 60
_EXPIRED = Refused("gone", "二维码已过期，请在电脑上重新获取。")


def issue_ticket(*, address: str) -> tuple[PrintTicket, str]:
    """A ticket for the computer at the IP address `address`, and the secret for its cookie."""
    limit(f"print-ticket:{address}", most=_TICKETS_AN_HOUR, seconds=3600)
    secret = secrets.token_urlsafe(32)
    ticket = PrintTicket.objects.create(
        token=secrets.token_urlsafe(32),
        browser=_hash(secret),
        digits=f"{secrets.randbelow(100):02d}",
        expires_at=database_now() + LIFETIME,
    )
    return ticket, secret


def find_ticket(*, token: str, secret: str) -> PrintTicket:
    """The ticket with this token, for the computer that has its secret. Raises `Refused`."""
    ticket = PrintTicket.objects.filter(token=token).first()
    if ticket is None or not hmac.compare_digest(ticket.browser, _hash(secret)):
        raise Refused("other_browser", "此页面只能在原来的电脑上使用，请重新打开“扫码打印”。")
    return ticket


def has_expired(ticket: PrintTicket) -> bool:
    return ticket.expires_at <= database_now()


def claim_ticket(*, token: str, graduate: Graduate, by: User) -> PrintTicket:
    """The phone opened the scanned address: from now on the ticket belongs to this graduate. Opening
    the address again changes nothing."""
    limit(f"print-scan:{by.pk}", most=_SCANS_AN_HOUR, seconds=3600)
    _check_own_account(graduate, by)
    with transaction.atomic():
        ticket = _lock_ticket(token)
        if not TICKET.allows("claim", ticket.state):
            _check_claimed_by(ticket, graduate)
            return ticket
        agreement, document = _printable_document(graduate)
        ticket.state, ticket.graduate, ticket.document = TicketState.CLAIMED, graduate, document
        ticket.save(update_fields=["state", "graduate", "document"])
        audit.record("esign.scan_claim", by=by, obj=agreement)
    return ticket


def confirm_ticket(*, token: str, graduate: Graduate, by: User) -> PrintTicket:
    """The graduate confirms that phone and computer show the same two digits, so that the computer
    may download the file."""
    _check_own_account(graduate, by)
    with transaction.atomic():
        ticket = _lock_ticket(token)
        _check_claimed_by(ticket, graduate)
        if ticket.state == TicketState.CONFIRMED:
            return ticket
        agreement, document = _printable_document(graduate)
        if document.pk != ticket.document_id:
            raise Refused("document_changed", "协议书刚刚更新，请在电脑上重新获取二维码。")
        ticket.state = TicketState.CONFIRMED
        ticket.save(update_fields=["state"])
        audit.record("esign.scan_confirm", by=by, obj=agreement)
    return ticket


def redeem_ticket(*, token: str, secret: str) -> Document:
    """The document for the computer that showed the code. It is handed out once and recorded as the
    graduate's print."""
    unlocked = find_ticket(token=token, secret=secret)
    with transaction.atomic():
        agreement = (
            Agreement.objects.select_for_update(no_key=True)
            .filter(graduate_id=unlocked.graduate_id or 0, state=AgreementState.ACTIVE)
            .first()
        )
        ticket = _lock_ticket(token)
        if ticket.state == TicketState.USED:
            raise Refused("used", "协议书已经下载过，如需再次打印请重新扫码。")
        confirmed = TICKET.allows("use", ticket.state)
        if not confirmed or ticket.graduate is None or agreement is None:
            raise Refused("not_confirmed", "请先用手机扫码并确认。")
        user = ticket.graduate.person.user
        assert user is not None  # only a graduate with an account can confirm
        document = printing.hand_out(agreement=agreement, by=user, way="scan")
        if document.pk != ticket.document_id:
            raise Refused("document_changed", "协议书刚刚更新，请重新扫码。")
        ticket.state, ticket.used_at = TicketState.USED, timezone.now()
        ticket.save(update_fields=["state", "used_at"])
    return document


def delete_old_tickets(now: datetime | None = None) -> int:
    """Delete old tickets; returns how many. Prints are recorded elsewhere and stay."""
    before = (now or database_now()) - _KEPT_FOR
    return PrintTicket.objects.filter(expires_at__lt=before).delete()[0]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _lock_ticket(token: str) -> PrintTicket:
    ticket = (
        PrintTicket.objects.select_for_update(of=("self",))
        .select_related("graduate__person__user", "document")
        .filter(token=token)
        .first()
    )
    if ticket is None or has_expired(ticket):
        raise _EXPIRED
    return ticket


def _check_own_account(graduate: Graduate, by: User) -> None:
    if graduate.person.user_id != by.pk:
        raise NotPermitted("not_yours", "只有毕业生本人可以扫码打印。")


def _check_claimed_by(ticket: PrintTicket, graduate: Graduate) -> None:
    if ticket.graduate_id != graduate.pk:
        raise Refused("taken", "二维码已被使用，请在电脑上重新获取。")
    if ticket.state == TicketState.USED:
        raise Refused("used", "协议书已经下载，如需再次打印请在电脑上重新获取二维码。")


def _printable_document(graduate: Graduate) -> tuple[Agreement, Document]:
    agreement = Agreement.objects.filter(graduate=graduate, state=AgreementState.ACTIVE).first()
    if agreement is None:
        raise Refused("no_agreement", "您没有生效的就业协议，不能打印。")
    reason, document = printing.print_refusal(agreement), current_document(agreement)
    if reason or document is None:
        raise Refused("not_printable", reason or "协议书正在生成，请稍后再试。")
    return agreement, document
