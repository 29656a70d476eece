"""Two people upload the same results, or give the file up, at the same moment: there is one
effect."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from core.errors import DomainError
from national_sync.actions import by_file, send
from national_sync.mapping import load_simulated
from national_sync.models import Batch, Entry, NationalCode
from national_sync.transport.answers import write_results
from national_sync.transport.base import Result
from tests import factories
from tests.factories import World
from tests.national_sync import reporting
from tests.removal import committed


@pytest.fixture
def filed(
    django_db_blocker: Any, django_db_setup: None, settings: Any
) -> Iterator[tuple[World, Batch]]:
    """A school's file, committed."""
    settings.NATIONAL_URL, settings.NATIONAL_CLIENT = "http://127.0.0.1:9", "34-test"
    settings.NATIONAL_SECRET = "secret-of-a-test"
    with django_db_blocker.unblock(), committed() as schools:
        world = factories.make_world()
        schools.append(world.school)
        load_simulated()
        for _ in range(3):
            reporting.approved(world)
        batch = by_file.make(school=world.school, by=world.school_admin, layout_name="old74")
        yield world, batch
        Batch.objects.filter(pk=batch.pk).delete()
        Entry.objects.filter(school=world.school).delete()
        NationalCode.objects.filter(simulated=True).delete()


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each call returned, or the code with which it was refused."""
    gate, said = threading.Barrier(len(acts)), []

    def run(act: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout=10)
            said.append(act())
        except DomainError as refusal:
            said.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return said


def results(batch: Batch) -> bytes:
    going = send.outgoing_batch(batch)
    return write_results(
        [Result(going.id, line.id, line.version, "accepted") for line in going.lines], going
    )


def test_two_people_receive_at_once(filed: tuple[World, Batch]) -> None:
    world, batch = filed
    content, by = results(batch), world.school_admin

    def receive() -> int:
        return by_file.receive(batch=batch, content=content, by=by).answered

    assert sorted(at_once(receive, receive)) == [0, 6]
    batch.refresh_from_db()
    assert (batch.state, batch.answered, batch.accepted) == ("done", 6, 6)


def test_received_and_given_up_at_once(filed: tuple[World, Batch]) -> None:
    world, batch = filed
    content, by = results(batch), world.school_admin
    said = at_once(
        lambda: by_file.receive(batch=batch, content=content, by=by).answered,
        lambda: by_file.give_up(batch=batch, by=by),
    )
    states = set(Entry.objects.filter(school=world.school).values_list("state", flat=True))
    if "given_up" in said:
        assert (states, 6 in said) == ({"waiting"}, True)
    else:
        assert (states, set(said)) == ({"accepted"}, {6, "closed"})
