"""Worker processes that start together, each with a database connection of its own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from types import TracebackType
from typing import Any

from django.db import connections

from core import garbage

Job = Callable[[Any], Any]


@dataclass
class Done:
    """The answers for all items, in the order of the parts, and the seconds of the whole run."""

    answers: list[Any]
    seconds: float


class Crew:
    """`size` processes. `jobs` maps a name to (prepare, job): before the clock starts, `prepare`
    gets the whole part of a process and returns the items; then `job` gets each item and returns
    its answer."""

    def __init__(self, size: int, jobs: dict[str, tuple[Job, Job]]) -> None:
        connections.close_all()
        context = multiprocessing.get_context("fork")
        self._barrier = context.Barrier(size)
        self._pipes: list[Connection] = []
        self._processes = []
        for _ in range(size):
            here, there = context.Pipe()
            process = context.Process(target=_work, args=(there, self._barrier, jobs), daemon=True)
            process.start()
            self._pipes.append(here)
            self._processes.append(process)

    def run(self, name: str, parts: Sequence[Sequence[Any]]) -> Done:
        """Run the named job with one part for each process."""
        for pipe, part in zip(self._pipes, parts, strict=True):
            pipe.send((name, list(part)))
        reports = [pipe.recv() for pipe in self._pipes]
        answers = [answer for _, _, part in reports for answer in part]
        began, ended = min(r[0] for r in reports), max(r[1] for r in reports)
        return Done(answers, ended - began)

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join(20)


def _work(pipe: Connection, barrier: Barrier, jobs: dict[str, tuple[Job, Job]]) -> None:
    garbage.tune()  # as in the web processes
    while (order := pipe.recv()) is not None:
        name, part = order
        prepare, job = jobs[name]
        items = prepare(part)
        barrier.wait(120)
        began = time.monotonic()
        answers = [job(item) for item in items]
        pipe.send((began, time.monotonic(), answers))
    connections.close_all()
