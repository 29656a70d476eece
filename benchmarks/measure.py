"""What benchmarks share: setting up Django, switching between databases, printing figures."""

from __future__ import annotations

import json
import logging
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import django
import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

FIRST = "platform"  # the migrated database with the codes


def start_django() -> None:
    """Set up Django for Django's test client, without log lines."""
    django.setup()
    logging.disable(logging.INFO)
    from django.conf import settings

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]


def owner(database: str = FIRST, *, autocommit: bool = True) -> psycopg.Connection:
    """A connection as the owner of the schema, who may create tables and databases."""
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{database}").geturl()
    return psycopg.connect(url, autocommit=autocommit)


def clone(name: str, source: str = FIRST) -> None:
    """Create database `name` as a copy of `source`, which must have no other connections."""
    from django.db import connections

    connections["default"].close()
    with owner("postgres") as c:
        c.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name)))
        c.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(source)
            )
        )


def connection_to(name: str) -> BaseDatabaseWrapper:
    """A Django connection to database `name`; `use` makes it the default one."""
    from django.db import connections

    connection = connections.create_connection("default")
    connection.settings_dict = {**connection.settings_dict, "NAME": name}
    return connection


def use(connection: BaseDatabaseWrapper) -> None:
    """Make this Django's default connection."""
    from django.db import connections

    connections["default"] = connection


class Stopwatch:
    seconds = 0.0


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Measures the seconds of the block."""
    watch = Stopwatch()
    started = time.perf_counter()
    yield watch
    watch.seconds = time.perf_counter() - started


def percentile(values: Sequence[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def show(label: str, values: Sequence[float], unit: str = "") -> None:
    """Print a line with median, 5th and 95th percentile of `values`."""
    print(
        f"{label:34} median {statistics.median(values):10.3f} {unit:7} "
        f"p5 {percentile(values, 5):10.3f}  p95 {percentile(values, 95):10.3f}  n {len(values)}",
        flush=True,
    )


def finish(**figures: float) -> None:
    """Print the last line of a benchmark: its figures as one JSON object."""
    print(json.dumps({key: round(value, 3) for key, value in figures.items()}), flush=True)
