"""/metrics shows figures to who knows the token."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from national_sync.models import Batch, Entry, Feedback
from tests import factories
from tests.national_sync import reporting

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


def test_without_the_token_the_page_does_not_exist(settings: Any) -> None:
    assert Client().get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "known-to-monitoring"
    assert Client().get("/metrics").status_code == 404
    wrong = Client().get("/metrics", headers={"Authorization": "Bearer guessed"})
    assert wrong.status_code == 404


def test_with_the_token_the_figures_of_the_national_loop_are_shown(settings: Any) -> None:
    settings.METRICS_TOKEN = "known-to-monitoring"
    page = Client().get("/metrics", headers={"Authorization": "Bearer known-to-monitoring"})
    said = dict(line.rsplit(" ", 1) for line in page.content.decode().splitlines())
    assert said["platform_national_ownerless"] == "0"
    assert "platform_national_queue_age" in said
    assert "platform_national_entries_parked" in said


def figures(settings: Any) -> dict[str, int]:
    settings.METRICS_TOKEN = "known-to-monitoring"
    page = Client().get("/metrics", headers={"Authorization": "Bearer known-to-monitoring"})
    assert page["Content-Type"].startswith("text/plain")
    lines = [line.rsplit(" ", 1) for line in page.content.decode().splitlines()]
    names = [name for name, _ in lines]
    assert len(names) == len(set(names)), "a figure stands there twice"
    return {name.removeprefix("platform_national_"): int(value) for name, value in lines}


def test_the_figures_are_those_of_the_ledger(settings: Any) -> None:
    world = factories.make_world()
    entries = [reporting.entry(reporting.approved(world)) for _ in range(6)]
    now = timezone.now()
    before = figures(settings)
    assert before["entries_waiting"] == 12, "an origin and a destination each"
    quiet = {"entries_parked": 0, "entries_failed": 0, "open_feedback": 0, "overdue": 0,
             "oldest_unanswered": 0, "open_batches": 0, "open_files": 0, "parked_batches": 0,
             "alarm": 0}  # fmt: skip
    assert {k: before[k] for k in quiet} == quiet
    assert before["queue_age"] < 60

    def put(entry: Entry, **values: Any) -> None:
        Entry.objects.filter(pk=entry.pk).update(**values)

    put(entries[0], state="parked", owner="province", due_at=now + HOUR)
    put(entries[1], state="failed", changed_at=now - 3 * HOUR)
    put(entries[2], state="held", owner="department", due_at=now - HOUR)
    put(entries[3], state="sent", changed_at=now - 50 * HOUR)  # no longer in the queue
    for state, way, at in (
        ("sent", "http", now - 5 * HOUR), ("ready", "http", now), ("done", "http", now - 90 * HOUR),
        ("parked", "http", now - 90 * HOUR), ("sent", "workbook", now - 90 * HOUR),
    ):  # fmt: skip
        Batch.objects.create(state=state, way=way, lines=1, created_at=at, school=world.school)
    for state, closed_at in (("open", None), ("fixed", None), ("closed", now)):
        Feedback.objects.create(
            entry=entries[4], graduate_id=entries[4].graduate_id, school=world.school,
            cohort=world.cohort, kind="登记信息错误", text="单位名称不存在", version=1,
            due_on=factories.today(), state=state, closed_at=closed_at,
        )  # fmt: skip
    after = figures(settings)
    assert {s: after[f"entries_{s}"] for s in ("waiting", "parked", "failed", "held", "sent")} == {
        "waiting": 8, "parked": 1, "failed": 1, "held": 1, "sent": 1,
    }  # fmt: skip
    assert {k: after[k] for k in quiet} == {
        "entries_parked": 1, "entries_failed": 1, "open_feedback": 2, "overdue": 1,
        "oldest_unanswered": after["oldest_unanswered"], "open_batches": 2, "open_files": 1,
        "parked_batches": 1, "alarm": 1,
    }  # fmt: skip
    assert 3 * 3600 <= after["queue_age"] < 3 * 3600 + 60
    assert 5 * 3600 <= after["oldest_unanswered"] < 5 * 3600 + 60
