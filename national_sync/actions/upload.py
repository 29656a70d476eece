"""One upload run: claim everything due, send it with several batches in flight, fetch the answers.

An advisory lock of the database lets only one run work at a time, whoever starts it. When a run is
killed, the next one goes on from what the rows say.
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

from core.jobs import LeaseLost
from national_sync.actions import send
from national_sync.actions.apply import apply_results, place
from national_sync.actions.claim import SIZE, Claimed, claim
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
# Longer than all attempts of one HTTP request with their pauses, during which the connection is idle.
_LONGEST_SILENCE = "10min"
# How many answers are fetched at once, and how many are applied before the run looks after its
# batches again.
_PAGE, _STEP = 5000, 1000
# A batch whose answers take longer than this is asked for by its id.
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
    """True if no other run is working. The lock ends with the connection: when the process is
    killed, and when it hangs and has not used its connection for `_LONGEST_SILENCE`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        mine = cursor.fetchone()[0]
        if mine:
            cursor.execute("SET idle_session_timeout = %s", [_LONGEST_SILENCE])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
                cursor.execute("RESET idle_session_timeout")


def run(transport: Transport, mapped: Mapped, *, seconds: float = 240, size: int = SIZE) -> Report:
    """Work until nothing is due and no answer is outstanding, or until the time is up."""
    with only_one() as mine:
        if not mine:
            return Report(ran=False)
        return _UploadRun(transport, mapped, time.monotonic() + seconds, size).work()


@contextmanager
def _lease_may_be_gone(batch: Batch) -> Iterator[None]:
    """The answers may have closed the batch before the receipt arrived, or another worker may have
    taken the batch over: in both cases there is nothing left to write."""
    try:
        yield
    except LeaseLost:
        logger.info("batch %s was closed or taken over before its sending was noted", batch.pk)


