"""What the roles of the database may do, and what they may not."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from core.db.roles import APP, READER, create_roles

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE core_event DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "TRUNCATE schools_school CASCADE",
        "DROP TABLE core_event",
        "ALTER TABLE core_event ADD COLUMN other int",
        "CREATE TABLE public.other (id int)",
        "CREATE OR REPLACE FUNCTION public.other() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE EXTENSION dblink",
        "COPY core_event FROM PROGRAM 'id'",
        "COPY core_event TO PROGRAM 'cat'",
        "COPY core_event TO '/tmp/events'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT * FROM pg_authid",
        f"ALTER ROLE {APP} SUPERUSER",
        "CREATE ROLE other LOGIN",
        f"SET ROLE {os.environ['DATABASE_OWNER_URL'].split('/')[2].split(':')[0]}",
        "SELECT pg_terminate_backend(pg_backend_pid()) FROM pg_authid",
        "SELECT pg_switch_wal()",
    ],
)
def test_the_platforms_role_changes_rows_and_nothing_else(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (APP,)
        with pytest.raises(DatabaseError) as refusal, transaction.atomic():
            cursor.execute(statement)
    cause = refusal.value.__cause__
    assert isinstance(cause, psycopg.errors.InsufficientPrivilege), cause


def test_the_platforms_role_has_no_right_beyond_rows() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False,) * 5


@pytest.fixture
def reader() -> Iterator[psycopg.Connection]:
    """A connection of the reader to this worker's database."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["DATABASE_READER_URL"], dbname=name, autocommit=True) as c:
        yield c


def test_the_reader_reads(reader: psycopg.Connection) -> None:
    assert reader.execute("SELECT count(*) FROM codes_division").fetchone() != (0,)
    assert reader.execute("SELECT current_user").fetchone() == (READER,)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM codes_division",
        "UPDATE codes_division SET name = ''",
        "INSERT INTO core_event (action, object_type, object_id) VALUES ('a', 'b', 1)",
        "CREATE TABLE public.other (id int)",
        "TRUNCATE codes_division",
    ],
)
@pytest.mark.parametrize("read_only", ["on", "off"])
def test_the_reader_writes_nothing(
    reader: psycopg.Connection, statement: str, read_only: str
) -> None:
    """Also after it has switched its own protection off."""
    reader.execute(sql.SQL("SET default_transaction_read_only = {}").format(sql.SQL(read_only)))
    with pytest.raises(
        (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
    ):
        reader.execute(statement)


def test_roles_get_new_passwords_and_keep_their_rights() -> None:
    name = connection.settings_dict["NAME"]
    owner = psycopg.connect(os.environ["DATABASE_OWNER_URL"], dbname=name)
    with owner, owner.transaction(force_rollback=True):
        create_roles(owner, {READER: secrets.token_urlsafe()})
        rights = owner.execute(
            "SELECT has_table_privilege(%s, 'core_event', 'SELECT'),"
            " has_table_privilege(%s, 'core_event', 'DELETE')", [READER, READER],
        )  # fmt: skip
        assert rights.fetchone() == (True, False)


def test_the_command_names_the_passwords_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_APP_PASSWORD", raising=False)
    monkeypatch.setenv("DATABASE_READER_PASSWORD", "made-up")
    with pytest.raises(CommandError, match="DATABASE_APP_PASSWORD"):
        call_command("database_roles")


def test_an_error_of_the_database_does_not_tell_values_to_the_log() -> None:
    with connection.cursor() as cursor:
        for setting, value in (
            ("log_min_error_statement", "panic"), ("log_error_verbosity", "terse"),
        ):  # fmt: skip
            cursor.execute(f"SHOW {setting}")
            assert cursor.fetchone() == (value,)
