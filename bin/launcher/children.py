"""Child processes that end when this process ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .paths import Account, popen_as

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def _dies_with_parent(sig: int) -> Callable[[], None]:
    def before_exec() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, sig)

    return before_exec


def start(
    argv: list[str],
    *,
    log: Path,
    env: dict[str, str] | None = None,
    account: Account | None = None,
    stop_signal: int = signal.SIGTERM,
    cwd: str = "/",
) -> subprocess.Popen:
    """Start `argv` with its output in `log`. Linux sends it `stop_signal` if this process dies.

    A child has a session of its own, so Ctrl-C reaches only this process, which then stops its
    children in order.
    """
    # Only for the account that runs the platform, for an error may show values of people.
    handle = os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
    log.chmod(0o600)
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_dies_with_parent(stop_signal) if sys.platform == "linux" else None,
            **popen_as(account),
        )
    finally:
        handle.close()


def stop(process: subprocess.Popen, sig: int = signal.SIGTERM, wait: float = 20) -> None:
    """Ask the process to end, and kill its whole session if it has not after `wait` seconds."""
    if process.poll() is not None:
        return
    process.send_signal(sig)
    try:
        process.wait(wait)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port(preferred: int = 0) -> int:
    """The port `preferred` if it is free on 127.0.0.1, otherwise any free port."""
    for port in (preferred, 0):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return s.getsockname()[1]
    raise SystemExit("no free port on 127.0.0.1")


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, or nothing if it cannot be read."""
    with contextlib.suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    return ""
