"""Leased jobs: claiming, writing results, and jobs whose worker vanished."""

from __future__ import annotations

import dataclasses
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core import jobs, outbox
from core.jobs import JobKind, LeaseLost
from core.models import Channel, OutboxMessage, OutboxState

# The outbox's rows serve as jobs here, as a kind whose work may be repeated.
KIND: JobKind[OutboxMessage] = dataclasses.replace(
    outbox.MESSAGES, repeatable=True, most_attempts=3
)


def make_job(key: str = "a") -> OutboxMessage:
    return OutboxMessage.objects.create(
        channel=Channel.SMS, address="13900000001", text="", dedupe_key=key
    )


def claim_one() -> OutboxMessage:
    (job,) = jobs.claim(KIND)
    return job


def end_leases() -> None:
    OutboxMessage.objects.filter(leased_until__isnull=False).update(
        leased_until=timezone.now() - timedelta(seconds=1)
    )


@pytest.mark.django_db
def test_a_claim_leases_the_oldest_job_that_is_due() -> None:
    later, first = make_job("later"), make_job("first")
    OutboxMessage.objects.filter(pk=first.pk).update(due_at=timezone.now() - timedelta(hours=1))
    OutboxMessage.objects.filter(pk=later.pk).update(due_at=timezone.now() + timedelta(hours=1))
    job = claim_one()
    assert (job.pk, job.state, job.attempts, job.token) == (first.pk, OutboxState.SENDING, 1, 1)
    stored = OutboxMessage.objects.get(pk=first.pk)
    assert (stored.state, stored.attempts, stored.token) == (OutboxState.SENDING, 1, 1)
    assert stored.leased_until == job.leased_until
    assert jobs.claim(KIND) == [], "the other job is not due, this one is leased"


@pytest.mark.django_db
def test_a_worker_that_wakes_after_its_lease_cannot_write() -> None:
    make_job()
    stopped = claim_one()
    end_leases()
    successor = claim_one()
    assert (successor.pk, successor.attempts, successor.token) == (stopped.pk, 2, 2)
    with pytest.raises(LeaseLost):
        jobs.renew(KIND, stopped, progress=50)
    with pytest.raises(LeaseLost):
        jobs.finish(stopped, OutboxState.SENT)
    with pytest.raises(LeaseLost), jobs.writing(stopped):
        raise AssertionError("the block must not run")
    with pytest.raises(LeaseLost):
        jobs.retry(KIND, stopped, "太慢")
    with pytest.raises(LeaseLost):
        jobs.park(KIND, stopped, "太慢")
    jobs.finish(successor, OutboxState.SENT)
    stored = OutboxMessage.objects.get()
    assert (stored.state, stored.leased_until, stored.problem) == (OutboxState.SENT, None, "")
    with pytest.raises(LeaseLost):
        jobs.finish(successor, OutboxState.WAITING)


@pytest.mark.django_db
def test_a_renewed_lease_is_not_taken_over() -> None:
    make_job()
    job = claim_one()
    end_leases()
    jobs.renew(KIND, job, progress=40)
    assert jobs.claim(KIND) == []
    assert OutboxMessage.objects.get().progress == 40


@pytest.mark.django_db
def test_a_failed_attempt_waits_for_the_next_and_the_last_one_parks() -> None:
    make_job()
    for attempt in (1, 2):
        assert jobs.retry(KIND, claim_one(), f"第{attempt}次失败")
    assert not jobs.retry(KIND, claim_one(), "第3次失败")
    stored = OutboxMessage.objects.get()
    assert (stored.state, stored.problem) == (OutboxState.PARKED, "第3次失败")
    assert stored.parked_at is not None
    assert jobs.claim(KIND) == []


@pytest.mark.django_db
def test_a_job_that_kills_its_worker_every_time_is_parked_and_its_kind_is_told() -> None:
    told: list[int] = []
    kind = dataclasses.replace(KIND, on_parked=lambda job: told.append(job.pk))
    job = make_job()
    for _ in range(3):
        jobs.claim(kind)
        end_leases()
    assert jobs.claim(kind) == []
    stored = OutboxMessage.objects.get()
    assert (stored.state, stored.problem) == (OutboxState.PARKED, kind.interrupted)
    assert told == [job.pk]


