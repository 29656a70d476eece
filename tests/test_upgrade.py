"""An old database can be migrated to the present state.

`tests/data/first_state.sql.gz` is a dump of the demo from when migrations were first frozen, and is
never renewed. Later migrations are only added, so that every installation can be upgraded.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from psycopg import sql

from tests.conftest import owner_connection

DUMP = Path(__file__).parent / "data" / "first_state.sql.gz"
# The dump came without files, and before there was an audit chain.
NOT_IN_DUMP = ("files_present", "files_unchanged", "events_chained")


@dataclass(frozen=True)
class Upgraded:
    """A database that held the dump and was migrated: its address, and its rows before."""

    address: str
    rows_before: dict[str, int]


@pytest.fixture(scope="module")
def upgraded(worker_id: str) -> Iterator[Upgraded]:
    """The tests only read it, so the dump is migrated once."""
    name = f"upgrade_{worker_id}"
    with owner_connection() as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name))
        )
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    address = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{name}").geturl()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(gzip.decompress(DUMP.read_bytes()))
    rows_before = count_rows(address)
    manage(address, "migrate", "--verbosity", "0")
    yield Upgraded(address, rows_before)
    with owner_connection() as connection:
        connection.execute(sql.SQL("DROP DATABASE {} (FORCE)").format(sql.Identifier(name)))


def count_rows(address: str) -> dict[str, int]:
    """Rows of every table that existed in the dump."""
    with psycopg.connect(address) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        return {
            table: connection.execute(
                sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            ).fetchone()[0]
            for (table,) in tables
        }


def manage(address: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=settings.BASE_DIR, text=True,
        env={**os.environ, "DATABASE_URL": address, "DATABASE_OWNER_URL": address},
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_state_is_upgraded_without_losing_a_row(upgraded: Upgraded) -> None:
    before = upgraded.rows_before
    assert before["graduates_graduate"] > 20
    assert "[ ]" not in manage(upgraded.address, "showmigrations"), "a migration was not applied"
    after = count_rows(upgraded.address)
    # Each new model has rows of its own in these tables of Django's.
    grown = {"django_migrations", "django_content_type", "auth_permission"}
    kept = {table for table in before if table in after} - grown
    assert {t: after[t] for t in kept} == {t: before[t] for t in kept}
    without = [f"--without={name}" for name in NOT_IN_DUMP]
    assert "invariants in" in manage(upgraded.address, "check_invariants", *without)


def test_the_upgraded_schema_has_every_column_of_the_models(upgraded: Upgraded) -> None:
    with psycopg.connect(upgraded.address) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        ).fetchall()
    missing = [
        (model._meta.db_table, field.column)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if (model._meta.db_table, field.column) not in set(rows)
    ]
    assert missing == []
