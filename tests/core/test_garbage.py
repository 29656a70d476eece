"""The garbage collector of serving processes runs seldom and skips what was loaded at the start."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings

SAY = "; import gc; print(gc.get_threshold()[0], gc.get_freeze_count() > 10_000)"


@pytest.mark.parametrize(
    "start",
    [
        "import config.wsgi",
        "from celery.signals import worker_process_init; from config.celery import app;"
        " import django; django.setup(); worker_process_init.send(app)",
    ],
)
def test_a_serving_process_never_searches_what_it_loaded(start: str) -> None:
    argv = [sys.executable, "-W", "error", "-c", start + SAY]
    done = subprocess.run(argv, cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert done.stdout.split() == ["50000", "True"], done.stderr
