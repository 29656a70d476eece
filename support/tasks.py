"""Celery tasks of 困难群体帮扶. The periodic one is scheduled in `contributions.py`."""

from celery import shared_task

from support.actions import group_imports


@shared_task
def check_group_import(import_id: int) -> None:
    group_imports.check(import_id)


@shared_task
def apply_group_import(import_id: int) -> None:
    group_imports.apply(import_id)


@shared_task
def sweep_group_imports() -> None:
    """Do the next step of imports whose message was lost or whose worker died."""
    group_imports.run_overdue()
