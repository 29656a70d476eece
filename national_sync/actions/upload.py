"""One run: everything due is claimed, sent with several batches in flight, and answered.

One run at a time, whoever starts it: an advisory lock of the database. Killed at any point, the
next run takes up what the rows say.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from national_sync.actions import send
from national_sync.actions.apply import apply_results, place
from national_sync.actions.claim import SIZE, claim
from national_sync.mapping import Mapped
from national_sync.models import Batch
from national_sync.states import HTTP, BatchState
from national_sync.transport.base import (
    Receipt,
    ResultPage,
    Transport,
    TransportDown,
    TransportError,
    TransportRefused,
    UnknownBatch,
)

logger = logging.getLogger(__name__)
_LOCK = 0x6E6174696F6E616C  # "national"
_PAGE = 2000
# An answer that takes longer than this is asked for batch by batch.
_OVERDUE = timedelta(minutes=10)


@dataclass
class Report:
    """What one run did."""

    looked_at: int = 0
    batches: int = 0
    failed: int = 0
    answered: int = 0
    ran: bool = True


@contextmanager
def only_one() -> Iterator[bool]:
    """True for the one who may run now. The lock goes with the connection, even killed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        mine = cursor.fetchone()[0]
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def run(transport: Transport, mapped: Mapped, *, seconds: float = 240, size: int = SIZE) -> Report:
    """Work until nothing is due and nothing is in the air, or the time is up."""
    with only_one() as mine:
        if not mine:
            return Report(ran=False)
        return _Run(transport, mapped, time.monotonic() + seconds, size).work()


class _Run:
    def __init__(self, transport: Transport, mapped: Mapped, ends: float, size: int) -> None:
        self.transport, self.mapped, self.ends, self.size = transport, mapped, ends, size
        self.report = Report()
        self.down = False

    def work(self) -> Report:
        """Batches fly and answers are fetched side by side; only this thread touches rows."""
        with ThreadPoolExecutor(settings.NATIONAL_IN_FLIGHT + 1) as pool:
            flying: dict[Future[Receipt], Batch] = {}
            left_over = send.take_over()
            reading: Future[ResultPage] | None = None
            while True:
                self._launch(pool, flying, left_over)
                if not flying:
                    break
                reading = reading or pool.submit(self.transport.results, place(), limit=_PAGE)
                everything: list[Future[Any]] = [*flying, reading]
                landed, _ = wait(everything, return_when=FIRST_COMPLETED)
                for future in landed - {reading}:
                    self._land(flying.pop(future), future)
                if reading in landed:
                    self._apply(reading)
                    reading = None
            if reading is not None:
                self._apply(reading)
        self._wait_for_answers()
        return self.report

    def _launch(
        self,
        pool: ThreadPoolExecutor,
        flying: dict[Future[Receipt], Batch],
        left_over: list[Batch],
    ) -> None:
        while len(flying) < settings.NATIONAL_IN_FLIGHT and not self.down and self._has_time():
            batch = left_over.pop() if left_over else self._claim()
            if batch is None:
                return
            self.report.batches += 1
            going = send.outgoing(batch)
            flying[pool.submit(self.transport.submit, going)] = batch

    def _claim(self) -> Batch | None:
        """The next batch; claims that only settle entries are passed over."""
        while self._has_time():
            claimed = claim(self.mapped, size=self.size)
            self.report.looked_at += claimed.looked_at
            if claimed.batch is not None or claimed.looked_at == 0:
                return claimed.batch
        return None

    def _land(self, batch: Batch, future: Future[Receipt]) -> None:
        problem = future.exception()
        if problem is None:
            send.note_sent(batch)
            return
        if not isinstance(problem, TransportError):
            raise problem
        self.report.failed += 1
        logger.warning("batch %s not handed over: %s", batch.pk, problem.code)
        send.note_failed(batch, problem)
        # With the link down the rest would only fail, too.
        self.down = self.down or not isinstance(problem, TransportRefused)

    def _has_time(self) -> bool:
        return time.monotonic() < self.ends

    def _apply(self, reading: Future[ResultPage]) -> int:
        """Apply what the stream had; the next page begins where this one ends."""
        problem = reading.exception()
        if isinstance(problem, TransportError):
            logger.warning("results not read: %s", problem.code)
            self.down = True
            return 0
        page = reading.result()
        if page.results:
            self.report.answered += apply_results(page.results, next_place=page.next)
        return len(page.results)

    def _read(self) -> int:
        reading: Future[ResultPage] = Future()
        try:
            reading.set_result(self.transport.results(place(), limit=_PAGE))
        except TransportError as problem:
            reading.set_exception(problem)
        return self._apply(reading)

    def _wait_for_answers(self) -> None:
        """Stay while answers come; what takes longer is the next run's to fetch."""
        pause, patience = 0.05, time.monotonic() + settings.NATIONAL_PATIENCE
        while self._has_time() and not self.down and time.monotonic() < patience:
            if self._read():
                pause, patience = 0.05, time.monotonic() + settings.NATIONAL_PATIENCE
                continue
            if not _unanswered().exists():
                return
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        if not self.down:
            ask_for_overdue(self.transport)


def _unanswered() -> QuerySet[Batch]:
    """Answers to files come by hand."""
    return Batch.objects.filter(state=BatchState.SENT, way=HTTP)


def ask_for_overdue(transport: Transport, *, older_than: timedelta = _OVERDUE) -> int:
    """Answers that stay away: the batch itself is asked for; one that never arrived goes again."""
    old = timezone.now() - older_than
    asked = 0
    for batch in _unanswered().filter(sent_at__lt=old).order_by("sent_at")[:50]:
        asked += 1
        try:
            status = transport.poll(str(batch.pk))
        except UnknownBatch:
            send.again(batch)
            continue
        except (TransportDown, TransportRefused):
            break
        apply_results(status.results)
    return asked
