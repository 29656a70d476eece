from celery import shared_task

from national_sync.actions import compare, start
from national_sync.connection import is_configured


@shared_task
def upload_changes(seconds: int = 240) -> None:
    """Every few minutes: send what changed and what an earlier run left unsent."""
    if is_configured():
        start.start_run(seconds=seconds)


@shared_task(time_limit=7 * 3600)
def upload_everything() -> None:
    """At night: send everything outstanding, however long it takes."""
    upload_changes(6 * 3600)


@shared_task(time_limit=7200)
def run_comparison(comparison_id: int) -> None:
    compare.run(comparison_id)


@shared_task(time_limit=7200)
def sweep_comparisons() -> None:
    """Run the comparisons whose message was lost or whose worker died."""
    for comparison_id in compare.overdue():
        compare.run(comparison_id)
