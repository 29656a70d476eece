"""Django set up for a benchmark, databases to switch between, and how figures are printed."""

from __future__ import annotations

import json
import logging
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import django
import psycopg
from psycopg import sql

FIRST = "platform"  # the migrated database that holds the codes


def start_django() -> None:
    django.setup()
    logging.disable(logging.INFO)
    from django.conf import settings

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]


def owner(database: str = FIRST, *, autocommit: bool = True) -> psycopg.Connection:
    """A connection as the owner of the schema, who may make tables and databases."""
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{database}").geturl()
    return psycopg.connect(url, autocommit=autocommit)


def clone(name: str, source: str = FIRST) -> None:
    """Make database `name` from `source`, which nobody may be connected to."""
    from django.db import connections

    connections["default"].close()
    with owner("postgres") as c:
        c.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name)))
        c.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(source)
            )
        )


def connection_to(name: str) -> Any:
    """A Django connection to database `name`, to be put in force by `use`."""
    from django.db import connections

    made = connections.create_connection("default")
    made.settings_dict = {**made.settings_dict, "NAME": name}
    return made


def use(connection: Any) -> None:
    """From now on Django's default connection is this one."""
    from django.db import connections

    connections["default"] = connection


class Stopwatch:
    seconds = 0.0


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    watch = Stopwatch()
    started = time.perf_counter()
    yield watch
    watch.seconds = time.perf_counter() - started


def percentile(values: Sequence[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def show(label: str, values: Sequence[float], unit: str = "") -> None:
    """One line with the spread of `values`."""
    print(
        f"{label:34} median {statistics.median(values):10.3f} {unit:7} "
        f"p5 {percentile(values, 5):10.3f}  p95 {percentile(values, 95):10.3f}  n {len(values)}",
        flush=True,
    )


def finish(**figures: float) -> None:
    """The last line of a benchmark."""
    print(json.dumps({key: round(value, 3) for key, value in figures.items()}), flush=True)
