"""Batches are leased jobs: who may write how sending went, what is parked, what is tried again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from core import jobs
from graduates.models import Graduate
from national_sync.actions import send
from national_sync.actions.claim import claim
from national_sync.actions.send import BATCHES
from national_sync.mapping import Mapped, load_simulated
from national_sync.models import Batch, Entry
from national_sync.states import BatchState, EntryState, Owner
from national_sync.transport.base import CredentialsRefused, TransportDown, TransportRefused
from schools.actions.jobs import retry_parked
from tests import factories
from tests.factories import World
from tests.national_sync import reporting

pytestmark = pytest.mark.django_db


@pytest.fixture
def graduate(world: World) -> Graduate:
    load_simulated()
    return reporting.approved(world)


@pytest.fixture
def batch(graduate: Graduate) -> Batch:
    """A batch that this worker has just claimed; both parts of the graduate are in it."""
    claimed = claim(Mapped.load(simulated=True)).batch
    assert claimed is not None
    return claimed


@pytest.fixture
def stale(batch: Batch) -> Batch:
    """A batch as the worker knows it whose lease ran out and which another worker has now."""
    reporting.end_leases()
    (taken_over,) = send.claim_unsent()
    assert (taken_over.pk, taken_over.token) == (batch.pk, batch.token + 1)
    return batch


WRITES: dict[str, Callable[[Batch], None]] = {
    "sent": send.note_sent,
    "link down": lambda batch: send.note_failed(batch, TransportDown("down")),
    "refused": lambda batch: send.note_failed(batch, TransportRefused("refused")),
    "released": send.release,
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_worker_whose_lease_was_taken_over_writes_nothing(
    stale: Batch, write: Callable[[Batch], None]
) -> None:
    before = Batch.objects.filter(pk=stale.pk).values().get()
    with pytest.raises(jobs.LeaseLost):
        write(stale)
    assert Batch.objects.filter(pk=stale.pk).values().get() == before
    assert set(Entry.objects.values_list("state", flat=True)) == {EntryState.SENT}


def test_the_worker_that_took_the_batch_over_writes(stale: Batch) -> None:
    current = Batch.objects.get(pk=stale.pk)
    send.note_sent(current)
    current.refresh_from_db()
    assert (current.state, current.leased_until) == (BatchState.SENT, None)


def test_a_batch_that_another_worker_has_is_not_claimed(batch: Batch) -> None:
    assert send.claim_unsent() == []


@pytest.mark.parametrize("problem", [TransportDown("down"), CredentialsRefused("client")])
def test_a_batch_waits_for_the_link_without_end(batch: Batch, problem: Exception) -> None:
    for _ in range(20):
        send.note_failed(batch, problem)  # type: ignore[arg-type]
        batch.refresh_from_db()
        assert batch.state == BatchState.READY
        Batch.objects.update(due_at=batch.created_at)
        (batch,) = send.claim_unsent()
    assert batch.attempts == 21


def test_a_batch_whose_workers_die_is_never_given_up(batch: Batch) -> None:
    for _ in range(12):
        reporting.end_leases()
        assert [b.pk for b in send.claim_unsent()] == [batch.pk]


def test_a_released_batch_has_not_used_an_attempt(batch: Batch) -> None:
    send.release(batch)
    (again,) = send.claim_unsent()
    assert (again.pk, again.attempts) == (batch.pk, 1)


def test_a_refused_batch_is_parked_and_its_records_wait_for_the_province(batch: Batch) -> None:
    send.note_failed(batch, TransportRefused("schema", "批次格式不符"))
    batch.refresh_from_db()
    assert (batch.state, batch.problem) == (
        BatchState.PARKED,
        "全国系统拒绝了这一批次，请省级查明原因。（schema: 批次格式不符）",
    )
    rows = set(Entry.objects.values_list("state", "owner"))
    assert rows == {(EntryState.PARKED, Owner.PROVINCE)}
    assert jobs.figures(BATCHES).parked == 1


def test_a_parked_batch_that_is_retried_sends_what_was_not_changed_since(
    batch: Batch, graduate: Graduate
) -> None:
    send.note_failed(batch, TransportRefused("schema"))
    destination = factories.destination_of(graduate)
    destination.unit_name = "改名有限公司"
    destination.save()
    assert retry_parked(kind="batches", by=None) == 1
    batch.refresh_from_db()
    assert (batch.state, batch.parked_at) == (BatchState.READY, None)
    assert reporting.states(graduate) == {"origin": "sent", "destination": "waiting"}
    assert [b.pk for b in send.claim_unsent()] == [batch.pk]


def test_the_database_refuses_a_lease_without_sending(batch: Batch) -> None:
    with (
        pytest.raises(IntegrityError, match="national_batch_leased_while_sending"),
        transaction.atomic(),
    ):
        Batch.objects.update(state=BatchState.SENT)
