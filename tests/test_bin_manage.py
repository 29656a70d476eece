"""bin/manage uses the services named by the environment and starts none of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests.test_bin_run import ROOT

SHOW = (
    "import json, os; from django.db import connection as c; from django.core.cache import cache;"
    "cur = c.cursor(); cur.execute('SELECT current_database(), inet_server_port()');"
    "cache.set('bin-manage', 'here', 60);"
    "print(json.dumps([*cur.fetchone(), cache.get('bin-manage'), os.environ['REDIS_URL'],"
    " os.environ['DATABASE_URL']]))"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="platform-manage-", dir="/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_given_services_are_used_instead_of_embedded_ones(folder: Path) -> None:
    """The services of this test run serve as the given ones."""
    given = {k: os.environ[k] for k in ("DATABASE_URL", "REDIS_URL")}
    database = urlsplit(given["DATABASE_URL"])
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_OWNER_URL", "STATIC_ROOT")}
    env |= {"STATE_DIR": str(folder / "var"), "FONT_DIR": str(settings.FONT_DIR)} | given
    done = subprocess.run(
        [ROOT / "bin" / "manage", "shell", "--verbosity", "0", "-c", SHOW],
        env=env, cwd="/", capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    name, port, kept, redis, url = json.loads(done.stdout.splitlines()[-1])
    assert (name, port) == (database.path.lstrip("/"), database.port)
    assert (kept, redis, url) == ("here", given["REDIS_URL"], given["DATABASE_URL"])
    written = {p.name for p in (folder / "var").iterdir()}
    assert written & {"postgres", "valkey", "postgres.log", "valkey.log"} == set()
    assert "running.json" not in written, "the note is deleted when the command ends"


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_given_service_that_is_unreachable_is_not_replaced(folder: Path, name: str) -> None:
    """Otherwise people would work in another database without noticing."""
    nobody = {"DATABASE_URL": "postgres://u:p@127.0.0.1:9/none", "REDIS_URL": "redis://127.0.0.1:9"}
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_OWNER_URL", "STATIC_ROOT")}
    env |= {"STATE_DIR": str(folder / "var"), "FONT_DIR": str(settings.FONT_DIR)}
    env |= {name: nobody[name]}
    done = subprocess.run(
        [ROOT / "bin" / "manage", "shell", "--verbosity", "0", "-c", SHOW],
        env=env, cwd="/", capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    # Without the cache a command goes on, and says so.
    assert (done.returncode == 0) == (name == "REDIS_URL"), done.stderr
    assert "127.0.0.1" in done.stderr
    assert not {p.name for p in (folder / "var").iterdir()} & {"postgres", "valkey"}
