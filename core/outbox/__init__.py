"""Text messages and e-mails: a row with the change that caused it, sent once it is committed.

`post` writes the row; a task sends what is due, and a sweep finds what a lost message left behind.
At most once: a row is claimed before it goes to the backend, and one whose worker died in between
is parked for people to look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from core.db import rows
from core.models import Channel, OutboxMessage, OutboxState

MOST_ATTEMPTS = 5
# Longer than any backend takes; who holds a row longer has died.
LEASE = timedelta(minutes=5)
_BATCH = 100
_PAUSE = 1  # seconds


class NotSent(Exception):
    """A backend is certain that the message did not go out; it is tried again later."""


def post(
    channel: str, address: str, text: str, *, key: str, subject: str = "", secret: bool = False
) -> None:
    """Queue one message in the caller's transaction. The same `key` again does nothing."""
    post_each([message(channel, address, text, key=key, subject=subject, secret=secret)])


def message(
    channel: str, address: str, text: str, *, key: str, subject: str = "", secret: bool = False
) -> OutboxMessage:
    """One message, still to be posted."""
    return OutboxMessage(
        dedupe_key=key, channel=channel, address=address, subject=subject, text=text, secret=secret
    )


def post_each(messages: Iterable[OutboxMessage]) -> None:
    """Queue what has an address, in one statement and the caller's transaction."""
    addressed = [m for m in messages if m.address]
    if addressed:
        rows.insert_each(addressed)
        transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    """One task sends everything that is due: who is told of within its pause is sent with it."""
    from core.tasks import send_outbox

    if cache.add("outbox:woken", True, timeout=_PAUSE):
        send_outbox.apply_async(countdown=_PAUSE)


def can_send(channel: str = Channel.SMS) -> bool:
    """Whether a backend is set: production opens no signing without one."""
    return bool(settings.OUTBOX_BACKENDS.get(channel))


def send_due() -> int:
    """Send everything that is due; returns how many went out."""
    _park_lost()
    sent = 0
    while claimed := _claim():
        for message in claimed:
            sent += _send(message)
    return sent


def _park_lost() -> None:
    OutboxMessage.objects.filter(
        state=OutboxState.SENDING, claimed_at__lt=timezone.now() - LEASE
    ).update(state=OutboxState.PARKED, problem="发送中断, 不知是否送达, 不再重发。")


def _claim() -> list[OutboxMessage]:
    with transaction.atomic():
        now = timezone.now()
        due = OutboxMessage.objects.filter(state=OutboxState.WAITING, due_at__lte=now)
        found = list(due.order_by("due_at", "id").select_for_update(skip_locked=True)[:_BATCH])
        OutboxMessage.objects.filter(pk__in=[m.pk for m in found]).update(
            state=OutboxState.SENDING, claimed_at=now
        )
    return found


def _send(message: OutboxMessage) -> bool:
    message.attempts += 1
    try:
        backend = settings.OUTBOX_BACKENDS.get(message.channel)
        if not backend:
            raise NotSent("没有配置发送通道")
        import_string(backend)(message)
    except NotSent as problem:
        again = message.attempts < MOST_ATTEMPTS
        message.state = OutboxState.WAITING if again else OutboxState.PARKED
        message.due_at = timezone.now() + timedelta(seconds=15 * 4**message.attempts)
        message.problem = str(problem)[:300]
    except Exception as problem:
        message.state, message.problem = OutboxState.PARKED, f"{type(problem).__name__}"[:300]
    else:
        message.state, message.sent_at, message.problem = OutboxState.SENT, timezone.now(), ""
        if message.secret and not settings.DEVELOPMENT_INBOX:
            message.text = ""
    message.save(update_fields=["state", "attempts", "due_at", "problem", "sent_at", "text"])
    return message.state == OutboxState.SENT
