"""Scan-to-print: a public computer shows a code, the graduate's phone confirms it, the computer
gets the signed PDF, once.

The ticket's token is in the QR; the computer's own secret stays in its cookie, and only its hash
is kept. Whoever copies the address of the page, or photographs the QR, gets nothing.
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
from core.errors import NotPermitted, Refused
from core.rate import limit
from esign.actions import printing
from esign.actions.documents import current_document
from esign.models import Agreement, Document, PrintTicket
from esign.states import AgreementState, TicketState
from esign.ticket_steps import TICKET
from graduates.models import Graduate

LIFETIME = timedelta(minutes=5)
_KEPT = timedelta(days=1)
# A hall of public computers shares one address.
_TICKETS_AN_HOUR, _SCANS_AN_HOUR = 600, 60
_GONE = Refused("gone", "二维码已过期, 请在电脑上重新获取。")


def issue(*, address: str) -> tuple[PrintTicket, str]:
    """A ticket for the computer at `address`, and the secret that stays with it."""
    limit(f"print-ticket:{address}", most=_TICKETS_AN_HOUR, seconds=3600)
    secret = secrets.token_urlsafe(32)
    ticket = PrintTicket.objects.create(
        token=secrets.token_urlsafe(32),
        browser=_hash(secret),
        digits=f"{secrets.randbelow(100):02d}",
        expires_at=timezone.now() + LIFETIME,
    )
    return ticket, secret


def ticket_of(*, token: str, secret: str) -> PrintTicket:
    """The ticket, for the computer that asked for it and nobody else."""
    ticket = PrintTicket.objects.filter(token=token).first()
    if ticket is None or not hmac.compare_digest(ticket.browser, _hash(secret)):
        raise Refused("other_browser", "此页面只能在原来的电脑上使用, 请重新打开“扫码打印”。")
    return ticket


def is_over(ticket: PrintTicket) -> bool:
    return ticket.expires_at <= timezone.now()


def claim(*, token: str, graduate: Graduate, by: User) -> PrintTicket:
    """The phone opened the address: the ticket is this graduate's. Opening it again is the same."""
    limit(f"print-scan:{by.pk}", most=_SCANS_AN_HOUR, seconds=3600)
    _themselves(graduate, by)
    with transaction.atomic():
        ticket = _locked(token)
        if not TICKET.allows("claim", ticket.state):
            _still_ours(ticket, graduate)
            return ticket
        agreement, document = _printable(graduate)
        ticket.state, ticket.graduate, ticket.document = TicketState.CLAIMED, graduate, document
        ticket.save(update_fields=["state", "graduate", "document"])
        audit.record("esign.scan_claim", by=by, obj=agreement)
    return ticket


def confirm(*, token: str, graduate: Graduate, by: User) -> PrintTicket:
    """The graduate saw the same two digits on both and lets the computer have the file."""
    _themselves(graduate, by)
    with transaction.atomic():
        ticket = _locked(token)
        _still_ours(ticket, graduate)
        if ticket.state == TicketState.CONFIRMED:
            return ticket
        agreement, document = _printable(graduate)
        if document.pk != ticket.document_id:
            raise Refused("document_changed", "协议书刚刚更新, 请在电脑上重新获取二维码。")
        ticket.state = TicketState.CONFIRMED
        ticket.save(update_fields=["state"])
        audit.record("esign.scan_confirm", by=by, obj=agreement)
    return ticket


def use(*, token: str, secret: str) -> Document:
    """Hand the file to the computer that showed the code, once, counted as the graduate's print."""
    wanted = ticket_of(token=token, secret=secret)
    with transaction.atomic():
        agreement = (
            Agreement.objects.select_for_update(no_key=True)
            .filter(graduate_id=wanted.graduate_id or 0, state=AgreementState.ACTIVE)
            .first()
        )
        ticket = _locked(token)
        if ticket.state == TicketState.USED:
            raise Refused("used", "协议书已经下载过, 如需再次打印请重新扫码。")
        confirmed = TICKET.allows("use", ticket.state)
        if not confirmed or ticket.graduate is None or agreement is None:
            raise Refused("not_confirmed", "请先用手机扫码并确认。")
        user = ticket.graduate.person.user
        assert user is not None  # they confirmed it
        document = printing.take(agreement=agreement, by=user, way="scan")
        if document.pk != ticket.document_id:
            raise Refused("document_changed", "协议书刚刚更新, 请重新扫码。")
        ticket.state, ticket.used_at = TicketState.USED, timezone.now()
        ticket.save(update_fields=["state", "used_at"])
    return document


def sweep(now: datetime | None = None) -> int:
    """Old tickets go; what was printed is in the prints."""
    before = (now or timezone.now()) - _KEPT
    return PrintTicket.objects.filter(expires_at__lt=before).delete()[0]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _locked(token: str) -> PrintTicket:
    ticket = (
        PrintTicket.objects.select_for_update(of=("self",))
        .select_related("graduate__person__user", "document")
        .filter(token=token)
        .first()
    )
    if ticket is None or is_over(ticket):
        raise _GONE
    return ticket


def _themselves(graduate: Graduate, by: User) -> None:
    if graduate.person.user_id != by.pk:
        raise NotPermitted("not_yours", "只有毕业生本人可以扫码打印。")


def _still_ours(ticket: PrintTicket, graduate: Graduate) -> None:
    if ticket.graduate_id != graduate.pk:
        raise Refused("taken", "二维码已被使用, 请在电脑上重新获取。")
    if ticket.state == TicketState.USED:
        raise Refused("used", "协议书已经下载, 如需再次打印请在电脑上重新获取二维码。")


def _printable(graduate: Graduate) -> tuple[Agreement, Document]:
    agreement = Agreement.objects.filter(graduate=graduate, state=AgreementState.ACTIVE).first()
    if agreement is None:
        raise Refused("no_agreement", "您没有生效的就业协议, 不能打印。")
    reason, document = printing.why_not(agreement), current_document(agreement)
    if reason or document is None:
        raise Refused("not_printable", reason or "协议书正在生成, 请稍后再试。")
    return agreement, document
