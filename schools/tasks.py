"""Celery tasks of schools. The periodic ones are scheduled in `contributions.py`."""

from celery import shared_task

from schools.actions import bulk


@shared_task
def run_bulk_jobs() -> None:
    bulk.run_waiting()


@shared_task
def sweep_bulk_jobs() -> None:
    if bulk.sweep():
        run_bulk_jobs.delay()
