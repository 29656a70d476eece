"""Messages are sent after the commit of their cause; one task is started for many messages."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from core import outbox, tasks
from core.models import Channel, OutboxMessage
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    clear_own_cache()
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.send_outbox, "apply_async", lambda **how: found.append(how))
    return found


def post(key: str) -> None:
    outbox.post(Channel.SMS, "13900000001", "您好", key=key)


def test_many_messages_wake_one_task_that_comes_after_them(
    woken: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for n in range(5):
            post(f"many:{n}")
        assert not woken, "nothing leaves before the commit"
    assert woken == [{"countdown": 1}]
    assert OutboxMessage.objects.filter(dedupe_key__startswith="many:").count() == 5


def test_a_message_with_the_same_key_is_posted_once(
    woken: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post("same")
        post("same")
    assert woken == [{"countdown": 1}]
    assert OutboxMessage.objects.filter(dedupe_key="same").count() == 1


def test_a_message_that_is_rolled_back_is_not_sent(
    woken: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(ZeroDivisionError),
        transaction.atomic(),
    ):
        post("undone")
        raise ZeroDivisionError
    assert not woken
    assert not OutboxMessage.objects.filter(dedupe_key="undone").exists()
