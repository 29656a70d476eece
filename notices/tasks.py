"""Celery tasks of notices and reminders. The periodic ones are scheduled in `contributions.py`."""

from celery import shared_task

from notices.actions import notices, reminder_results, reminders


@shared_task
def expire_notices() -> None:
    notices.expire_due()


@shared_task
def run_reminders() -> None:
    reminders.run_waiting()


@shared_task
def sweep_reminders() -> None:
    """Send the reminders whose message to the worker was lost."""
    if reminders.sweep():
        reminders.run_waiting()


@shared_task
def send_reminder_texts() -> None:
    reminder_results.send_due_texts()


@shared_task
def count_reminders() -> None:
    reminder_results.count_lately_sent()
