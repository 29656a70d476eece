"""`bin/manage migrate` is killed in the middle, and the next one finishes the work."""

from __future__ import annotations

import gzip
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from tests.conftest import owner_connection
from tests.test_bin_run import ROOT, processes_under, still_running
from tests.test_upgrade import DUMP

# A migration that makes foreign keys at its end. It is stopped while it is noted as applied.
STOPPED = "0005_consent_and_conclusion"
STOP = f"""
CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END $$;
CREATE TRIGGER stop_here BEFORE INSERT ON django_migrations FOR EACH ROW
WHEN (NEW.name = '{STOPPED}') EXECUTE FUNCTION stop_here();
"""
WAITING = """
SELECT EXISTS (SELECT FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event = 'advisory')
"""
OTHERS = """
SELECT NOT EXISTS (SELECT FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid())
"""


@pytest.fixture
def first_state(worker_id: str) -> Iterator[str]:
    """The address of a database that holds the dump."""
    name = f"killed_{worker_id}"
    with owner_connection() as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name))
        )
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    address = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{name}").geturl()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(gzip.decompress(DUMP.read_bytes()))
    yield address
    with owner_connection() as connection:
        connection.execute(sql.SQL("DROP DATABASE {} (FORCE)").format(sql.Identifier(name)))


def test_a_migration_that_is_killed_is_taken_up_by_the_next(
    first_state: str, tmp_path: Path
) -> None:
    with psycopg.connect(first_state, autocommit=True) as connection:

        def is_true(question: str) -> Callable[[], bool]:
            return lambda: connection.execute(question).fetchone() == (True,)

        connection.execute(STOP)
        connection.execute("SELECT pg_advisory_lock(7)")
        process = begin_migrating(first_state, tmp_path)
        wait_until(is_true(WAITING))
        started = processes_under(process.pid)
        process.kill()
        process.wait(10)
        wait_until(lambda: not still_running(started))
        connection.execute("SELECT pg_advisory_unlock(7)")
        # The server ends the session of the killed process once it notices.
        wait_until(is_true(OTHERS))
        applied = [name for (name,) in connection.execute("SELECT name FROM django_migrations")]
        assert "0004_termination_or_amendment" in applied, "it was killed before the middle"
        assert STOPPED not in applied
    again = begin_migrating(first_state, tmp_path)
    assert again.wait(180) == 0, (tmp_path / "migrate.log").read_text()
    with psycopg.connect(first_state) as connection:
        applied = [name for (name,) in connection.execute("SELECT name FROM django_migrations")]
    assert STOPPED in applied


def begin_migrating(address: str, folder: Path) -> subprocess.Popen[bytes]:
    env = os.environ | {
        "DATABASE_URL": address, "DATABASE_OWNER_URL": address,
        "STATE_DIR": str(folder / "var"), "FONT_DIR": str(settings.FONT_DIR),
    }  # fmt: skip
    with (folder / "migrate.log").open("wb") as log:
        return subprocess.Popen(
            [ROOT / "bin" / "manage", "migrate", "--verbosity", "0"],
            env=env, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
