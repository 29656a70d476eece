"""PostgreSQL is stopped and started while a batch is being sent, on a cluster of this test
alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections

from national_sync.mapping import load_simulated
from tests import factories
from tests.national_sync import reporting
from tests.national_sync.reporting import end_leases
from tests.national_sync.simulator_process import Simulator
from tests.national_sync.surviving import COUNT, Night

sys.path.insert(0, str(settings.BASE_DIR / "bin"))
from launcher.postgres import OWNER, Postgres


def manage(*args: str, url: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *args, "--verbosity", "0"],
        env={**os.environ, "DATABASE_URL": url},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def cluster(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: Any,
    django_db_setup: None,
) -> Iterator[Postgres]:
    """A cluster that writes as durably as in production, with the code tables loaded; this
    process is connected to it."""
    base = (
        Path("/tmp") / f"platform-restart-{os.getpid()}"
    )  # a short path that its account may enter
    base.mkdir(mode=0o711)
    pg = Postgres(base / "postgres", base / "postgres.log")
    usual = dict(connections["default"].settings_dict)
    try:
        pg.start()
        manage("migrate", url=pg.owner_url)
        manage("load_codes", url=pg.url())
        monkeypatch.setenv("DATABASE_URL", pg.url())
        monkeypatch.setenv("DATABASE_OWNER_URL", pg.url(OWNER))
        connections["default"].close()
        there = {"PORT": str(pg.port), "PASSWORD": pg.passwords.app, "NAME": "platform"}
        connections["default"].settings_dict.update(there)
        with django_db_blocker.unblock():
            yield pg
    finally:
        connections["default"].close()
        connections["default"].settings_dict.update(usual)
        pg.stop()
        subprocess.run(["rm", "-rf", str(base)], check=True)


def test_a_restart_in_the_middle_of_a_batch_loses_nothing(
    simulator: Simulator, cluster: Postgres
) -> None:
    world = factories.make_world()
    graduates = [reporting.approved(world) for _ in range(COUNT)]
    reporting.register(simulator, *graduates)
    load_simulated()
    night = Night(world, simulator)
    for step in ("claimed", "sent", "answered"):
        process = night.worker(step, STAND_SECONDS="4", DATABASE_URL=cluster.url())
        assert process.stdout is not None
        assert process.stdout.readline().strip() == f"standing at {step}"
        connections["default"].close()
        cluster.stop()
        cluster.start()
        process.communicate(timeout=30)
        assert process.returncode != 0, "its connection was gone"
        end_leases()
    night.finish()
    night.check()
