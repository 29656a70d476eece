"""Celery tasks of notices. The periodic one is scheduled in `contributions.py`."""

from celery import shared_task

from notices.actions import notices


@shared_task
def expire_notices() -> None:
    notices.expire_due()
