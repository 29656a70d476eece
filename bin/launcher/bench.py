"""bin/bench NAME: one benchmark on a PostgreSQL and a Valkey of its own.

The last line of output is one JSON object; benchmarks/bench_NAME.py says what it measures.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .paths import ROOT, VAR, make_folder, service_account
from .postgres import Postgres, new_password
from .run import IGNORED_STATIC
from .stack import PYTHON, addresses_of, manage, say, stop_on_signals
from .valkey import Valkey

_WITH_PAGES = ("attack", "lighthouse", "list", "orm", "pages", "recruiting", "weight")
# These are compared with the time of a commit, so PostgreSQL is as durable as under bin/run.
_DURABLE = ("orm", "recruiting", "sign")
_LIMIT = 600  # seconds for one benchmark with its preparation


def names() -> list[str]:
    """The names of all benchmarks, from the files benchmarks/bench_NAME.py."""
    return sorted(p.stem.removeprefix("bench_") for p in (ROOT / "benchmarks").glob("bench_*.py"))


def main() -> int:
    wanted = sys.argv[1:]
    if not wanted or wanted[0] not in names():
        say(f"usage: bin/bench {{{','.join(names())}}}")
        return 2
    stop_on_signals()
    base = Path(tempfile.mkdtemp(prefix="platform-bench-", dir="/tmp"))
    base.chmod(0o711)
    pg = Postgres(base / "postgres", base / "postgres.log", fast=wanted[0] not in _DURABLE)
    vk = Valkey(base / "valkey", base / "valkey.log", new_password(), durable=False)
    try:
        pg.start()
        vk.start()
        env = bench_environment(base, pg, vk)
        manage(env, "migrate", "--verbosity", "0", owner=True)
        manage(env, "load_codes", "--verbosity", "0")
        if wanted[0] in _WITH_PAGES:
            manage(env, "collectstatic", "--noinput", "--verbosity", "0", *IGNORED_STATIC)
        argv = [PYTHON, "-m", f"benchmarks.bench_{wanted[0]}", *wanted[1:]]
        return subprocess.run(argv, cwd=ROOT, env=env, timeout=_LIMIT).returncode
    except subprocess.TimeoutExpired:
        say(f"{wanted[0]} took more than {_LIMIT} s.")
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
    finally:
        vk.stop()
        pg.stop()
        shutil.rmtree(base, ignore_errors=True)


def bench_environment(base: Path, pg: Postgres, vk: Valkey) -> dict[str, str]:
    """The environment that `bin/run` gives its processes, with throw-away secrets and data."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "SECRET_KEY": new_password() * 2,
        "INITIAL_CODE_KEY": new_password() * 2,
        "ONE_TIME_CODE_KEY": new_password() * 2,
        "SIGNING_KEY_SECRET": new_password() * 2,
        **addresses_of(pg),
        "REDIS_URL": vk.url,
        "PRIVATE_ROOT": str(make_folder(base / "private", service_account(), 0o777)),
        "STATIC_ROOT": str(base / "static"),
        "FONT_DIR": str(VAR / "fonts"),
        "BENCH_FOLDER": str(base),
        "PYTHONPATH": f"{ROOT / 'bin'}{os.pathsep}{ROOT}",
    }


if __name__ == "__main__":
    sys.exit(main())
