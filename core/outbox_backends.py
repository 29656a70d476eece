"""Ways out for text messages and e-mails; settings name one for each channel.

A backend is a function of one `OutboxMessage`. It returns when the message is on its way, raises
`outbox.NotSent` when it certainly is not, and anything else when that can't be known. A provider
that knows idempotency keys is given `dedupe_key`.
"""

from __future__ import annotations

from django.conf import settings
from django.core.mail import send_mail

from core.models import OutboxMessage
from core.outbox import NotSent


def development_inbox(message: OutboxMessage) -> None:
    """Nothing leaves the machine: the page /dev/inbox/ shows the rows themselves."""
    if not settings.DEVELOPMENT_INBOX:
        raise NotSent("开发收件箱只用于开发环境")


def email(message: OutboxMessage) -> None:
    """Through Django's mail settings."""
    try:
        send_mail(message.subject, message.text, None, [message.address])
    except OSError as problem:
        raise NotSent(type(problem).__name__) from problem


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
