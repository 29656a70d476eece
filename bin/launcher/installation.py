"""The secrets of one installation, made at random on first use."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from .paths import VAR

# Each purpose has its own secret, so that a leaked one gives access to nothing else.
_PURPOSES = {
    "SECRET_KEY": 48,
    "INITIAL_CODE_KEY": 32,
    "ONE_TIME_CODE_KEY": 32,
    "SIGNING_KEY_SECRET": 32,
    "NATIONAL_SECRET": 32,
    "DATABASE_OWNER_PASSWORD": 24,
    "DATABASE_APP_PASSWORD": 24,
    "DATABASE_READER_PASSWORD": 24,
    "DATABASE_SIMULATOR_PASSWORD": 24,
    "VALKEY_PASSWORD": 24,
}
# Known to the launcher only: the servers' passwords, which processes get in addresses of the roles
# that they need.
OF_SERVERS = frozenset(name for name in _PURPOSES if name.endswith("_PASSWORD"))
# Without characters that are easily confused: 0 and O, 1, l and I.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def installation_secrets() -> dict[str, str]:
    """The installation's secrets from var/secrets.env. Missing ones are made and written there.

    A lock is held meanwhile, because two commands may start at once: one would read a half-written
    file, or both would make a database password and one of them could not connect.
    """
    VAR.mkdir(exist_ok=True)
    path = VAR / "secrets.env"
    lock = open_lock("secrets.lock")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = _read(path)
        values = dict(known)
        if former := values.pop("DATABASE_PASSWORD", ""):
            values.setdefault("DATABASE_OWNER_PASSWORD", former)  # all roles once had the same
        for name, size in _PURPOSES.items():
            values.setdefault(name, secrets.token_urlsafe(size))
        values.setdefault("DEMO_PASSWORD", "-".join(_word() for _ in range(3)))
        if values != known:
            _write(path, values)
    finally:
        os.close(lock)
    return values


def open_lock(name: str) -> int:
    """Open a lock file in var/ for `fcntl.flock`. Closing the handle releases the lock."""
    return os.open(VAR / name, os.O_RDWR | os.O_CREAT, 0o600)


def _write(path: Path, values: dict[str, str]) -> None:
    """Replace the file in one step, so that nobody reads a half-written one."""
    fresh = path.with_name("secrets.env.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as f:
        f.writelines(f"{k}={v}\n" for k, v in values.items())
    os.replace(fresh, path)


def _word() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(4))
