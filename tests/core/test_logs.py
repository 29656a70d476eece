"""What the log does not tell."""

from __future__ import annotations

import json
import logging
import logging.config
import sys
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from structlog.contextvars import bound_contextvars

from core import jobs, outbox
from core.logs import mask
from core.models import Channel, OutboxMessage
from tests import factories
from tests.factories import World


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("Not Found: /i/kQ3v8x_Zr-T1o2YbWq9LmA/", "Not Found: /i/kQ3v8x***/"),
        ("证件号码340103200402290017重复", "证件号码340103***重复"),
        ("(person_id, id_number)=(7, 34010320040229001X)", "(person_id, id_number)=(7, 340103***)"),
        ("to 13800000009.", "to 138***."),
        ("2026-11-27 16:56:53,112 WARNING django.request Conflict: /console/terminations/27/",
         "2026-11-27 16:56:53,112 WARNING django.request Conflict: /console/terminations/27/"),
        ("task_id=0d4f3a52-7d1b-4a6e-9b7e-3f2a1c9d8e7f", "task_id=0d4f3a52-7d1b-4a6e-9b7e-3f2a1c9d8e7f"),
        ("national_sync.tasks.send_batches succeeded", "national_sync.tasks.send_batches succeeded"),
    ],
)  # fmt: skip
def test_keys_and_numbers_of_people_are_masked(line: str, masked: str) -> None:
    assert mask(line) == masked


def formatter(*, as_json: bool) -> logging.Formatter:
    """The configured formatter, for JSON or for people."""
    configured = dict(settings.LOGGING["formatters"]["line"]) | {"json": as_json}
    return logging.config.DictConfigurator(dict(settings.LOGGING)).configure_formatter(configured)


@pytest.mark.parametrize("as_json", [True, False])
def test_the_configured_log_masks_messages_and_trace_backs(as_json: bool) -> None:
    try:
        raise ValueError("Key (mobile)=(13800000009) already exists.")
    except ValueError:
        record = logging.LogRecord(
            "made.up", logging.ERROR, "", 0, "of %s", ("34010320040229001X",), sys.exc_info()
        )
    written = formatter(as_json=as_json).format(record)
    assert "13800000009" not in written
    assert "34010320040229001X" not in written
    assert "ValueError: Key (mobile)=(138***) already exists." in written


@pytest.mark.django_db
def test_a_line_of_a_request_tells_path_status_and_account_and_not_what_was_typed(
    world: World,
) -> None:
    lines = logged_by(
        lambda: factories.client_of(world.school_admin).get(
            reverse("console:origins"), {"q": "示例甲"}
        )
    )
    [line] = [one for one in lines if one.get("event") == "request_finished"]
    assert line["request"] == f"GET {reverse('console:origins')}"
    assert (line["code"], line["user_id"]) == (200, world.school_admin.pk)
    assert len(line["request_id"]) == 36
    assert "示例甲" not in str(lines)


@pytest.mark.django_db
def test_lines_of_a_job_name_it() -> None:
    outbox.post(Channel.SMS, "13800000009", "您的验证码已失效。", key="log-1")

    def work() -> None:
        with bound_contextvars():
            [job] = jobs.claim(outbox.MESSAGES)
            logging.getLogger("made.up").warning("slow for 13800000009")
            assert job.pk

    [line] = [one for one in logged_by(work) if one["logger"] == "made.up"]
    pk = OutboxMessage.objects.get().pk
    assert (line["jobs"], line["event"]) == ([f"outbox:{pk}"], "slow for 138***")


def logged_by(work: Callable[[], object]) -> list[dict[str, Any]]:
    """What the log would hold as JSON after `work`."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(as_json=True))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        work()
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    return [json.loads(line) for line in stream.getvalue().splitlines()]
