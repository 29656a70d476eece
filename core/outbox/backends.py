"""Backends that send text messages and e-mails; OUTBOX_BACKENDS names one for each channel.

A backend is a function of one `OutboxMessage`. It returns if the message was sent, raises
`outbox.NotSent` if it certainly was not, and any other exception if that is unknown. A provider that
supports idempotency keys is given `dedupe_key`.
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
    """Send nothing. The page /dev/inbox/ shows the rows."""
    if not settings.DEVELOPMENT_INBOX:
        raise NotSent("开发收件箱只用于开发环境")


def email(message: OutboxMessage) -> None:
    """Send by the mail server of Django's settings. If the server can't be reached or refuses, the
    message was not sent; if the connection breaks after the text was sent, that is unknown."""
    server = get_connection()
    host = urlsplit(settings.PUBLIC_ORIGIN).hostname
    mail = EmailMessage(
        message.subject,
        message.text,
        to=[message.address],
        headers={
            # The same at every attempt, so that mailboxes recognise a repeated message.
            "Message-ID": f"<outbox-{message.pk}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
        connection=server,
    )
    try:
        server.open()
    except OSError as problem:
        raise NotSent(f"邮件服务器无法使用：{type(problem).__name__}") from problem
    try:
        mail.send()
    except (SMTPResponseException, SMTPRecipientsRefused) as problem:
        raise NotSent(f"邮件服务器拒收：{type(problem).__name__}") from problem
    finally:
        with suppress(OSError):  # an error while closing does not undo the delivery
            server.close()


def http_sms(message: OutboxMessage) -> None:
    """Send by a provider's HTTP interface: SMS_URL gets {"mobile", "text", "id"} as JSON with the bearer
    token SMS_TOKEN. A status below 300 means sent; 429 and 5xx mean not sent."""
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
