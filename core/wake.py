"""Telling a worker that rows wait for it."""

from __future__ import annotations

from typing import Any

from celery import current_app
from django.db import transaction


def wake(task: str, *args: Any) -> None:
    """Ask a worker to run the Celery task named `task` once the transaction is committed.

    The message is only a hint: work lives in rows, and a sweep finds what a lost message left.
    """
    transaction.on_commit(lambda: current_app.send_task(task, args), robust=True)
