"""E-mail over SMTP to a server on this machine: delivered once, retried after a refusal, parked if it
is unknown whether it arrived."""

from __future__ import annotations

import email
import email.policy
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings as django_settings
from django.utils import timezone

from core import outbox
from core.models import Channel, OutboxMessage, OutboxState
from tests.removal import clear_own_cache

TO = "someone@example.com"


@dataclass
class Mailbox:
    """A mail server and what it accepted. `answers` are the replies to the next texts instead of
    accepting them."""

    answers: list[str] = field(default_factory=list)
    taken: list[Any] = field(default_factory=list)
    refused: int = 0
    hangs_up: bool = False
    victim: int = 0  # pid of a process to kill when its text arrives
    started: threading.Event = field(default_factory=threading.Event)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.hangs_up:
            server.transport.abort()
        if self.answers:
            self.refused += 1
            return self.answers.pop(0)
        self.taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        if self.started.is_set():
            os.kill(self.victim, signal.SIGKILL)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    made = Mailbox()
    server = Controller(made, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.DEFAULT_FROM_EMAIL = "platform@example.com"
    settings.OUTBOX_BACKENDS = {"email": "core.outbox.backends.email"}
    yield made
    server.stop()


def post(key: str = "one", **values: Any) -> OutboxMessage:
    clear_own_cache()
    outbox.post(Channel.EMAIL, TO, "请登录平台查看。", key=key, subject="协议已生效", **values)
    return OutboxMessage.objects.get(dedupe_key=key)


def due(row: OutboxMessage) -> OutboxMessage:
    """Make the message due now, as after the pause before the next attempt."""
    OutboxMessage.objects.filter(pk=row.pk).update(due_at=timezone.now())
    return row


@pytest.mark.django_db
def test_a_mail_is_delivered_once(mailbox: Mailbox) -> None:
    row = post()
    post()
    assert (outbox.send_due(), outbox.send_due()) == (1, 0)
    (mail,) = mailbox.taken
    assert (mail["To"], mail["From"], mail["Subject"]) == (
        TO, "platform@example.com", "协议已生效",
    )  # fmt: skip
    assert mail["Message-ID"].startswith(f"<outbox-{row.pk}@")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().strip() == "请登录平台查看。"
    row.refresh_from_db()
    assert (row.state, row.attempts) == (OutboxState.SENT, 1)


@pytest.mark.django_db
def test_a_refused_mail_is_tried_again_later(mailbox: Mailbox) -> None:
    mailbox.answers = ["451 later", "550 never heard of"]
    row = post()
    for attempt in (1, 2):
        assert outbox.send_due() == 0
        row.refresh_from_db()
        assert (row.state, row.attempts) == (OutboxState.WAITING, attempt)
        assert row.due_at > timezone.now() and "拒收" in row.problem
        assert outbox.send_due() == 0 and mailbox.refused == attempt, "not before its time"
        due(row)
    assert outbox.send_due() == 1
    assert len(mailbox.taken) == 1


@pytest.mark.django_db
def test_a_mail_is_parked_when_the_server_stays_unreachable(
    mailbox: Mailbox, settings: Any
) -> None:
    settings.EMAIL_PORT = free_port()
    row = post()
    for _ in range(outbox.MESSAGES.most_attempts):
        assert outbox.send_due() == 0
        due(row)
    row.refresh_from_db()
    assert (row.state, row.attempts) == (OutboxState.PARKED, outbox.MESSAGES.most_attempts)
    assert "无法使用" in row.problem


@pytest.mark.django_db
def test_a_mail_is_not_repeated_after_the_connection_broke_during_the_text(
    mailbox: Mailbox,
) -> None:
    """The server may have accepted the text before."""
    mailbox.hangs_up = True
    row = post()
    assert outbox.send_due() == 0
    row.refresh_from_db()
    assert (row.state, row.attempts) == (OutboxState.PARKED, 1)


_WORKER = "import django; django.setup(); from core import outbox; outbox.send_due()"


def test_a_mail_whose_worker_is_killed_is_parked_and_never_sent_again(
    mailbox: Mailbox, settings: Any, django_db_setup: None, django_db_blocker: Any
) -> None:
    """The server accepted the mail; the worker died before it could record that."""
    with django_db_blocker.unblock():
        OutboxMessage.objects.all().delete()
        row = post()
        try:
            database = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
            worker = subprocess.Popen(
                [sys.executable, "-c", _WORKER],
                env={
                    **os.environ,
                    "DJANGO_SETTINGS_MODULE": "config.settings.base",
                    "SECRET_KEY": "of-this-test" * 5,
                    "DATABASE_URL": f"{database}/{django_settings.DATABASES['default']['NAME']}",
                    "EMAIL_URL": f"smtp://127.0.0.1:{settings.EMAIL_PORT}",
                    "EMAIL_FROM": "platform@example.com",
                },
                cwd=django_settings.BASE_DIR,
            )
            mailbox.victim = worker.pid
            mailbox.started.set()
            assert worker.wait(60) == -signal.SIGKILL
            mailbox.started.clear()
            row.refresh_from_db()
            assert row.state == OutboxState.SENDING
            assert outbox.send_due() == 0, "it may still be alive"
            long_ago = timezone.now() - timedelta(seconds=1)
            OutboxMessage.objects.filter(pk=row.pk).update(leased_until=long_ago)
            assert outbox.send_due() == 0
            row.refresh_from_db()
            assert (row.state, len(mailbox.taken)) == (OutboxState.PARKED, 1)
            assert "不知是否送达" in row.problem
        finally:
            OutboxMessage.objects.all().delete()
