"""/metrics: for who knows the token."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_without_the_token_there_is_no_such_page(settings: Any) -> None:
    assert Client().get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "known-to-monitoring"
    assert Client().get("/metrics").status_code == 404
    wrong = Client().get("/metrics", headers={"Authorization": "Bearer guessed"})
    assert wrong.status_code == 404


def test_with_it_the_loops_figures_are_there(settings: Any) -> None:
    settings.METRICS_TOKEN = "known-to-monitoring"
    page = Client().get("/metrics", headers={"Authorization": "Bearer known-to-monitoring"})
    said = dict(line.rsplit(" ", 1) for line in page.content.decode().splitlines())
    assert said["platform_national_ownerless"] == "0"
    assert "platform_national_queue_age" in said
    assert "platform_national_entries_parked" in said
