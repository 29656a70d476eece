"""Text messages and e-mails that are sent after the change that caused them is committed.

`post` writes a row in the transaction of the change. A task sends the rows that are due. Each
message goes out at most once: a worker leases the row before it calls the backend, and a message
whose worker died in between is parked for a person to look at.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from core import jobs
from core.db import rows
from core.jobs import JobKind
from core.models import Channel, OutboxMessage, OutboxState

MESSAGES = JobKind(
    name="outbox",
    label="短信和邮件",
    model=OutboxMessage,
    phases={OutboxState.WAITING: OutboxState.SENDING},
    finished={OutboxState.SENDING: OutboxState.SENT},
    parked=OutboxState.PARKED,
    owner="运维人员",
    most_attempts=5,
    task="core.tasks.send_outbox",
    # A message that was being sent when its worker died may have arrived.
    repeatable=False,
    interrupted="发送中断，不知是否送达，不再重发。",
)
_BATCH = 100
_PAUSE = 1  # seconds
_log = logging.getLogger(__name__)


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
    """One message, still to be posted. Links that are not the platform's own are removed from it,
    because names and reasons that people typed may be part of it."""
    return OutboxMessage(
        dedupe_key=key, channel=channel, address=address, subject=_without_links(subject),
        text=_without_links(text), secret=secret,
    )  # fmt: skip


_LINK = re.compile(
    r"(?:https?://|www\.)[!-~]+|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?:[/?#][!-~]*)?",
    re.IGNORECASE,
)


def _without_links(text: str) -> str:
    own = settings.PUBLIC_ORIGIN
    return _LINK.sub(lambda found: found[0] if found[0].startswith(own) else "…", text)


def post_each(messages: Iterable[OutboxMessage]) -> None:
    """Queue the messages that have an address, in one statement and the caller's transaction."""
    addressed = [m for m in messages if m.address]
    if addressed:
        rows.insert_each(addressed)
        transaction.on_commit(_wake, robust=True)


def post_to_each(
    channel: str, addressed: QuerySet[Any, Any], text: str, *, subject: str = "", due_at: datetime
) -> int:
    """Queue the same message to many addresses in one statement and the caller's transaction, to be
    sent from `due_at` on and after everything else. `addressed` gives rows of (address, key); those
    without an address and known keys are left out. Returns how many are queued."""
    sql, params = addressed.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_outboxmessage (channel, address, subject, text, secret, bulk, dedupe_key,"
            " state, due_at, attempts, token, progress, problem)"
            " SELECT %s, address, %s, %s, false, true, key, %s, %s, 0, 0, 0, ''"
            f" FROM ({sql}) AS found(address, key) WHERE address <> '' ORDER BY key"
            " ON CONFLICT (dedupe_key) DO NOTHING",
            [channel, _without_links(subject), _without_links(text), OutboxState.WAITING, due_at,
             *params],
        )  # fmt: skip
        queued = cursor.rowcount
    if queued:
        transaction.on_commit(_wake, robust=True)
    return queued


def _wake() -> None:
    """Start at most one task a second, because each sends everything that is due."""
    from core.tasks import send_outbox

    if cache.add("outbox:woken", True, timeout=_PAUSE):
        send_outbox.apply_async(countdown=_PAUSE)


def can_send(channel: str = Channel.SMS) -> bool:
    """Whether the channel has a backend. Without one for text messages signing is closed."""
    return bool(settings.OUTBOX_BACKENDS.get(channel))


def send_due() -> int:
    """Send everything that is due; returns how many messages went out. A batch of those that were
    written for very many people is sent whenever nothing else is due, so that a one-time code never
    waits behind 400,000 reminders."""
    sent = 0
    while claimed := jobs.claim(MESSAGES, limit=_BATCH, only=Q(bulk=False)) or jobs.claim(
        MESSAGES, limit=_BATCH, only=Q(bulk=True)
    ):
        for message in claimed:
            try:
                sent += _send(message)
            except jobs.LeaseLost:
                _log.warning("outbox message %s was parked while it was being sent", message.pk)
    return sent


def _send(message: OutboxMessage) -> bool:
    """Give one claimed message to the backend of its channel; returns whether it went out."""
    try:
        backend = settings.OUTBOX_BACKENDS.get(message.channel)
        if not backend:
            raise NotSent("没有配置发送通道")
        import_string(backend)(message)
    except NotSent as problem:
        pause = timedelta(seconds=15 * 4**message.attempts)
        jobs.retry(MESSAGES, message, str(problem), after=pause)
        return False
    except Exception as problem:
        jobs.park(MESSAGES, message, type(problem).__name__)
        return False
    wiped = {"text": ""} if message.secret and not settings.DEVELOPMENT_INBOX else {}
    jobs.finish(
        message, MESSAGES.finished[message.state], sent_at=timezone.now(), problem="", **wiped
    )
    return True
