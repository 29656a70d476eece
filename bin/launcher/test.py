"""bin/test: run the tests on a PostgreSQL and a Valkey of their own.

`--coverage` also measures which lines the tests run, and fails below the floors (`coverage.py`).
All other arguments go to pytest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .coverage import below_floor, measuring
from .fonts import build_fonts
from .paths import ROOT, VAR, make_folder, service_account
from .postgres import OWNER, Postgres, binaries, new_password
from .stack import PYTHON, addresses_of, manage, say, stop_on_signals
from .valkey import Valkey

TEMPLATE = "test_template"


def main() -> int:
    stop_on_signals()
    base = Path(tempfile.mkdtemp(prefix="platform-test-", dir="/tmp"))
    base.chmod(0o711)
    pg = Postgres(base / "postgres", base / "postgres.log", fast=True)
    vk = Valkey(base / "valkey", base / "valkey.log", new_password(), durable=False)
    try:
        pg.start()
        vk.start()
        env = test_environment(base, pg, vk)
        # Both take a while on a new machine, and the template needs one processor only.
        with ThreadPoolExecutor() as pool:
            fonts = pool.submit(build_fonts, Path(env["FONT_DIR"]))
            make_template(pg, env)
            fonts.result()
        args = sys.argv[1:]
        if not any(a.startswith(("-n", "--numprocesses", "-p")) for a in args):
            # One more than there are cores: tests of servers, workers and browsers wait a lot.
            args = ["-n", str(min((os.cpu_count() or 2) + 1, 4)), *args]
        report = base / "coverage.json"
        measured = "--coverage" in args
        args = ["-m", "pytest", *(a for a in args if a != "--coverage")]
        if measured:
            args = [*measuring(report), *args]
        done = subprocess.run([PYTHON, *args], cwd=ROOT, env=env).returncode
        if measured and report.exists() and below_floor(report):
            return done or 1
        return done
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
    finally:
        vk.stop()
        pg.stop()
        shutil.rmtree(base, ignore_errors=True)


def test_environment(base: Path, pg: Postgres, vk: Valkey) -> dict[str, str]:
    VAR.mkdir(exist_ok=True)
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        **addresses_of(pg, TEMPLATE),
        "REDIS_URL": vk.url,
        "PRIVATE_ROOT": str(make_folder(base / "private", service_account(), 0o777)),
        "FONT_DIR": str(VAR / "fonts"),
        "PG_BIN": str(binaries()),
        "PYTHONPATH": str(ROOT),
    }


def make_template(pg: Postgres, env: dict[str, str]) -> None:
    """Migrate the database and load the codes; each test process works on a copy of it."""
    import psycopg

    with psycopg.connect(pg.url(OWNER, "postgres"), autocommit=True) as c:
        c.execute(f"ALTER DATABASE platform RENAME TO {TEMPLATE}")
    manage(env, "migrate", "--verbosity", "0", owner=True)
    manage(env, "load_codes", "--verbosity", "0")


if __name__ == "__main__":
    sys.exit(main())
