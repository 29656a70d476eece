"""The simulator's own tables. They are made at start, and nothing else makes or changes them."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

_TABLES = """
CREATE TABLE IF NOT EXISTS registry (
    school text NOT NULL, year int NOT NULL, exam_no text NOT NULL, name text NOT NULL DEFAULT '',
    id_number text NOT NULL DEFAULT '', major_code text NOT NULL DEFAULT '',
    level text NOT NULL DEFAULT '', PRIMARY KEY (year, exam_no));
CREATE TABLE IF NOT EXISTS unit (
    name text PRIMARY KEY, code text NOT NULL, property text NOT NULL, industry text NOT NULL,
    holds_archives bool NOT NULL, in_force bool NOT NULL);
CREATE TABLE IF NOT EXISTS list_override (
    list text NOT NULL, code text NOT NULL, standing text NOT NULL, PRIMARY KEY (list, code));
CREATE TABLE IF NOT EXISTS nonce (
    nonce text PRIMARY KEY, seen_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE IF NOT EXISTS batch (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE,
    body bytea NOT NULL, lines int NOT NULL,
    state text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'judging', 'done')),
    attempts int NOT NULL DEFAULT 0, received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    judged_at timestamptz, CHECK ((state = 'done') = (judged_at IS NOT NULL)));
ALTER TABLE batch ALTER body SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS batch_waiting ON batch (received_at) WHERE state <> 'done';
CREATE TABLE IF NOT EXISTS result (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, batch text NOT NULL,
    line text NOT NULL, version bigint NOT NULL, verdict text NOT NULL, faults jsonb NOT NULL,
    returns jsonb NOT NULL, judged_at timestamptz NOT NULL, UNIQUE (batch, line));
CREATE TABLE IF NOT EXISTS held (
    school text NOT NULL, year int NOT NULL, exam_no text NOT NULL,
    part text NOT NULL CHECK (part IN ('origin', 'destination', 'archive')),
    version bigint NOT NULL, fields jsonb NOT NULL, returns jsonb NOT NULL DEFAULT '{}',
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (school, year, exam_no, part));
CREATE TABLE IF NOT EXISTS confirmation (
    school text NOT NULL, year int NOT NULL, exam_no text NOT NULL,
    state text NOT NULL CHECK (state IN ('confirmed', 'lapsed')),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (school, year, exam_no));
"""
# Two simulators that start at once on one database make the tables one after the other.
SCHEMA_LOCK, JUDGE_LOCK = 724_001, 724_002
EMPTY = "TRUNCATE registry, nonce, batch, result, held, confirmation, list_override"


def make_database(url: str) -> None:
    """Create the database that `url` names, if it is missing and the role may create it."""
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError as error:
        if "does not exist" not in str(error):
            raise
    else:
        return
    with psycopg.connect(parts._replace(path="/postgres").geturl(), autocommit=True) as c:
        try:
            c.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            return


def make_tables(c: psycopg.Connection) -> None:
    with c.transaction():
        c.execute("SELECT pg_advisory_xact_lock(%s)", [SCHEMA_LOCK])
        c.execute("SET LOCAL client_min_messages = warning")
        c.execute(_TABLES)
