"""Celery tasks of this app."""

from celery import shared_task

from destinations.actions import dispute, final, imports


@shared_task
def check_import(import_id: int) -> None:
    imports.check(import_id)


@shared_task
def apply_import(import_id: int) -> None:
    imports.apply(import_id)


@shared_task
def sweep_imports() -> None:
    """Continue imports whose Celery message was lost or whose worker died."""
    imports.run_overdue()


@shared_task
def escalate_disputes() -> None:
    """Pass disputes to the province that schools did not settle in time."""
    dispute.escalate_overdue()


@shared_task
def lapse_finals() -> None:
    """Let final confirmations lapse whose graduate's data have changed since."""
    final.lapse_changed()
