"""Periodic tasks: each entry names an existing task and runs as often as documented."""

from __future__ import annotations

import copy
import datetime

import pytest
from celery.schedules import crontab
from django.conf import settings

from config.celery import app

MINUTE, HOUR = 60.0, 3600.0
# README: imports within a minute, changes every three minutes, files hourly, sessions every six
# hours; a reminder only by day; everything outstanding once a night.
INTERVALS = {
    "sweep-imports": MINUTE,
    "sweep-archive-imports": MINUTE,
    "sweep-destination-imports": MINUTE,
    "sweep-invitation-imports": MINUTE,
    "send-outbox": MINUTE,
    "extend-audit-chain": 5 * MINUTE,
    "upload-changes": 3 * MINUTE,
    "sweep-comparisons": MINUTE,
    "sweep-quality-runs": MINUTE,
    "sweep-evidence-prints": 5 * MINUTE,
    "sweep-documents": MINUTE,
    "sweep-recommendation-prints": MINUTE,
    "sweep-posting-imports": MINUTE,
    "sweep-group-imports": MINUTE,
    "sweep-bulk-jobs": MINUTE,
    "sweep-reminders": MINUTE,
    "send-reminder-texts": 10 * MINUTE,
    "expire-invitations": 5 * MINUTE,
    "expire-interviews": 5 * MINUTE,
    "move-fairs": MINUTE,
    "move-surveys": MINUTE,
    "forward-consents": MINUTE,
    "tell-schools-of-silence": 5 * MINUTE,
    "tell-old-numbers": MINUTE,
    "sweep-tickets": HOUR,
    "lapse-finals": MINUTE,
    "escalate-disputes": HOUR,
    "sweep-files": HOUR,
    "clear-sessions": 6 * HOUR,
}
BY_CLOCK = {
    "upload-everything": ({1}, {30}),
    "remind-ending": (set(range(9, 20)), {10}),
    "anchor-audit-chain": ({0}, {20, 50}),
    "check-invariants": ({4}, {10}),
    "expire-postings": ({0}, {5}),
    "remind-recruiters": ({9}, {20}),
    "remind-of-surveys": ({9}, {40}),
    "end-applications": ({0}, {25}),
    "end-recommendations": ({0}, {40}),
    "expire-notices": ({0}, {10}),
    "delete-stray-prints": ({3}, {35}),
    "count-reminders": (set(range(24)), {35}),
}


@pytest.fixture(autouse=True)
def _as_a_worker_loads_them() -> None:
    app.loader.import_default_modules()


def test_every_entry_names_a_task_that_a_worker_knows() -> None:
    named = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert named - set(app.tasks) == set()
    assert len(named) == len(app.conf.beat_schedule), "a task stands there twice"


def test_every_entry_can_run_without_arguments() -> None:
    """Beat calls tasks without arguments; a missing one would only show in the worker's log."""
    for entry in app.conf.beat_schedule.values():
        app.tasks[entry["task"]].__header__()


def test_entries_run_as_often_as_documented() -> None:
    schedules = {name: e["schedule"] for name, e in app.conf.beat_schedule.items()}
    clocks = {n: s for n, s in schedules.items() if isinstance(s, crontab)}
    assert {n: s for n, s in schedules.items() if n not in clocks} == INTERVALS
    assert {n: (s.hour, s.minute) for n, s in clocks.items()} == BY_CLOCK
    every_day = {(len(s.day_of_week), len(s.day_of_month), len(s.month_of_year))
                 for s in clocks.values()}  # fmt: skip
    assert every_day == {(7, 31, 12)}


def test_the_schedule_runs_in_the_time_zone_of_the_province() -> None:
    assert str(app.timezone) == settings.TIME_ZONE == "Asia/Shanghai"
    now = datetime.datetime(2027, 3, 1, 0, 0, tzinfo=app.timezone)
    schedule = copy.copy(app.conf.beat_schedule["upload-everything"]["schedule"])
    schedule.nowfun = lambda: now
    due = now + schedule.remaining_estimate(now)
    assert (due.hour, due.minute, due.date()) == (1, 30, now.date())
