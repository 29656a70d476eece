"""Fixtures of all tests. Each test process has its own copy of a migrated database with the codes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.db import connections
from psycopg import sql

from core import garbage

if TYPE_CHECKING:
    from graduates.models import Graduate
    from tests.factories import World

# How long an example takes depends on what else the machine does at that moment.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Search for garbage seldom, as the web processes do. That takes a tenth of the time."""
    garbage.tune()


def owner_connection() -> psycopg.Connection:
    """A connection as the owner, who may create and drop databases."""
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])
    return psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True)


def clone_database(name: str) -> None:
    """Create database `name` as a copy of the template, replacing an older one."""
    template = urlsplit(os.environ["DATABASE_OWNER_URL"]).path.lstrip("/")
    with owner_connection() as c:
        c.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name)))
        c.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )


@pytest.fixture(scope="session")
def django_db_setup(worker_id: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    name = f"test_{worker_id}"
    clone_database(name)
    connections["default"].close()
    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name
    settings.CACHES["default"]["KEY_PREFIX"] = name
    yield
    connections["default"].close()


@pytest.fixture
def world() -> World:
    """A new school with two departments, their classes, and one staff account of each role."""
    from tests import factories

    return factories.make_world()


@pytest.fixture
def graduate(world: World) -> Graduate:
    from tests import factories

    return factories.make_graduate(world)


@pytest.fixture
def committed_world(django_db_setup: Any, django_db_blocker: Any) -> Iterator[World]:
    """A world whose rows are committed, so that other connections see them; deleted afterwards."""
    from tests import factories, removal

    with django_db_blocker.unblock(), removal.committed() as schools:
        world = factories.make_world()
        schools.append(world.school)
        yield world