@pytest.mark.django_db
def test_work_that_must_not_be_repeated_is_parked_at_once() -> None:
    make_job()
    jobs.claim(outbox.MESSAGES)
    end_leases()
    assert jobs.claim(outbox.MESSAGES) == []
    assert OutboxMessage.objects.get().state == OutboxState.PARKED


@pytest.mark.django_db
def test_released_jobs_have_all_their_attempts_again() -> None:
    make_job()
    jobs.park(KIND, claim_one(), "没有密钥")
    assert jobs.release_parked(KIND) == 1
    job = claim_one()
    assert (job.attempts, job.problem, job.parked_at) == (1, "", None)
    assert job.token == 2, "the token never goes back"


@pytest.mark.django_db
def test_overdue_lists_lost_messages_and_dead_workers_only() -> None:
    fresh, lost, dead = make_job("fresh"), make_job("lost"), make_job("dead")
    old = timezone.now() - jobs.DELIVERY - timedelta(seconds=1)
    OutboxMessage.objects.filter(pk=dead.pk).update(due_at=old - timedelta(hours=1))
    assert [job.pk for job in jobs.claim(KIND)] == [dead.pk]
    OutboxMessage.objects.filter(pk=lost.pk).update(due_at=old)
    assert jobs.overdue(KIND) == [(lost.pk, OutboxState.WAITING)]
    end_leases()
    assert {pk for pk, _ in jobs.overdue(KIND)} == {lost.pk, dead.pk}
    assert fresh.pk not in {pk for pk, _ in jobs.overdue(KIND)}


@pytest.mark.django_db
def test_the_figures_count_what_is_not_finished() -> None:
    for key in "abcd":
        make_job(key)
    OutboxMessage.objects.update(due_at=timezone.now() - timedelta(seconds=90))
    jobs.finish(claim_one(), OutboxState.SENT)
    jobs.park(KIND, claim_one(), "没有密钥")
    claim_one()
    found = jobs.figures(KIND)
    assert (found.waiting, found.running, found.parked) == (1, 1, 1)
    assert 90 <= found.oldest < 150
    assert found.reasons == [("没有密钥", 1)]


@pytest.mark.django_db
def test_the_database_refuses_a_running_job_without_a_lease() -> None:
    job = make_job()
    for values in (
        {"state": OutboxState.SENDING},
        {"leased_until": timezone.now()},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            OutboxMessage.objects.filter(pk=job.pk).update(**values)


def test_workers_that_claim_at_the_same_moment_get_different_jobs(
    django_db_setup: None, django_db_blocker: Any
) -> None:
    """Other connections must see the rows, so they are committed and deleted again."""
    with django_db_blocker.unblock():
        _claim_at_the_same_moment()


def _claim_at_the_same_moment() -> None:
    try:
        for n in range(20):
            make_job(str(n))
        claimed: list[int] = []
        start = threading.Barrier(4)

        def work() -> None:
            try:
                start.wait(timeout=10)
                claimed.extend(job.pk for job in jobs.claim(KIND, limit=5))
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
        assert len(claimed) == len(set(claimed)) > 5
    finally:
        OutboxMessage.objects.all().delete()


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_whose_clock_is_wrong_takes_no_job_from_others_and_leaves_none_lying(
    hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leases and due dates are measured by the database's clock alone."""
    right = timezone.now
    make_job("held")
    held = claim_one()
    monkeypatch.setattr(timezone, "now", lambda: right() + timedelta(hours=hours))
    assert jobs.claim(KIND) == []
    assert jobs.overdue(KIND) == []
    make_job("due")
    due = claim_one()
    jobs.renew(KIND, due)
    due.refresh_from_db()
    assert due.leased_until is not None
    assert abs(due.leased_until - right() - KIND.lease) < timedelta(minutes=1)
    jobs.retry(KIND, due, "虚构原因", after=timedelta(minutes=5))
    due.refresh_from_db()
    assert abs(due.due_at - right() - timedelta(minutes=5)) < timedelta(minutes=1)
    jobs.finish(held, OutboxState.SENT)
