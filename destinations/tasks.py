from celery import shared_task

from destinations.actions import imports


@shared_task
def check_import(import_id: int) -> None:
    imports.check(import_id)


@shared_task
def apply_import(import_id: int) -> None:
    imports.apply(import_id)


@shared_task
def sweep_imports() -> None:
    imports.sweep()
