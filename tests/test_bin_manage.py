"""bin/manage with services given by the environment: those are used, none of its own start."""

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
    made = Path(tempfile.mkdtemp(prefix="platform-manage-", dir="/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_given_services_are_used_instead_of_embedded_ones(folder: Path) -> None:
    """The services that this suite runs on stand for those of an installation."""
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
    made = {p.name for p in (folder / "var").iterdir()}
    assert made & {"postgres", "valkey", "postgres.log", "valkey.log"} == set()
    assert "running.json" not in made, "the note goes with the command"


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_a_service_that_is_given_and_not_there_is_not_replaced(folder: Path, name: str) -> None:
    """Better no answer than somebody's work in another database."""
    nobody = {"DATABASE_URL": "postgres://u:p@127.0.0.1:9/none", "REDIS_URL": "redis://127.0.0.1:9"}
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_OWNER_URL", "STATIC_ROOT")}
    env |= {"STATE_DIR": str(folder / "var"), "FONT_DIR": str(settings.FONT_DIR)}
    env |= {name: nobody[name]}
    done = subprocess.run(
        [ROOT / "bin" / "manage", "shell", "--verbosity", "0", "-c", SHOW],
        env=env, cwd="/", capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode != 0
    assert "127.0.0.1" in done.stderr
    assert not {p.name for p in (folder / "var").iterdir()} & {"postgres", "valkey"}
