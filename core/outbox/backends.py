"""Ways out for text messages and e-mails; settings name one for each channel.

A backend is a function of one `OutboxMessage`. It returns when the message is on its way, raises
`outbox.NotSent` when it certainly is not, and anything else when that can't be known. A provider
that knows idempotency keys is given `dedupe_key`.
"""

from __future__ import annotations

from contextlib import suppress
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from core.models import OutboxMessage
from core.outbox import NotSent


def development_inbox(message: OutboxMessage) -> None:
    """Nothing leaves the machine: the page /dev/inbox/ shows the rows themselves."""
    if not settings.DEVELOPMENT_INBOX:
        raise NotSent("开发收件箱只用于开发环境")


def email(message: OutboxMessage) -> None:
    """Through Django's mail settings. A server that can't be reached or says no has not taken it;
    one that falls silent after it got the text may have."""
    server = get_connection()
    host = urlsplit(settings.PUBLIC_ORIGIN).hostname
    mail = EmailMessage(
        message.subject,
        message.text,
        to=[message.address],
        headers={
            # The same at every attempt, so that a mailbox can tell; no answers from machines.
            "Message-ID": f"<outbox-{message.pk}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
        connection=server,
    )
    try:
        server.open()
    except OSError as problem:
        raise NotSent(f"邮件服务器无法使用: {type(problem).__name__}") from problem
    try:
        mail.send()
    except (SMTPResponseException, SMTPRecipientsRefused) as problem:
        raise NotSent(f"邮件服务器拒收: {type(problem).__name__}") from problem
    finally:
        with suppress(OSError):  # what was taken stays taken, however they part
            server.close()


def http_sms(message: OutboxMessage) -> None:
    """A provider's HTTP interface: SMS_URL gets {"mobile", "text", "id"} as JSON with the bearer
    token SMS_TOKEN. Answers below 300 count as taken; 429 and 5xx as not sent."""
    import httpx

    try:
        answer = httpx.post(
            settings.SMS_URL,
            json={"mobile": message.address, "text": message.text, "id": message.dedupe_key},
            headers={"Authorization": f"Bearer {settings.SMS_TOKEN}"},
            timeout=10,
        )
    except httpx.ConnectError as problem:
        raise NotSent("短信通道连接失败") from problem
    if answer.status_code == 429 or answer.status_code >= 500:
        raise NotSent(f"短信通道返回 {answer.status_code}")
    answer.raise_for_status()
