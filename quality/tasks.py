from celery import shared_task

from quality.actions import prints, runs


@shared_task(time_limit=4 * 3600)
def do_run(run_id: int) -> None:
    runs.do(run_id)


@shared_task(time_limit=4 * 3600)
def sweep_runs() -> None:
    """Do the runs whose message was lost or whose worker died."""
    for run_id in runs.overdue():
        runs.do(run_id)


@shared_task(time_limit=3600)
def sweep_prints() -> None:
    prints.sweep()


@shared_task
def delete_stray_prints() -> None:
    prints.delete_stray()
