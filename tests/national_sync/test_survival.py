"""Kills at every step, a link that is down, answers that come twice and in any order.

The worker is a real process that is really killed. Rows are committed, so each test deletes its
school in the end. After each test nothing was lost, nothing was applied twice, and both sides are
equal.
"""

from __future__ import annotations

import os
import threading
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from national_sync.actions import upload
from national_sync.actions.apply import apply_results, place
from national_sync.mapping import Mapped
from national_sync.models import Batch, BatchLine, Entry
from national_sync.states import BatchState, EntryState
from tests.national_sync.reporting import end_leases
from tests.national_sync.surviving import LONG_AGO, Night

STEPS = ("claimed", "sent", "answered", "applying")


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_every_step_of_a_batch(night: Night, step: str) -> None:
    night.killed_at(step)
    assert night.open()
    night.finish()
    night.check()


def test_killed_again_and_again(night: Night) -> None:
    for step in ("claimed", "sent", "applying"):
        night.killed_at(step)
    night.finish()
    night.check()


def test_a_batch_whose_acknowledgement_was_lost_is_taken_once(night: Night) -> None:
    night.simulator.faults(lose_ack="1x")
    night.finish()
    assert night.simulator.sql("SELECT count(*) FROM batch") == [(Batch.objects.count(),)]
    night.check()


@pytest.mark.parametrize(
    "faults",
    [
        {"duplicate_results": "on"},
        {"reorder_results": "on"},
        {"duplicate_results": "on", "reorder_results": "on", "error500": "2x", "drop": "2x"},
    ],
)
def test_answers_twice_and_in_any_order(night: Night, faults: dict[str, str]) -> None:
    night.simulator.faults(**faults)
    night.finish()
    night.check()


def test_the_simulator_down_for_an_hour_parks_nothing_and_goes_on_by_itself(night: Night) -> None:
    """The runs of an hour, one every five minutes, each finding nobody; time is what is moved."""
    night.simulator.faults(unavailable="on")
    for turn in range(12):
        with night.simulator.transport() as transport:
            report = upload.run(transport, Mapped.load(simulated=True), seconds=5)
        assert report.failed
        assert {s for _, s in night.states()} <= {EntryState.SENT, EntryState.WAITING}
        waiting = Batch.objects.filter(state=BatchState.READY)
        assert set(waiting.values_list("attempts", flat=True)) == {turn + 1}
        assert all(b.due_at > timezone.now() and b.problem for b in waiting), "again, later"
        waiting.update(due_at=LONG_AGO)
    assert waiting.count() == Batch.objects.count(), "no batch was made twice, none was given up"
    night.simulator.faults()
    night.finish()
    night.check()


def test_a_clock_that_jumps_holds_everything_and_loses_nothing(night: Night) -> None:
    night.simulator.faults(clock_skew="7200")
    with night.simulator.transport() as transport:
        upload.run(transport, Mapped.load(simulated=True), seconds=5)
    night.simulator.faults()
    Batch.objects.update(due_at=LONG_AGO)
    night.finish()
    night.check()


def test_two_beats_at_once_are_one_run(night: Night) -> None:
    first = night.worker("claimed")
    assert first.stdout is not None
    assert first.stdout.readline().strip() == "standing at claimed"
    with night.simulator.transport() as transport:
        assert not upload.run(transport, Mapped.load(simulated=True), seconds=5).ran
    first.kill()
    first.wait(10)
    end_leases()
    night.finish()
    night.check()


def test_a_record_changed_in_flight_goes_up_again(night: Night) -> None:
    from destinations.models import Destination

    graduate = Entry.objects.filter(school=night.world.school, part="destination").first()
    assert graduate is not None
    night.killed_at("sent")
    Destination.objects.filter(pk=graduate.graduate_id).update(unit_name="途中改名有限公司")
    night.finish()
    night.check()
    versions = BatchLine.objects.filter(entry=graduate).values_list("version", flat=True)
    assert len(set(versions)) == 2


def test_an_answer_to_an_older_version_is_kept_and_moves_nothing(night: Night) -> None:
    from destinations.models import Destination

    night.killed_at("answered")
    entry = Entry.objects.filter(school=night.world.school, part="destination").first()
    assert entry is not None
    Destination.objects.filter(pk=entry.graduate_id).update(unit_name="后来改名有限公司")
    with night.simulator.transport() as transport:
        page = transport.results(place(), limit=1000)
    apply_results(page.results, next_place=page.next)
    apply_results(page.results, next_place=page.next)  # and once more
    entry.refresh_from_db()
    assert entry.state == EntryState.WAITING
    assert BatchLine.objects.get(entry=entry).verdict == "accepted"
    night.finish()
    night.check()


def cut_connections(but: int) -> int:
    """As a restart of PostgreSQL does: every connection to this database ends."""
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path="/postgres").geturl()
    with psycopg.connect(url, autocommit=True) as c:
        rows = c.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            " AND pid <> %s",
            [connection.settings_dict["NAME"], but],
        ).fetchall()
    return len(rows)


@pytest.mark.parametrize("step", ["claimed", "sent", "answered"])
def test_the_database_restarts_in_the_middle(night: Night, step: str) -> None:
    process = night.worker(step, STAND_SECONDS="2")
    assert process.stdout is not None
    assert process.stdout.readline().strip() == f"standing at {step}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        mine = cursor.fetchone()[0]
    assert cut_connections(but=mine)
    process.communicate(timeout=30)
    assert process.returncode != 0
    end_leases()
    night.finish()
    night.check()


def test_an_answer_that_arrives_while_the_record_is_edited_waits_for_it(night: Night) -> None:
    from destinations.models import Destination
    from graduates.models import Graduate

    night.killed_at("answered")
    entry = Entry.objects.filter(school=night.world.school, part="destination").first()
    assert entry is not None
    with night.simulator.transport() as transport:
        page = transport.results(place(), limit=1000)
    editing, applied = threading.Event(), threading.Event()

    def edit() -> None:
        with transaction.atomic():
            Graduate.objects.select_for_update(no_key=True).get(pk=entry.graduate_id)
            Destination.objects.filter(pk=entry.graduate_id).update(unit_name="编辑中改名有限公司")
            editing.set()
            # The answer is at the door; it must wait for us.
            assert not applied.wait(1)
        connections.close_all()

    def apply() -> None:
        editing.wait(5)
        apply_results(page.results, next_place=page.next)
        applied.set()
        connections.close_all()

    threads = [threading.Thread(target=f) for f in (edit, apply)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert applied.is_set()
    entry.refresh_from_db()
    assert entry.state == EntryState.WAITING
    night.finish()
    night.check()
