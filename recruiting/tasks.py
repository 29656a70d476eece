"""Celery tasks of recruiting. The periodic ones are scheduled in `contributions.py`."""

from celery import shared_task

from recruiting.actions import postings


@shared_task
def expire_postings() -> None:
    postings.expire_due()
    postings.hold_unconfirmed()
