"""An upload that tests disturb, and the checks that must hold afterwards."""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

from django.conf import settings

from national_sync.actions import upload
from national_sync.mapping import Mapped
from national_sync.models import Batch, BatchLine, Entry
from national_sync.reconciliation import compare
from national_sync.states import BatchState, EntryState
from tests.factories import World
from tests.national_sync.reporting import end_leases
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator

COUNT = 6
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


@dataclass
class Night:
    """A school's graduates waiting to be reported, committed, with the simulator they go to."""

    world: World
    simulator: Simulator

    def worker(self, stop_at: str = "", **environment: str) -> subprocess.Popen:
        """A real process that runs one upload; it stops at the step `stop_at`."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.national_sync.standing_worker"],
            env=self.environment(stop_at) | environment,
            cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def environment(self, stop_at: str = "") -> dict[str, str]:
        """The environment of a process that works on this test's database and talks to this
        simulator."""
        server = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
        return {
            **os.environ,
            "DATABASE_URL": f"{server}/{settings.DATABASES['default']['NAME']}",
            "NATIONAL_URL": self.simulator.url, "NATIONAL_CLIENT": CLIENT,
            "NATIONAL_SECRET": SECRET, "STAND_STILL_AT": stop_at,
        }  # fmt: skip

    def killed_at(self, place_: str) -> None:
        """Start a worker, wait until it stops at `place_`, and kill it with SIGKILL."""
        process = self.worker(place_)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.strip() == f"standing at {place_}", process.communicate(timeout=20)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        # The lease of a dead sender runs out.
        end_leases()

    def finish(self) -> None:
        """Run uploads until everything is finished, at most 30 s."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with self.simulator.transport() as transport:
                upload.run(transport, Mapped.load(simulated=True), seconds=10)
            if not self.open():
                return
            Batch.objects.filter(state=BatchState.READY).update(due_at=LONG_AGO)
        raise AssertionError(self.states())

    def open(self) -> bool:
        rows = Entry.objects.filter(school=self.world.school)
        return rows.exclude(state__in=[EntryState.ACCEPTED, EntryState.QUIET]).exists()

    def states(self) -> list[tuple[str, str]]:
        rows = Entry.objects.filter(school=self.world.school)
        return list(rows.values_list("part", "state"))

    def check(self) -> None:
        """Nothing was lost, nothing was applied twice, every entry has an owner, and both sides
        are equal."""
        assert not self.open(), self.states()
        assert not Batch.objects.exclude(state=BatchState.DONE).exists()
        answered = BatchLine.objects.exclude(verdict="")
        assert answered.count() == BatchLine.objects.count()
        for batch in Batch.objects.all():
            assert batch.answered == batch.lines
        with self.simulator.transport() as transport:
            found = compare(self.world.school, transport, Mapped.load(simulated=True))
        assert (found.clean, found.equal) == (True, COUNT * 2), found.as_json()
