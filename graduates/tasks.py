"""Celery tasks of this app."""

from celery import shared_task

from graduates.actions import roster


@shared_task
def check_import(import_id: int) -> None:
    roster.check(import_id)


@shared_task
def apply_import(import_id: int) -> None:
    roster.apply(import_id)


@shared_task
def sweep_imports() -> None:
    """Continue imports whose Celery message was lost or whose worker died."""
    roster.run_overdue()
