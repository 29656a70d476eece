"""Valkey is full, a replica that cannot be written, or not there at all: a real server of this test."""

from __future__ import annotations

import logging
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache, caches
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.celery import app
from config.settings.base import CACHES as PRODUCTION_CACHES
from core import cache as cache_module
from core import jobs, outage, rate
from core.errors import DomainError
from graduates.actions.roster import ROSTERS
from graduates.models import RosterImport
from schools.models import Department
from schools.roles import Role
from tests.factories import PASSWORD, World
from workbooks.states import ImportState

sys.path.insert(0, str(settings.BASE_DIR / "bin"))
from launcher.postgres import new_password
from launcher.valkey import Valkey

WORKBOOK = Path(__file__).parents[1] / "data" / "roster-400.xlsx"


@pytest.fixture(scope="module")
def server(worker_id: str) -> Iterator[Valkey]:
    base = Path("/tmp") / f"platform-away-{worker_id}"
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(mode=0o711)
    valkey = Valkey(base / "valkey", base / "valkey.log", new_password(), durable=False)
    valkey.start()
    yield valkey
    valkey.stop()
    shutil.rmtree(base)


def connect_anew() -> None:
    with suppress(AttributeError):  # this thread has used no cache yet
        del caches["default"]


@pytest.fixture
def valkey(server: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """This process caches there and sends its messages there."""
    monkeypatch.setitem(settings.CACHES["default"], "LOCATION", server.url)
    monkeypatch.setitem(
        settings.CACHES["default"], "OPTIONS", PRODUCTION_CACHES["default"]["OPTIONS"]
    )
    monkeypatch.setattr(app.conf, "broker_url", server.url)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    monkeypatch.setattr(cache_module, "_state", cache_module._State())
    monkeypatch.setattr(outage, "_noted", {})
    monkeypatch.setattr(outage, "_silent", {})
    connect_anew()
    client = redis.Redis.from_url(server.url)
    yield client
    client.config_set("maxmemory", 0)
    client.replicaof("NO", "ONE")
    client.flushall()
    connect_anew()


def full(valkey: redis.Redis) -> None:
    valkey.config_set("maxmemory", 1)


def replica(valkey: redis.Redis) -> None:
    valkey.replicaof("127.0.0.1", 9)
    time.sleep(0.1)


Fault = Callable[[redis.Redis], None]
FAULTS = pytest.mark.parametrize("fault", [full, replica])


@FAULTS
def test_what_is_committed_stays_and_the_page_answers(
    fault: Fault, valkey: redis.Redis, committed_world: World, django_db_blocker: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.INFO)
    with django_db_blocker.unblock():
        client = committed_world.client(Role.SCHOOL_ADMIN)
        fault(valkey)
        with WORKBOOK.open("rb") as workbook:
            answer = client.post(reverse("console:imports"), {"file": workbook})
        assert answer.status_code == 302
        (uploaded,) = RosterImport.objects.filter(school=committed_world.school)
        assert client.get(answer["Location"]).status_code == 200
        # Its message was dropped; the sweep finds the row.
        assert uploaded.state == ImportState.UPLOADED
        RosterImport.objects.update(due_at=timezone.now() - 2 * jobs.DELIVERY)
        assert jobs.overdue(ROSTERS) == [(uploaded.pk, ImportState.UPLOADED)]
        for address in ("/console/", "/console/graduates/", "/console/counts/"):
            assert client.get(address).status_code == 200, address
    problems = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert [r.name for r in problems] == ["core.outage"], "one line a minute"


@FAULTS
def test_signing_in_and_changing_go_on(
    fault: Fault, valkey: redis.Redis, committed_world: World, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        fault(valkey)
        client, login = Client(), committed_world.school_admin.login
        answer = client.post("/console/login/", {"login": login, "password": PASSWORD})
        assert answer.status_code == 302, answer.content.decode()
        assert client.get("/console/").status_code == 200
        add = client.post("/console/setup/departments/", {"name": "新学院", "code": ""})
        assert add.status_code == 302
        assert Department.objects.filter(school=committed_world.school, name="新学院").exists()
        assert client.post("/console/logout/").status_code == 302
        assert client.get("/console/").status_code == 302


@FAULTS
def test_limits_that_are_counted_in_the_cache_are_open(fault: Fault, valkey: redis.Redis) -> None:
    fault(valkey)
    for _ in range(5):
        rate.limit("tries", most=2, seconds=60)
    valkey.config_set("maxmemory", 0)
    valkey.replicaof("NO", "ONE")
    cache_module._state.away_until = 0
    with pytest.raises(DomainError):
        for _ in range(5):
            rate.limit("tries", most=2, seconds=60)


@FAULTS
def test_a_session_that_ended_meanwhile_does_not_come_back(
    fault: Fault, valkey: redis.Redis, committed_world: World, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        client = committed_world.client(Role.SCHOOL_ADMIN)
        assert client.get("/console/").status_code == 200
        kept = client.cookies["sessionid"].value
        fault(valkey)
        cache.set("noticed", 1)
        client.post("/console/logout/")
        valkey.config_set("maxmemory", 0)
        valkey.replicaof("NO", "ONE")
        cache_module._state.away_until = 0
        client.cookies["sessionid"] = kept
        assert client.get("/console/").status_code == 302


def test_a_value_that_could_not_be_written_is_not_read_in_its_older_form(
    valkey: redis.Redis,
) -> None:
    cache.set("word", "old")
    full(valkey)
    cache.set("word", "new")
    assert cache.get("word") is None


def test_pages_do_not_wait_for_a_valkey_that_does_not_answer(
    valkey: redis.Redis, server: Valkey
) -> None:
    assert server.service is not None
    assert server.service.process is not None
    server.service.process.send_signal(signal.SIGSTOP)
    try:
        started = time.monotonic()
        for _ in range(20):
            assert cache.get("word", "none") == "none"
        assert time.monotonic() - started < 4
    finally:
        server.service.process.send_signal(signal.SIGCONT)
