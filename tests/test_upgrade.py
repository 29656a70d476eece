"""An old database can be migrated to the present state.

`tests/data/first_state.sql.gz` is a dump of the demo from when migrations were first frozen, and is
never renewed. Later migrations are only added, so that every installation can be upgraded.

Migrations run while web processes of the old version still serve (docs/how-to/change-a-table.md).
So what the old code reads stays, and what it writes is not refused.
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
# Removed before the first release, so no installation ever served with them: leases took their place.
REMOVED_BEFORE_THE_FIRST_RELEASE = {
    ("national_sync_batch", "claimed_at"),
    ("national_sync_comparison", "heartbeat_at"),
}
# A row as the old code wrote it, for tables that got new columns and have no row in the dump. Foreign
# keys, which the database checks at the commit, are not checked for it.
ROWS_OF_THE_OLD_CODE = {
    "accounts_onetimecode": """
        INSERT INTO accounts_onetimecode
            (purpose, phone, subject, digest, nonce, tries, address, expires_at)
        VALUES ('login', '13800000000', 'x', 'x', 'x', 0, '127.0.0.1', now())""",
    "core_outboxmessage": """
        INSERT INTO core_outboxmessage (attempts, due_at, token, progress, problem, channel, address,
            subject, text, secret, dedupe_key, state)
        VALUES (0, now(), 0, 0, '', 'sms', '13800000000', '', 'x', false, 'old', 'waiting')""",
    "destinations_minimumwage": """
        INSERT INTO destinations_minimumwage (division, valid_from, amount)
        VALUES ('340000', '2000-01-01', 1000)""",
    "employers_letter": """
        INSERT INTO employers_letter (kind, name, mobile, state, checklist, reason, first_by,
            decided_by, scan_id, unit_id)
        SELECT 'verify', '甲', '13800000000', 'waiting', '{}', '', '', '',
            (SELECT id FROM core_storedfile LIMIT 1), id FROM employers_unit LIMIT 1""",
    "graduates_correctionrequest": """
        INSERT INTO graduates_correctionrequest (graduate_id, school_id, cohort_id, kind, field,
            label, current, proposed, reason, state, answer, due_on, decided_by)
        SELECT id, school_id, cohort_id, 'origin', 'politics', '政治面貌', '', '甲', '乙', 'open', '',
            '2027-01-01', ''
        FROM graduates_graduate LIMIT 1""",
    "esign_termination": """
        INSERT INTO esign_termination (started_by, ground, reason, state, answer,
            called_back_note, department_by, decided_by, refusal, agreement_id, cohort_id,
            graduate_id, school_id, started_by_user_id)
        SELECT 'graduate', 'mutual', '甲', 'waiting_other', '', '', '', '', '', 0, cohort_id, id,
            school_id, 0
        FROM graduates_graduate LIMIT 1""",
    "national_sync_batch": """
        INSERT INTO national_sync_batch
            (id, state, way, lines, answered, accepted, rejected, attempts, problem)
        VALUES (gen_random_uuid(), 'ready', 'http', 1, 0, 0, 0, 0, '')""",
    "national_sync_comparison": """
        INSERT INTO national_sync_comparison
            (state, asked_by_label, progress, attempts, problem, school_id)
        SELECT 'waiting', '甲', 0, 0, '', id FROM schools_school LIMIT 1""",
}
# A column may be given the second type instead of the first without refusing an old value.
WIDER = {("int2", "int4"), ("int2", "int8"), ("int4", "int8"), ("varchar", "text")}


@dataclass(frozen=True)
class Upgraded:
    """A database that held the dump and was migrated: its address, and its rows and columns before."""

    address: str
    rows_before: dict[str, int]
    columns_before: dict[tuple[str, str], Column]


@dataclass(frozen=True)
class Column:
    """A column as information_schema describes it."""

    type_name: str
    length: int | None
    may_be_left_out: bool

    def holds(self, old: Column) -> bool:
        """Whether every value of `old` fits into this column."""
        if self.type_name != old.type_name:
            return (old.type_name, self.type_name) in WIDER
        return self.length is None or (old.length is not None and self.length >= old.length)


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
    rows_before, columns_before = count_rows(address), columns_of(address)
    manage(address, "migrate", "--verbosity", "0")
    yield Upgraded(address, rows_before, columns_before)
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


def columns_of(address: str) -> dict[tuple[str, str], Column]:
    """The columns of all tables, by the names of table and column."""
    with psycopg.connect(address) as connection:
        rows = connection.execute(
            "SELECT table_name, column_name, udt_name, character_maximum_length,"
            " is_nullable = 'YES' OR column_default IS NOT NULL OR is_identity = 'YES'"
            " FROM information_schema.columns WHERE table_schema = 'public'"
        ).fetchall()
    return {(table, column): Column(*rest) for table, column, *rest in rows}


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
    columns = columns_of(upgraded.address)
    missing = [
        (model._meta.db_table, field.column)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if (model._meta.db_table, field.column) not in columns
    ]
    assert missing == []


def test_the_old_code_finds_every_table_and_column_after_the_upgrade(upgraded: Upgraded) -> None:
    now = columns_of(upgraded.address)
    assert upgraded.columns_before.keys() - now.keys() == REMOVED_BEFORE_THE_FIRST_RELEASE
    narrower = {
        name: (old, now[name])
        for name, old in upgraded.columns_before.items()
        if name in now and not now[name].holds(old)
    }
    assert narrower == {}


def test_the_old_code_can_leave_every_new_column_out(upgraded: Upgraded) -> None:
    required = {
        name for name, column in new_columns(upgraded).items() if not column.may_be_left_out
    }
    assert required == set(), "give the field a db_default, or make it nullable"


def test_rows_of_the_old_code_are_accepted_after_the_upgrade(upgraded: Upgraded) -> None:
    """Into each table that has new columns a row with the old columns only is written, under all
    constraints and triggers of the new version."""
    tables = {table for table, _ in new_columns(upgraded)}
    with psycopg.connect(upgraded.address) as connection:
        for table in sorted(tables):
            written = (
                connection.execute(ROWS_OF_THE_OLD_CODE[table]).rowcount
                if table in ROWS_OF_THE_OLD_CODE
                else write_a_row_again(connection, table, upgraded)
            )
            assert written == 1, f"{table} has no row in the dump: add one above"
            if table not in ROWS_OF_THE_OLD_CODE:
                connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            connection.rollback()


def write_a_row_again(connection: psycopg.Connection, table: str, upgraded: Upgraded) -> int:
    """Delete a row of the dump without triggers and foreign keys, and insert it with its old columns.
    Returns how many rows were written."""
    old = [column for of, column in upgraded.columns_before if of == table]
    names = sql.SQL(", ").join(map(sql.Identifier, old))
    name = sql.Identifier(table)
    connection.execute("SET LOCAL session_replication_role = replica")
    connection.execute(
        sql.SQL(
            "CREATE TEMP TABLE taken ON COMMIT DROP AS SELECT {} FROM {} ORDER BY 1 DESC LIMIT 1"
        ).format(names, name)
    )
    key = sql.Identifier(primary_key_of(connection, table))
    connection.execute(
        sql.SQL("DELETE FROM {0} WHERE {1} IN (SELECT {1} FROM taken)").format(name, key)
    )
    connection.execute("SET LOCAL session_replication_role = origin")
    insert = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM taken").format(name, names, names)
    return connection.execute(insert).rowcount


def primary_key_of(connection: psycopg.Connection, table: str) -> str:
    """The name of the table's key column."""
    found = connection.execute(
        """SELECT a.attname FROM pg_index i
           JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
           WHERE i.indrelid = %s::regclass AND i.indisprimary""",
        [table],
    ).fetchone()
    assert found is not None
    return str(found[0])


def new_columns(upgraded: Upgraded) -> dict[tuple[str, str], Column]:
    """The columns that old tables have now and did not have before."""
    tables = {table for table, _ in upgraded.columns_before}
    return {
        (table, column): description
        for (table, column), description in columns_of(upgraded.address).items()
        if table in tables and (table, column) not in upgraded.columns_before
    }
