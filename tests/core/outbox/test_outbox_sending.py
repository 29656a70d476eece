"""Sending queued messages: at most once, retried if nothing was sent, parked if that is unknown."""

from __future__ import annotations

import datetime
from typing import Any

import httpx
import pytest
from django.utils import timezone

from core import jobs, outbox
from core.models import Channel, OutboxMessage, OutboxState
from core.outbox import NotSent, backends

pytestmark = pytest.mark.django_db
PHONE = "13900000001"
_sent: list[str] = []


def takes(message: OutboxMessage) -> None:
    _sent.append(message.dedupe_key)


def refuses(message: OutboxMessage) -> None:
    raise NotSent("线路忙")


def breaks(message: OutboxMessage) -> None:
    raise ZeroDivisionError


@pytest.fixture(autouse=True)
def nothing_sent() -> None:
    _sent.clear()


def by(settings: Any, name: str) -> None:
    settings.OUTBOX_BACKENDS = {"sms": f"{__name__}.{name}", "email": ""}


def post(key: str, **more: Any) -> OutboxMessage:
    outbox.post(Channel.SMS, PHONE, "验证码 123456", key=key, **more)
    return OutboxMessage.objects.get(dedupe_key=key)


def test_each_message_is_sent_once(settings: Any) -> None:
    by(settings, "takes")
    post("a")
    post("b")
    assert outbox.send_due() == 2
    assert outbox.send_due() == 0
    assert _sent == ["a", "b"]


def test_the_text_of_a_secret_message_is_deleted_once_it_is_sent(settings: Any) -> None:
    by(settings, "takes")
    settings.DEVELOPMENT_INBOX = False
    secret, plain = post("secret", secret=True), post("plain")
    outbox.send_due()
    secret.refresh_from_db()
    plain.refresh_from_db()
    assert (secret.text, plain.text) == ("", "验证码 123456")
    assert secret.sent_at


def test_a_message_that_was_not_sent_is_retried_and_finally_parked(settings: Any) -> None:
    by(settings, "refuses")
    row = post("a")
    for attempt in range(1, outbox.MESSAGES.most_attempts):
        assert outbox.send_due() == 0
        row.refresh_from_db()
        assert (row.state, row.attempts, row.problem) == (OutboxState.WAITING, attempt, "线路忙")
        assert row.due_at > timezone.now(), "not at once"
        assert outbox.send_due() == 0
        OutboxMessage.objects.update(due_at=timezone.now())
    outbox.send_due()
    row.refresh_from_db()
    assert row.state == OutboxState.PARKED
    OutboxMessage.objects.update(due_at=timezone.now())
    by(settings, "takes")
    assert outbox.send_due() == 0


def test_a_message_that_may_have_been_sent_is_not_repeated(settings: Any) -> None:
    by(settings, "breaks")
    row = post("a")
    outbox.send_due()
    by(settings, "takes")
    assert outbox.send_due() == 0
    row.refresh_from_db()
    assert (row.state, row.problem) == (OutboxState.PARKED, "ZeroDivisionError")


def test_a_message_whose_worker_died_is_parked(settings: Any) -> None:
    by(settings, "takes")
    row = post("a")
    assert [m.pk for m in jobs.claim(outbox.MESSAGES)] == [row.pk]
    assert outbox.send_due() == 0, "another worker may be just sending it"
    long_ago = timezone.now() - datetime.timedelta(seconds=1)
    OutboxMessage.objects.update(leased_until=long_ago)
    assert outbox.send_due() == 0
    row.refresh_from_db()
    assert row.state == OutboxState.PARKED
    assert "不再重发" in row.problem


def test_without_a_backend_messages_stay_queued(settings: Any) -> None:
    settings.OUTBOX_BACKENDS = {"sms": "", "email": ""}
    row = post("a")
    outbox.send_due()
    row.refresh_from_db()
    assert row.state == OutboxState.WAITING


@pytest.mark.parametrize(
    ("answer", "raises"),
    [
        (httpx.Response(200), None), (httpx.Response(202), None),
        (httpx.Response(429), NotSent), (httpx.Response(503), NotSent),
        (httpx.ConnectError("no"), NotSent),
        (httpx.Response(400), httpx.HTTPStatusError), (httpx.ReadTimeout("?"), httpx.ReadTimeout),
    ],
)  # fmt: skip
def test_the_status_of_the_sms_provider_decides_what_happens(
    settings: Any, monkeypatch: pytest.MonkeyPatch, answer: Any, raises: type[Exception] | None
) -> None:
    settings.SMS_URL, settings.SMS_TOKEN = "https://sms.example.com/send", "made-up"
    asked: list[dict[str, Any]] = []

    def provider(url: str, **how: Any) -> httpx.Response:
        asked.append({"url": url, **how})
        if isinstance(answer, Exception):
            raise answer
        answer.request = httpx.Request("POST", url)
        return answer

    monkeypatch.setattr(httpx, "post", provider)
    row = post("k")
    if raises is None:
        backends.http_sms(row)
    else:
        with pytest.raises(raises):
            backends.http_sms(row)
    (one,) = asked
    assert one["json"] == {"mobile": PHONE, "text": "验证码 123456", "id": "k"}
    assert one["headers"] == {"Authorization": "Bearer made-up"}