class _UploadRun:
    def __init__(self, transport: Transport, mapped: Mapped, ends: float, size: int) -> None:
        self.transport, self.mapped, self.ends, self.size = transport, mapped, ends, size
        self.report = Report()
        self.down = False
        # Their stream of answers cannot be read at this place: batches are asked for by their ids.
        self.unreadable = False
        # Batches with an answer that could not be read. Such an answer may arrive before the receipt.
        self.partly_unreadable: set[str] = set()
        self.left_over: list[Batch] = []
        # Batches being sent, and as many again that wait for a free sender.
        self.in_flight: dict[Future[Receipt], Batch] = {}
        self.reading: Future[ResultPage] | None = None
        # Lines that this run has sent and that were not answered yet.
        self.awaited = 0
        self.senders = ThreadPoolExecutor(settings.NATIONAL_IN_FLIGHT)
        self.reader = ThreadPoolExecutor(1)

    def work(self) -> Report:
        """Send batches and fetch answers side by side. Only this thread reads and writes rows; the
        other threads make HTTP requests."""
        try:
            self._send_and_read()
            self._wait_for_answers()
        finally:
            # If this thread failed, what was not begun is left to the next run.
            self.senders.shutdown(cancel_futures=True)
            self.reader.shutdown(cancel_futures=True)
        return self.report

    def _send_and_read(self) -> None:
        self.left_over = send.claim_unsent()
        while True:
            self._submit_next()
            if not self.in_flight:
                return
            if self.reading is None and not self.unreadable:
                self.reading = self._fetch_results(place())
            awaited: list[Future[Any]] = [*self.in_flight]
            awaited += [self.reading] if self.reading else []
            wait(awaited, return_when=FIRST_COMPLETED)
            self._note_outcomes()
            if self.reading is not None and self.reading.done():
                self._apply()

    def _note_outcomes(self) -> None:
        for future in [f for f in self.in_flight if f.done()]:
            self._note_outcome(self.in_flight.pop(future), future)
        if not self._may_continue():
            self._return_unsent()

    def _submit_next(self) -> None:
        """Claim twice as many batches as are sent at once, so that no sender waits for a claim."""
        while len(self.in_flight) < 2 * settings.NATIONAL_IN_FLIGHT and self._may_continue():
            claimed = Claimed(0, self.left_over.pop()) if self.left_over else self._claim()
            if claimed.batch is None:
                return
            outgoing = send.outgoing_batch(claimed.batch, claimed.lines)
            future = self.senders.submit(self.transport.submit, outgoing)
            self.in_flight[future] = claimed.batch

    def _claim(self) -> Claimed:
        """The next batch. A claim that found nothing to send is followed by another one."""
        while self._has_time():
            claimed = claim(self.mapped, size=self.size)
            self.report.looked_at += claimed.looked_at
            if claimed.batch is not None or claimed.looked_at == 0:
                return claimed
        return Claimed(0, None)

    def _note_outcome(self, batch: Batch, future: Future[Receipt]) -> None:
        self.report.batches += 1
        problem = future.exception()
        if problem is None:
            with _lease_may_be_gone(batch):
                send.note_sent(batch)
                send.note_unreadable({str(batch.pk)} & self.partly_unreadable)
            self.awaited += batch.lines
            return
        if not isinstance(problem, TransportError):
            raise problem
        self.report.failed += 1
        logger.warning("batch %s not handed over: %s", batch.pk, problem.code)
        with _lease_may_be_gone(batch):
            send.note_failed(batch, problem)
        # If the link is down the other batches would fail too.
        self.down = self.down or not isinstance(problem, TransportRefused)

    def _return_unsent(self) -> None:
        """Give back the batches whose sending has not begun; the next run sends them."""
        for future in [f for f in self.in_flight if f.cancel()]:
            batch = self.in_flight.pop(future)
            with _lease_may_be_gone(batch):
                send.release(batch)

    def _has_time(self) -> bool:
        return time.monotonic() < self.ends

    def _may_continue(self) -> bool:
        return not self.down and self._has_time()

    def _fetch_results(self, after: int) -> Future[ResultPage]:
        return self.reader.submit(self.transport.results, after, limit=_PAGE)

    def _apply(self) -> int:
        """Apply the page of answers that was fetched; the page after it is fetched meanwhile.
        Returns how many answers it had."""
        reading, self.reading = self.reading, None
        assert reading is not None
        try:
            page = reading.result()
        except TransportError as problem:
            logger.warning("results not read: %s", problem.code)
            self.unreadable = problem.code in ("bad_answer", "too_long")
            self.down = not self.unreadable
            return 0
        results = page.results
        self.partly_unreadable.update(page.unreadable)
        send.note_unreadable(page.unreadable)
        if self.in_flight or (results and self.awaited > len(results)):
            self.reading = self._fetch_results(page.next)
        for start in range(0, len(results), _STEP):
            some = results[start : start + _STEP]
            # The place moves with the last part of the page: a run that is killed before reads the
            # whole page again.
            is_last = start + _STEP >= len(results)
            answered = apply_results(some, next_place=page.next if is_last else None)
            self.report.answered += answered
            self.awaited -= answered
            if not is_last and self.in_flight:
                self._note_outcomes()
                self._submit_next()
        return len(results)

    def _wait_for_answers(self) -> None:
        """Wait while answers keep coming; those that take longer are fetched by the next run."""
        pause, patience = 0.05, time.monotonic() + settings.NATIONAL_PATIENCE
        while self._may_continue() and not self.unreadable and time.monotonic() < patience:
            if not _unanswered().exists():
                return
            self.reading = self.reading or self._fetch_results(place())
            if self._apply():
                pause, patience = 0.05, time.monotonic() + settings.NATIONAL_PATIENCE
                continue
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        if self.unreadable:
            send.note_unreadable(str(pk) for pk in _unanswered().values_list("pk", flat=True))
        if not self.down:
            older_than = timedelta(0) if self.unreadable else _OVERDUE
            ask_for_overdue(self.transport, older_than=older_than)


def _unanswered() -> QuerySet[Batch]:
    """Batches sent by HTTP that wait for answers. Answers to files are brought by people."""
    return Batch.objects.filter(state=BatchState.SENT, way=HTTP)


def ask_for_overdue(transport: Transport, *, older_than: timedelta = _OVERDUE) -> int:
    """Ask for the batches whose answers stay away; a batch that never arrived is sent again.
    Returns how many were asked for."""
    old = timezone.now() - older_than
    asked = 0
    for batch in _unanswered().filter(sent_at__lt=old).order_by("sent_at")[:50]:
        asked += 1
        try:
            status = transport.poll(str(batch.pk))
        except UnknownBatch:
            send.send_again(batch)
            continue
        except (TransportDown, TransportRefused):
            break
        send.note_unreadable(status.unreadable)
        apply_results(status.results)
    return asked
