"""A worker that is stopped with SIGSTOP, loses its job to another one and wakes with SIGCONT writes
nothing.

One real process is stopped and woken in all tests. The end of a lease is what is moved in time; the
other worker is the test itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from core import jobs, outbox
from core.jobs import JobKind, LeasedJob
from core.models import Channel, Event, OutboxMessage, OutboxState, StoredFile
from destinations.models import Destination
from esign import pdf_signing
from esign.actions import documents
from graduates.actions import roster
from graduates.models import Graduate, RosterImport
from national_sync.actions import compare, upload
from national_sync.models import Batch, BatchLine, Comparison
from national_sync.states import BatchState, ComparisonState
from tests import factories
from tests.esign import signing
from tests.factories import typed_record
from tests.graduates import workbooks
from tests.national_sync.reporting import end_leases
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator
from tests.national_sync.surviving import Night

KEY_SECRET = "a-secret-of-these-tests"
RUN_UPLOAD = "tests.national_sync.zombie_worker.run_upload"


class Zombie:
    """The worker, which is stopped at one place in each job."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        with log.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.national_sync.zombie_worker"],
                env=environment, cwd=settings.BASE_DIR, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=said, text=True, start_new_session=True,
            )  # fmt: skip
        self.log = log

    def stopped_at(self, stop: str, call: str, *args: Any) -> None:
        """Start the job, and return once the process is stopped right before `stop`."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"call": call, "args": args, "stop": stop}) + "\n")
        self.process.stdin.flush()
        deadline = time.monotonic() + 40
        while self._state() != "T":
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def _state(self) -> str:
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]

    def wake(self) -> str:
        """Let it go on; returns how its job ended."""
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGCONT)
        ready, _, _ = select.select([self.process.stdout], [], [], 40)
        assert ready, self.log.read_text()
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture(scope="module")
def zombie(
    running_simulator: Simulator, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Zombie]:
    folder = tmp_path_factory.mktemp("zombie")
    server = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    made = Zombie(
        {
            **os.environ,
            "DATABASE_URL": f"{server}/{settings.DATABASES['default']['NAME']}",
            "NATIONAL_URL": running_simulator.url, "NATIONAL_CLIENT": CLIENT,
            "NATIONAL_SECRET": SECRET, "SIGNING_KEY_FILE": str(folder / "key.p12"),
            "SIGNING_KEY_SECRET": KEY_SECRET,
        },
        folder / "zombie.log",
    )  # fmt: skip
    yield made
    made.end()


@pytest.fixture
def national(night: Night, settings: Any) -> Night:
    settings.NATIONAL_URL = night.simulator.url
    settings.NATIONAL_CLIENT, settings.NATIONAL_SECRET = CLIENT, SECRET
    return night


def end_lease(kind: JobKind[Any], job: LeasedJob) -> None:
    """The time that the stopped worker had the job for is over."""
    kind.rows().filter(pk=job.pk).update(leased_until=timezone.now() - timedelta(seconds=1))


def row_of(job: LeasedJob) -> dict[str, Any]:
    return dict(type(job)._default_manager.filter(pk=job.pk).values().get())


def test_an_outbox_message_that_was_parked_meanwhile_stays_parked(
    zombie: Zombie, committed_world: Any, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        OutboxMessage.objects.filter(state=OutboxState.WAITING).delete()
        outbox.post(Channel.SMS, "13900000001", "虚构短信", key=f"zombie-{time.time_ns()}")
        message = OutboxMessage.objects.latest("pk")
        zombie.stopped_at("core.outbox.backends.development_inbox", "core.outbox.send_due")
        end_lease(outbox.MESSAGES, message)
        assert jobs.claim(outbox.MESSAGES) == [], "it may have arrived, so nobody sends it again"
        parked = row_of(message)
        assert parked["state"] == OutboxState.PARKED
        assert zombie.wake() == "ended"
        assert row_of(message) == parked
        OutboxMessage.objects.filter(pk=message.pk).delete()


@pytest.mark.parametrize("step", ["check", "apply"])
def test_an_import_is_checked_and_applied_once(
    step: str, zombie: Zombie, committed_world: Any, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        world = committed_world
        book = workbooks.roster_book(*[typed_record(world) for _ in range(5)])
        imported = workbooks.upload(world, book)
        if step == "apply":
            imported = roster.check(imported.pk)
            roster.confirm(imported, by=world.school_admin)
        stop = {"check": "accept_repetitions", "apply": "staging.count_staged_rows"}[step]
        module = "graduates.actions.roster" if step == "check" else "graduates.roster.staging"
        zombie.stopped_at(
            f"{module}.{stop.rpartition('.')[2]}", f"graduates.actions.roster.{step}", imported.pk
        )
        end_lease(roster.ROSTERS, imported)
        taken_over = getattr(roster, step)(imported.pk)
        assert taken_over.state == {"check": "previewed", "apply": "done"}[step]
        before, events = row_of(imported), Event.objects.count()
        files = StoredFile.objects.count()
        assert zombie.wake() == "ended"
        assert row_of(imported) == before
        assert (Event.objects.count(), StoredFile.objects.count()) == (events, files)
        expected = 5 if step == "apply" else 0
        assert Graduate.objects.filter(school=world.school).count() == expected
        assert RosterImport.objects.get(pk=imported.pk).attempts == 2


def test_a_document_is_signed_and_stored_once(
    zombie: Zombie, committed_world: Any, django_db_blocker: Any, settings: Any
) -> None:
    with django_db_blocker.unblock():
        settings.SIGNING_KEY_FILE = str(zombie.log.with_name("key.p12"))
        settings.SIGNING_KEY_SECRET = KEY_SECRET
        pdf_signing.forget_loaded_key()
        pdf_signing.issue_key(common_name="试用平台")
        graduate = factories.make_graduate(committed_world)
        agreement = signing.sign_agreement(graduate)
        destination = Destination.objects.get(pk=graduate.pk)
        document = documents.request(agreement=agreement, destination=destination)
        zombie.stopped_at(
            "esign.actions.documents._check_stamp", "esign.actions.documents.make_waiting"
        )
        end_lease(documents.DOCUMENTS, document)
        assert documents.make_waiting() == 1
        before, files = row_of(document), StoredFile.objects.count()
        assert before["state"] == "ready"
        assert zombie.wake() == "ended"
        assert row_of(document) == before
        assert StoredFile.objects.count() == files
        pdf_signing.forget_loaded_key()


def test_a_comparison_is_ended_once(zombie: Zombie, national: Night) -> None:
    asked = compare.ask(school=national.world.school, by=national.world.school_admin)
    zombie.stopped_at(
        "national_sync.actions.compare._keep_copies", "national_sync.actions.compare.run", asked.pk
    )
    end_lease(compare.COMPARISONS, asked)
    assert compare.run(asked.pk)
    before, events = row_of(asked), Event.objects.count()
    assert before["state"] == ComparisonState.DONE
    assert zombie.wake() == "ended"
    assert row_of(asked) == before
    assert Event.objects.count() == events
    assert Comparison.objects.count() == 1


def test_a_batch_that_another_run_sent_is_not_noted_again(
    zombie: Zombie, national: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its token alone must keep the woken run from writing, so the lock between runs is off."""
    zombie.stopped_at("national_sync.actions.send.note_sent", RUN_UPLOAD)
    end_leases()
    (batch,) = Batch.objects.filter(state=BatchState.SENDING)
    with monkeypatch.context() as unlocked:
        unlocked.setattr(upload, "only_one", lambda: contextlib.nullcontext(True))
        national.finish()
    before, lines = row_of(batch), list(BatchLine.objects.order_by("pk").values())
    assert before["state"] == BatchState.DONE
    assert zombie.wake() == "ended"
    assert row_of(batch) == before
    assert list(BatchLine.objects.order_by("pk").values()) == lines
    assert national.simulator.sql("SELECT count(*) FROM batch") == [(1,)]
    national.check()


def test_an_upload_that_sleeps_for_too_long_does_not_keep_others_from_uploading(
    zombie: Zombie, national: Night
) -> None:
    """The lock between runs belongs to a connection, which ends after it was idle for too long."""
    zombie.stopped_at("national_sync.actions.send.note_sent", RUN_UPLOAD)
    with national.simulator.transport() as transport:
        assert not upload.run(transport, upload.Mapped.load(simulated=True)).ran
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert cursor.fetchone() == (True,)
    end_leases()
    national.finish()
    lines = list(BatchLine.objects.order_by("pk").values())
    assert zombie.wake() != "ended"
    assert list(BatchLine.objects.order_by("pk").values()) == lines
    national.check()


def test_the_connection_of_a_run_ends_when_it_was_idle_for_too_long(night: Night) -> None:
    def limit() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW idle_session_timeout")
            return cursor.fetchone()[0]

    assert limit() == "0"
    with upload.only_one() as mine:
        assert mine
        assert limit() == "10min"
    assert limit() == "0"
