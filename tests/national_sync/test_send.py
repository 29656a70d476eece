"""Only the worker that holds the claim of a batch may write how sending it went."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from national_sync.actions import send
from national_sync.actions.claim import claim
from national_sync.mapping import Mapped, load_simulated
from national_sync.models import Batch, Entry
from national_sync.states import BatchState, EntryState
from national_sync.transport.base import TransportDown, TransportRefused
from tests.factories import World
from tests.national_sync import reporting

pytestmark = pytest.mark.django_db


@pytest.fixture
def stale(world: World) -> Batch:
    """A batch as the worker knows it whose claim ran out and was taken over by another worker."""
    load_simulated()
    reporting.approved(world)
    batch = claim(Mapped.load(simulated=True)).batch
    assert batch is not None
    batch.claimed_at = timezone.now() - 2 * send.LEASE
    batch.save()
    (taken_over,) = send.take_over()
    assert taken_over.pk == batch.pk
    return batch


WRITES: dict[str, Callable[[Batch], None]] = {
    "sent": send.note_sent,
    "link down": lambda batch: send.note_failed(batch, TransportDown("down")),
    "refused": lambda batch: send.note_failed(batch, TransportRefused("refused")),
    "released": send.release,
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_worker_whose_claim_was_taken_over_writes_nothing(
    stale: Batch, write: Callable[[Batch], None]
) -> None:
    before = Batch.objects.filter(pk=stale.pk).values().get()
    write(stale)
    assert Batch.objects.filter(pk=stale.pk).values().get() == before
    assert set(Entry.objects.values_list("state", flat=True)) == {EntryState.SENT}


def test_the_worker_that_took_over_writes(stale: Batch) -> None:
    new_claim = Batch.objects.get(pk=stale.pk)
    send.note_sent(new_claim)
    new_claim.refresh_from_db()
    assert (new_claim.state, new_claim.claimed_at) == (BatchState.SENT, None)
