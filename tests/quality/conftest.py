"""Fixtures of the tests of quality."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

import pytest
from django.utils import timezone

from quality.actions import calls
from quality.rule_book import load_rules


@pytest.fixture
def by_day() -> Iterator[None]:
    """Calls are made by day, whenever the tests run."""
    load_rules()
    noon = timezone.localtime().replace(hour=12)
    with mock.patch.object(calls, "database_now", lambda: noon):
        yield
