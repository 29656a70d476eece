"""Telling a worker that rows wait for it."""

from __future__ import annotations

from typing import Any

import celery
import kombu.exceptions
import redis
from celery import current_app
from django.db import transaction

from core import outage

# What sending raises while Valkey is away, full or a replica.
_BROKER_ERRORS = (kombu.exceptions.OperationalError, redis.RedisError)


def wake(task: str, *args: Any) -> None:
    """Ask a worker to run the Celery task named `task` once the transaction is committed.

    The message is only a hint: work lives in rows, and a sweep finds what a lost message left.
    """
    transaction.on_commit(lambda: _send(task, args), robust=True)


def _send(task: str, args: tuple[Any, ...]) -> None:
    try:
        current_app.send_task(task, args)
    except _BROKER_ERRORS as error:
        outage.note("valkey", error)


class HintTask(celery.Task):
    """The class of all tasks: a message that cannot be sent is dropped. What was committed stays
    committed, the page answers, and a sweep finds the row."""

    abstract = True

    def apply_async(self, *args: Any, **options: Any) -> Any:
        try:
            return super().apply_async(*args, **options)
        except _BROKER_ERRORS as error:
            outage.note("valkey", error)
            return None
