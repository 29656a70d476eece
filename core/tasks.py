from celery import shared_task

from core.files import sweep_orphans


@shared_task
def sweep_files() -> None:
    sweep_orphans()
