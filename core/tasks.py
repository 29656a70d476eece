from celery import shared_task

from core import outbox
from core.files.sweeps import sweep_orphans, sweep_strays


@shared_task
def sweep_files() -> None:
    sweep_orphans()
    sweep_strays()


@shared_task
def send_outbox() -> None:
    outbox.send_due()
