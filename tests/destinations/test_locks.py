"""The order of locks: first the graduate, then the destination."""

from __future__ import annotations

import os
import threading
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connections, transaction
from django.db.transaction import TransactionManagementError

from destinations.actions.base import lock
from destinations.models import Destination
from tests import factories
from tests.factories import World


def test_the_graduate_is_locked_before_the_destination(committed_world: World) -> None:
    """In another order two transactions could each hold the row that the other waits for."""
    graduate = factories.make_graduate(committed_world)
    waiting = threading.Event()

    def second() -> None:
        with transaction.atomic():
            waiting.set()
            lock(graduate.pk)
        connections.close_all()

    thread = threading.Thread(target=second)
    with second_connection() as other, transaction.atomic():
        Destination.objects.select_for_update(no_key=True).get(pk=graduate.pk)
        thread.start()
        waiting.wait(10)
        for _ in range(100):
            if is_locked(other, graduate.pk):
                break
            thread.join(0.05)
        else:
            pytest.fail("the graduate was never locked")
        assert thread.is_alive()
    thread.join(10)
    assert not thread.is_alive()


def second_connection() -> psycopg.Connection:
    """A second connection, on which every statement is a transaction of its own."""
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(
        path=f"/{connections['default'].settings_dict['NAME']}"
    )
    return psycopg.connect(url.geturl(), autocommit=True)


def is_locked(other: psycopg.Connection, graduate_id: int) -> bool:
    try:
        other.execute(
            "SELECT 1 FROM graduates_graduate WHERE id = %s FOR NO KEY UPDATE NOWAIT",
            [graduate_id],
        )
    except psycopg.errors.LockNotAvailable:
        return True
    return False


@pytest.mark.django_db(transaction=False)
def test_rows_can_only_be_locked_inside_a_transaction(
    monkeypatch: pytest.MonkeyPatch, django_db_blocker: Any
) -> None:
    graduate = factories.make_graduate(factories.make_world())
    lock(graduate.pk)
    monkeypatch.setattr(connections["default"], "in_atomic_block", False)
    with pytest.raises(TransactionManagementError):
        lock(graduate.pk)
    monkeypatch.undo()
