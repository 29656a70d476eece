"""Celery tasks of this app."""

from celery import shared_task

from graduates.actions import archive_imports, roster


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


@shared_task
def check_archive_import(import_id: int) -> None:
    archive_imports.check(import_id)


@shared_task
def apply_archive_import(import_id: int) -> None:
    archive_imports.apply(import_id)


@shared_task
def sweep_archive_imports() -> None:
    """As `sweep_imports`, for workbooks of archive transfers."""
    archive_imports.run_overdue()
