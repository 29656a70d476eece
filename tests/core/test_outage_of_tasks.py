"""What workers and beat write to the log while the database is away."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from celery import signals
from celery.app.trace import build_tracer
from celery.utils.log import get_logger
from django.db import OperationalError
from django_structlog.celery.receivers import CeleryReceiver

from accounts import tasks
from config.celery import app
from core import outage
from core.logs import MaskingFormatter
from tests.core.test_outage import nobody_listens


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the handler of the platform writes, as a worker has it."""
    monkeypatch.setattr(outage, "_noted", {})
    monkeypatch.setattr(outage, "_silent", {})
    written = io.StringIO()
    (handler,) = [
        h for h in logging.getLogger().handlers if isinstance(h.formatter, MaskingFormatter)
    ]
    usual = handler.setStream(written)  # type: ignore[attr-defined]
    yield written
    handler.setStream(usual)  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def receiver() -> Any:
    """Writes what tasks raise, as it does in a worker."""
    made = CeleryReceiver()
    signals.task_failure.connect(made.receiver_task_failure)
    yield made
    signals.task_failure.disconnect(made.receiver_task_failure)


def run_task() -> None:
    """Run a task as a worker does, which logs what it raises."""
    task = tasks.clear_sessions
    request = {"id": "an-id", "task": task.name}
    build_tracer(task.name, task, app=app)("an-id", (), {}, request)


def test_tasks_write_one_line_a_minute_while_the_database_is_away(
    log: io.StringIO, django_db_setup: Any, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock(), nobody_listens():
        for _ in range(20):
            run_task()
    lines = [line for line in log.getvalue().splitlines() if "[info" not in line]
    assert len(lines) == 1, lines
    assert "database cannot be used" in lines[0]
    assert "Traceback" not in log.getvalue()


def test_any_other_error_of_a_task_keeps_its_trace_back(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr("accounts.tasks.call_command", broken)
    run_task()
    assert "Traceback" in log.getvalue()
    assert "a mistake of ours" in log.getvalue()


def test_a_lost_connection_that_beat_reports_is_one_line(log: io.StringIO) -> None:
    for _ in range(5):
        try:
            raise OperationalError("connection refused")
        except OperationalError as error:
            get_logger("celery.beat").error("Message Error: %s", error, exc_info=True)
    assert log.getvalue().count("cannot be used") == 1
    assert len(log.getvalue().splitlines()) == 1
