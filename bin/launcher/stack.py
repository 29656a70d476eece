"""PostgreSQL and Valkey for a command: from the environment, from a running command, or started."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from .children import Service, dies_with_parent
from .installation import OF_SERVERS, installation_secrets, open_lock
from .paths import ROOT, VAR, make_folder, service_account, state_dir
from .postgres import DATABASE, OWNER, READER, SIMULATOR, Passwords, Postgres, binaries
from .valkey import Valkey

PYTHON = str(ROOT / ".venv" / "bin" / "python")


# The address of a running simulator, for commands that share its services.
_NATIONAL = ("NATIONAL_URL", "NATIONAL_CLIENT", "NATIONAL_DEMO")


# The addresses of the database for other roles than the platform's, which no web process gets.
OF_OTHER_ROLES = (
    "DATABASE_OWNER_URL",
    "DATABASE_READER_URL",
    "NATIONAL_SIMULATOR_DATABASE_URL",
)


def addresses_of(pg: Postgres, database: str = DATABASE) -> dict[str, str]:
    """The address of `database` for each role."""
    return {
        "DATABASE_URL": pg.url(database=database),
        "DATABASE_OWNER_URL": pg.url(OWNER, database),
        "DATABASE_READER_URL": pg.url(READER, database),
        "NATIONAL_SIMULATOR_DATABASE_URL": pg.url(SIMULATOR, SIMULATOR),
    }


def _note() -> Path:
    """The file in which a command says which services it has running."""
    return VAR / "running.json"


def delete_note() -> None:
    """Our services are about to stop. Commands that start from now on start their own."""
    _note().unlink(missing_ok=True)


def _running() -> dict | None:
    """The note of another command that is still running, if there is one."""
    try:
        note = json.loads(_note().read_text())
        os.kill(note["pid"], 0)
    except (OSError, ValueError, KeyError):
        return None
    return note if note["pid"] != os.getpid() else None


@contextlib.contextmanager
def services(
    *, settings: str = "config.settings.dev", outlast_others: bool = False
) -> Iterator[tuple[dict[str, str], list[Service]]]:
    """Yield the environment that a Django process needs, with PostgreSQL and Valkey running, and
    those of the two that were started for it.

    DATABASE_URL and REDIS_URL are used if they are set. Otherwise the services of a running
    command, such as bin/run, are shared, or new ones are started. With `outlast_others` new ones
    run until no other command shares them.
    """
    values = installation_secrets()
    env = {k: v for k, v in values.items() if k not in OF_SERVERS}
    env |= {**os.environ, "DJANGO_SETTINGS_MODULE": settings}
    env["PYTHONPATH"] = str(ROOT)
    state = state_dir()
    env.setdefault("PRIVATE_ROOT", str(make_folder(state / "private", service_account())))
    env.setdefault("FONT_DIR", str(VAR / "fonts"))
    env.setdefault("PG_BIN", str(binaries()))
    signing_key = f"{env['PRIVATE_ROOT']}/signing-key.p12"
    env.setdefault("BACKUP_ALSO", f"{signing_key},{VAR / 'secrets.env'}")
    env.setdefault("STATIC_ROOT", str(VAR / "static"))
    started = []
    with contextlib.ExitStack() as stack:
        note = _note_of_running(stack)
        env |= {k: note[k] for k in _NATIONAL if k in note and k not in os.environ}
        if "DATABASE_URL" not in os.environ:
            if "DATABASE_URL" in note:
                env |= {k: note[k] for k in ("DATABASE_URL", *OF_OTHER_ROLES)}
            else:
                passwords = Passwords(
                    *(
                        values[f"DATABASE_{role}_PASSWORD"]
                        for role in ("OWNER", "APP", "READER", "SIMULATOR")
                    )
                )
                pg = Postgres(state / "postgres", VAR / "postgres.log", passwords, 15432)
                pg.start()
                stack.callback(pg.stop)
                started.append(pg.service)
                env |= addresses_of(pg)
        env.setdefault("DATABASE_OWNER_URL", env["DATABASE_URL"])
        if "REDIS_URL" not in os.environ:
            if "REDIS_URL" in note:
                env["REDIS_URL"] = note["REDIS_URL"]
            else:
                vk = Valkey(state / "valkey", VAR / "valkey.log", values["VALKEY_PASSWORD"], 16379)
                vk.start()
                stack.callback(vk.stop)
                started.append(vk.service)
                env["REDIS_URL"] = vk.url
        if not note:
            write_note(env)
            if outlast_others:
                stack.callback(_wait_for_others)
            stack.callback(delete_note)
        yield env, [service for service in started if service is not None]


def _note_of_running(stack: contextlib.ExitStack) -> dict:
    """The note of the command whose services we share, or {} if we have to start them. Of two
    commands that start at once, the second waits for the services of the first."""
    if {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        return _running() or {}
    while True:
        if note := _running():
            share = open_lock("shared.lock")
            fcntl.flock(share, fcntl.LOCK_SH)
            if _running() == note:  # it has not stopped meanwhile
                stack.callback(os.close, share)
                return note
            os.close(share)
        owner = open_lock("services.lock")
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(owner)
            time.sleep(0.1)
        else:
            stack.callback(os.close, owner)
            return {}


def _wait_for_others() -> None:
    """Wait until no command shares our services. New ones cannot join, since the note is deleted."""
    share = open_lock("shared.lock")
    fcntl.flock(share, fcntl.LOCK_EX)
    os.close(share)


def write_note(env: dict[str, str]) -> None:
    """Write down what other commands need to share our services."""
    keys = ("DATABASE_URL", *OF_OTHER_ROLES, "REDIS_URL", *_NATIONAL)
    handle = os.open(_note(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as f:
        json.dump({"pid": os.getpid(), **{k: env[k] for k in keys if k in env}}, f)


def manage(env: dict[str, str], *args: str, owner: bool = False, quiet: bool = False) -> None:
    """Run manage.py; if it fails, this process ends with the same exit status."""
    env = dict(env)
    if owner:
        env["DATABASE_URL"] = env["DATABASE_OWNER_URL"]
    out = subprocess.DEVNULL if quiet else None
    # A migration of a command that was killed must not go on beside that of the next one.
    ends_too = dies_with_parent(signal.SIGKILL)
    argv = [PYTHON, "manage.py", *args]
    done = subprocess.run(argv, cwd=ROOT, env=env, stdout=out, preexec_fn=ends_too)
    if done.returncode:
        raise SystemExit(done.returncode)


def prepare(env: dict[str, str], *, demo: bool) -> None:
    """Migrate the database and load codes and demo; commands that start at once take turns."""
    lock = open_lock("prepare.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        manage(env, "prepare_database", *(["--demo"] if demo else []), owner=True)
    finally:
        os.close(lock)


def stop_on_signals() -> None:
    """Make SIGTERM and SIGHUP stop the process as Ctrl-C does. SIGINT is set too, because a shell
    has it ignored in background processes."""

    def handler(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    for wanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(wanted, handler)


def say(*words: object) -> None:
    """Print to stderr."""
    print(*words, file=sys.stderr, flush=True)
