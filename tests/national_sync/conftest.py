"""A simulator per test process; each test finds it empty and without faults."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.national_sync.simulator_process import Simulator


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
    """One that a test starts, stops and kills as it likes; not started yet."""
    made = Simulator(f"national_own_{worker_id}", tmp_path)
    drop_database(made.database)
    yield made
    made.kill()
    drop_database(made.database)
