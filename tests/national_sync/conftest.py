"""One simulator per test process; each test finds it empty and without faults."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from national_sync.mapping import load_simulated
from national_sync.models import (
    Batch,
    BatchLine,
    Comparison,
    Cursor,
    Entry,
    NationalCode,
    NationalCopy,
)
from tests import factories
from tests.national_sync import reporting
from tests.national_sync.simulator_process import Simulator
from tests.national_sync.surviving import COUNT, Night
from tests.removal import committed


def drop_database(name: str) -> None:
    owner = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path="/postgres").geturl()
    with psycopg.connect(owner, autocommit=True) as c:
        c.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def running_simulator(
    worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Simulator]:
    made = Simulator(f"national_{worker_id}", tmp_path_factory.mktemp("simulator"))
    drop_database(made.database)
    made.start()
    yield made
    made.kill()
    drop_database(made.database)


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    running_simulator.forget()
    return running_simulator


@pytest.fixture
def own_simulator(worker_id: str, tmp_path: Path) -> Iterator[Simulator]:
    """A simulator that the test starts, stops and kills itself; it is not started yet."""
    made = Simulator(f"national_own_{worker_id}", tmp_path)
    drop_database(made.database)
    yield made
    made.kill()
    drop_database(made.database)


@pytest.fixture
def night(
    simulator: Simulator, django_db_blocker: pytest.FixtureRequest, django_db_setup: None
) -> Iterator[Night]:
    with django_db_blocker.unblock(), committed() as schools:  # type: ignore[attr-defined]
        world = factories.make_world()
        schools.append(world.school)
        graduates = [reporting.approved(world) for _ in range(COUNT)]
        reporting.register(simulator, *graduates)
        load_simulated()
        yield Night(world, simulator)
        connection.rollback() if connection.in_atomic_block else None
        BatchLine.objects.all().delete()
        Batch.objects.all().delete()
        NationalCopy.objects.all().delete()
        Comparison.objects.all().delete()
        Entry.objects.filter(school=world.school).delete()
        Cursor.objects.all().delete()
        NationalCode.objects.all().delete()
