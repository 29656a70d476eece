"""Processes that work side by side, each on a connection of its own, and begin together."""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

from django.db import connections

Job = Callable[[Any], Any]


@dataclass
class Done:
    """What came of every item, in the order of the parts, and how long all took together."""

    answers: list[Any]
    seconds: float


class Crew:
    """`jobs` by name; each takes one item and returns its answer. `prepare` gets a process's whole
    part before the clock starts and returns the items that the job is given."""

    def __init__(self, size: int, jobs: dict[str, tuple[Job, Job]]) -> None:
        connections.close_all()
        context = multiprocessing.get_context("fork")
        self._barrier = context.Barrier(size)
        self._ways: list[Connection] = []
        self._processes = []
        for _ in range(size):
            here, there = context.Pipe()
            process = context.Process(target=_work, args=(there, self._barrier, jobs), daemon=True)
            process.start()
            self._ways.append(here)
            self._processes.append(process)

    def run(self, name: str, parts: Sequence[Sequence[Any]]) -> Done:
        for way, part in zip(self._ways, parts, strict=True):
            way.send((name, list(part)))
        told = [way.recv() for way in self._ways]
        answers = [answer for _, _, part in told for answer in part]
        began, ended = min(t[0] for t in told), max(t[1] for t in told)
        return Done(answers, ended - began)

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for way in self._ways:
            way.send(None)
        for process in self._processes:
            process.join(20)


def _work(way: Connection, barrier: Any, jobs: dict[str, tuple[Job, Job]]) -> None:
    # As config/wsgi.py sets up what serves pages.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    while (order := way.recv()) is not None:
        name, part = order
        prepare, job = jobs[name]
        items = prepare(part)
        barrier.wait(120)
        began = time.monotonic()
        answers = [job(item) for item in items]
        way.send((began, time.monotonic(), answers))
    connections.close_all()
