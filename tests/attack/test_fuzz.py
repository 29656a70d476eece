"""Requests that nobody would type: no server error, and nothing of people who are not one's own."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.test import Client

from core import rate
from tests.access_table import Objects
from tests.attack.fuzz import EVERYBODY, Answer, Fuzzer, Request
from tests.factories import client_of

pytestmark = pytest.mark.django_db
COUNT = 1000


@pytest.fixture
def fuzzer(monkeypatch: pytest.MonkeyPatch) -> Fuzzer:
    # Rate limits are off, so that requests reach the views.
    monkeypatch.setattr(rate, "limit", lambda *_, **__: None)
    return Fuzzer(Objects(), seed=20270630)


def test_no_made_up_request_causes_an_error_or_shows_other_peoples_numbers(fuzzer: Fuzzer) -> None:
    clients: dict[str, Client] = {}

    def send(request: Request) -> Answer:
        client = clients.get(request.who) or Client()
        user = fuzzer.person(request.who)
        if user is not None and SESSION_KEY not in client.session:  # a request has signed out
            client = client_of(user)
        client.raise_request_exception = False
        clients[request.who] = client
        with transaction.atomic():
            answer = client.generic(
                request.method,
                request.path,
                urlencode(request.fields),
                content_type="application/x-www-form-urlencoded",
            )
            body = b"" if answer.streaming else answer.content
            transaction.set_rollback(True)
        return Answer(answer.status_code, body)

    found = fuzzer.run(send, count=COUNT)
    assert found.requests == COUNT
    assert found.statuses[200] > COUNT / 20, "most requests got nowhere"
    assert "\n".join(found.server_errors) == ""
    assert "\n".join(found.leaks) == ""
    assert set(clients) == set(EVERYBODY)
