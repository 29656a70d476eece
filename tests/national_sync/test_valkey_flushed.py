"""Valkey loses everything in the middle of a batch: messages, messages being worked on, the
cache.

Each test has its own Valkey, with a real Celery worker and a real beat on it.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone
from kombu import Connection

from config.celery import app
from core import jobs
from national_sync.actions import compare
from national_sync.models import Batch, BatchLine, Comparison
from national_sync.states import BatchState, ComparisonState
from tests.national_sync.reporting import end_leases
from tests.national_sync.simulator_process import CLIENT, SECRET
from tests.national_sync.surviving import COUNT, Night

sys.path.insert(0, str(settings.BASE_DIR / "bin"))
from launcher.postgres import new_password
from launcher.valkey import Valkey

QUEUE = "celery"
UPLOAD, COMPARE = "national_sync.tasks.upload_changes", "national_sync.tasks.run_comparison"


@dataclass
class Service:
    """Valkey, and the worker that lives on it."""

    night: Night
    valkey: Valkey
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def keys(self) -> Any:
        return redis.Redis.from_url(self.valkey.url)

    def start(self, stop_at: str = "", *, beat: bool = True, stand: int = 2) -> None:
        argv = [
            sys.executable, "-m", "celery", "--quiet", "-A", "tests.national_sync.standing_celery",
            "worker", "--concurrency", "1", "--loglevel", "WARNING",
        ]  # fmt: skip
        argv += ["--beat", "--schedule", str(self.folder / "beat")] if beat else []
        env = self.night.environment(stop_at) | {
            "REDIS_URL": self.valkey.url, "STAND_SECONDS": str(stand),
        }  # fmt: skip
        with (self.folder / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(
                argv, env=env, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def stands(self, step: str) -> None:
        """Wait until a run stands at `step`."""
        assert self.process is not None
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], 40)
        assert ready, self.log()
        assert self.process.stdout.readline() == f"standing at {step}\n".encode()

    def flush(self) -> None:
        assert self.keys.dbsize() > 0
        self.keys.flushall()

    def kill(self) -> None:
        """The worker, its children and its beat."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def settle(self) -> None:
        until(lambda: not self.night.open(), self.log)
        assert not Batch.objects.exclude(state=BatchState.DONE).exists()
        self.night.check()

    def log(self) -> str:
        return (self.folder / "worker.log").read_text()


def until(done: Callable[[], bool], said: Callable[[], object], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, said()
        time.sleep(0.1)


@pytest.fixture
def service(night: Night) -> Iterator[Service]:
    base = Path("/tmp") / f"platform-flush-{os.getpid()}"
    base.mkdir(mode=0o711)
    valkey = Valkey(base / "valkey", base / "valkey.log", new_password(), durable=False)
    made = Service(night, valkey, base)
    try:
        valkey.start()
        yield made
    finally:
        made.kill()
        valkey.stop()
        shutil.rmtree(base)


@pytest.mark.parametrize("step", ["sent", "answered"])
def test_flushed_in_the_middle_of_a_batch(service: Service, step: str) -> None:
    service.start(step)
    service.stands(step)
    service.flush()
    service.settle()
    assert BatchLine.objects.count() == COUNT * 2, "each went once"


def test_flushed_while_answers_are_awaited(service: Service) -> None:
    service.night.simulator.faults(slow_judging=3000)
    service.start()
    until(Batch.objects.filter(state=BatchState.SENT).exists, service.log)
    service.flush()
    assert not BatchLine.objects.exclude(verdict="").exists()
    service.settle()
    assert BatchLine.objects.count() == COUNT * 2, "each went once"


def test_what_changes_after_it_was_flushed_goes_up_by_the_same_beat(service: Service) -> None:
    """The beat's and the worker's own keys are gone, too; they go on as they are."""
    from destinations.models import Destination

    service.start()
    service.settle()
    service.flush()
    Destination.objects.filter(school=service.night.world.school).update(unit_name="改名有限公司")
    assert service.night.open()
    service.settle()
    assert BatchLine.objects.count() == COUNT * 3


def test_flushed_with_messages_queued_and_the_worker_killed(
    service: Service, settings: pytest.FixtureRequest
) -> None:
    for name, value in {
        "NATIONAL_URL": service.night.simulator.url, "NATIONAL_CLIENT": CLIENT,
        "NATIONAL_SECRET": SECRET,
    }.items():  # fmt: skip
        setattr(settings, name, value)
    world = service.night.world
    with Connection(service.valkey.url) as broker:
        app.send_task(UPLOAD, connection=broker)
        service.start("sent", beat=False, stand=60)
        service.stands("sent")
        asked = compare.ask(school=world.school, by=world.school_admin)
        app.send_task(COMPARE, [asked.pk], connection=broker)
        app.send_task(UPLOAD, connection=broker)
    assert service.keys.llen(QUEUE) == 2
    assert service.keys.hlen("unacked") > 0
    service.flush()
    service.kill()
    assert service.keys.dbsize() == 0, "no message is left to bring any of it back"
    # Time is what is moved: the lease of a dead sender, the delivery of a message.
    end_leases()
    Comparison.objects.update(due_at=timezone.now() - 2 * jobs.DELIVERY)
    service.start()
    service.settle()
    until(lambda: not Comparison.objects.get().is_running, service.log)
    done = Comparison.objects.get()
    assert (done.state, done.attempts) == (ComparisonState.DONE, 1)
    assert service.night.simulator.sql("SELECT count(*) FROM batch") == [(1,)], "taken there once"
