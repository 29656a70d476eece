"""What the log does not tell."""

from __future__ import annotations

import logging
import logging.config
import sys

import pytest
from django.conf import settings

from core.logs import mask


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("Not Found: /i/kQ3v8x_Zr-T1o2YbWq9LmA/", "Not Found: /i/kQ3v8x***/"),
        ("证件号码340103200402290017重复", "证件号码340103***重复"),
        ("(person_id, id_number)=(7, 34010320040229001X)", "(person_id, id_number)=(7, 340103***)"),
        ("to 13800000009.", "to 138***."),
        ("2026-11-27 16:56:53,112 WARNING django.request Conflict: /console/terminations/27/",
         "2026-11-27 16:56:53,112 WARNING django.request Conflict: /console/terminations/27/"),
        ("national_sync.tasks.send_batches succeeded", "national_sync.tasks.send_batches succeeded"),
    ],
)  # fmt: skip
def test_keys_and_numbers_of_people_are_masked(line: str, masked: str) -> None:
    assert mask(line) == masked


def test_the_configured_log_masks_messages_and_trace_backs() -> None:
    factory = logging.config.DictConfigurator(dict(settings.LOGGING))
    formatter = factory.configure_formatter(dict(settings.LOGGING["formatters"]["line"]))
    try:
        raise ValueError("Key (mobile)=(13800000009) already exists.")
    except ValueError:
        record = logging.LogRecord(
            "made.up", logging.ERROR, "", 0, "of %s", ("34010320040229001X",), sys.exc_info()
        )
    written = formatter.format(record)
    assert "13800000009" not in written
    assert "34010320040229001X" not in written
    assert "ValueError: Key (mobile)=(138***) already exists." in written
