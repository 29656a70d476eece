"""Child processes that end when this process ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .paths import Account, popen_as

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def dies_with_parent(sig: int) -> Callable[[], None] | None:
    """A function for `preexec_fn` that makes Linux send the child `sig` when its parent dies."""
    if sys.platform != "linux":
        return None

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
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen:
    """Start `argv` with its output in `log`. Linux sends it `stop_signal` if this process dies, or
    the thread that started it.

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
            preexec_fn=dies_with_parent(stop_signal),
            pass_fds=pass_fds,
            **popen_as(account),
        )
    finally:
        handle.close()


@dataclass
class Service:
    """A program that runs as long as the platform does. `start` may be called again after it died."""

    name: str
    argv: list[str]
    log: Path
    env: dict[str, str] | None = None
    account: Account | None = None
    stop_signal: int = signal.SIGTERM
    cwd: str = "/"
    # Open files that it inherits, such as a listening socket.
    pass_fds: Sequence[int] = ()
    process: subprocess.Popen | None = field(default=None, repr=False)

    def start(self) -> subprocess.Popen:
        self.process = start(
            self.argv,
            log=self.log,
            env=self.env,
            account=self.account,
            stop_signal=self.stop_signal,
            cwd=self.cwd,
            pass_fds=self.pass_fds,
        )
        return self.process

    def ended(self) -> int | None:
        """The exit status if the program has ended, otherwise None. What it started itself and left
        behind is killed then: a worker of a dead web server would go on holding its memory and its
        connections."""
        if self.process is None or self.process.returncode is not None:
            return None if self.process is None else self.process.returncode
        # Not yet reaped, so that nothing else can have its number while its session is killed.
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        if os.waitid(os.P_PID, self.process.pid, options) is None:
            return None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process, self.stop_signal)
            self.process = None


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


def listening_socket(preferred: int) -> socket.socket:
    """A socket that listens on 127.0.0.1, on the port `preferred` if it is free. A server that
    inherits it keeps its port whatever happens to the server: connections wait until the server is
    there again, and nobody else can take the port meanwhile."""
    for port in (preferred, 0):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            s.listen(1024)
        except OSError:
            s.close()
            continue
        return s
    raise SystemExit("no free port on 127.0.0.1")


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
