"""Starting services of bin/run again when they die."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import children
from .children import Service
from .stack import say

# Seconds between the death of a service and its next start, by how often it died in a row.
PAUSES = (0.5, 1, 2, 5, 10, 20, 30)
# After so many deaths in a row somebody has to look, which is said once.
MANY = 5
# A service that ran for so many seconds had started properly.
SOUND = 60


@dataclass
class _Watched:
    service: Service
    started: float
    deaths: int = 0  # in a row
    # When it is started again; None while it runs.
    due: float | None = None


class Supervisor:
    """Looks after services: each that has ended is started again, with the same command and port,
    after a pause that grows while it keeps dying. It is never given up, because the cause may go
    away by itself: a full disk, a port that somebody else took."""

    def __init__(self, services: Iterable[Service], *, log: Path) -> None:
        now = time.monotonic()
        self.watched = [_Watched(service, now) for service in services]
        self.log = log

    def look(self) -> None:
        """One round over all services; takes no time worth mentioning."""
        for watched in self.watched:
            now = time.monotonic()
            if watched.due is None:
                status = watched.service.ended()
                if status is not None:
                    self._note_death(watched, now, f"ended ({_describe(status)})")
            elif now >= watched.due:
                self._start(watched, now)

    def _start(self, watched: _Watched, now: float) -> None:
        try:
            watched.service.start()
        except OSError as error:  # no memory, no space for its log
            self._note_death(watched, now, f"could not be started: {error}")
            return
        watched.started, watched.due = now, None
        self._say(f"{watched.service.name} was started again")

    def _note_death(self, watched: _Watched, now: float, what: str) -> None:
        if watched.due is None and now - watched.started > SOUND:
            watched.deaths = 0
        pause = PAUSES[min(watched.deaths, len(PAUSES) - 1)]
        watched.deaths += 1
        watched.due = now + pause
        name = watched.service.name
        self._say(f"{name} {what}; it is started again in {pause:g} s")
        if watched.deaths == MANY:
            self._say(
                f"{name} CANNOT BE STARTED: it ended {MANY} times in a row. The rest of the platform"
                f" goes on, and it is tried again every {PAUSES[-1]} s. The last lines of"
                f" {watched.service.log}:\n{children.tail(watched.service.log)}"
            )

    def _say(self, line: str) -> None:
        """To the terminal and to the log."""
        line = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}"
        with contextlib.suppress(OSError):  # neither may stop the platform
            say(line)
        with contextlib.suppress(OSError):
            handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "a", encoding="utf-8") as f:
                f.write(line + "\n")


def _describe(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"


def keep_running(services: Iterable[Service], *, log: Path) -> None:
    """Look after the services until this process is interrupted."""
    supervisor = Supervisor(services, log=log)
    while True:
        supervisor.look()
        time.sleep(0.3)
