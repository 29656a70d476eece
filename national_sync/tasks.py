from celery import shared_task

from national_sync.actions import night
from national_sync.connection import is_configured


@shared_task
def upload_changes(seconds: int = 240) -> None:
    """Every few minutes: what changed, and what an earlier run left behind."""
    if is_configured():
        night.run(seconds=seconds)


@shared_task(time_limit=7 * 3600)
def upload_everything() -> None:
    """At night: all that is outstanding, however long it takes."""
    upload_changes(6 * 3600)
