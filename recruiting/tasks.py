"""Celery tasks of recruiting. The periodic ones are scheduled in `contributions.py`."""

from celery import shared_task

from recruiting.actions import (
    applications,
    booths,
    fairs,
    figures,
    interviews,
    posting_imports,
    postings,
    recommendation_prints,
    recommendations,
    sanctions,
    talks,
    verifications,
)


@shared_task
def expire_postings() -> None:
    postings.expire_due()
    postings.hold_unconfirmed()
    sanctions.release_lapsed()


@shared_task
def expire_interviews() -> None:
    interviews.expire_due()


@shared_task
def move_fairs() -> None:
    """Begin and end fairs and talks at their times, and offer booths that are free to the next ones."""
    talks.expire_due()
    fairs.move_due()
    booths.lapse_due()
    booths.fill_due()


@shared_task
def end_applications() -> None:
    """End the applications that the unit left without an answer, and erase the résumés of those that
    ended a year ago."""
    applications.lapse_due()
    applications.erase_old()
    figures.compute_unit_figures()


@shared_task
def remind_recruiters() -> None:
    verifications.remind_and_end()


@shared_task
def end_recommendations() -> None:
    recommendations.void_ended()


@shared_task
def make_recommendation_prints() -> None:
    recommendation_prints.make_waiting()


@shared_task
def sweep_recommendation_prints() -> None:
    if recommendation_prints.sweep():
        make_recommendation_prints.delay()


@shared_task
def check_posting_import(import_id: int) -> None:
    posting_imports.check(import_id)


@shared_task
def apply_posting_import(import_id: int) -> None:
    posting_imports.apply(import_id)


@shared_task
def sweep_posting_imports() -> None:
    """Continue imports whose message was lost or whose worker died; delete old ones."""
    posting_imports.run_overdue()
    posting_imports.delete_old()
