"""Celery tasks of surveys. The periodic ones are scheduled in `contributions.py`."""

from celery import shared_task

from surveys.actions import answers, invitations, surveys


@shared_task
def move_surveys() -> None:
    """Open, close and archive surveys at their times; post links; collect answers."""
    surveys.move_due()
    invitations.post_links()
    answers.collect_due()


@shared_task
def remind_of_surveys() -> None:
    """Note which mails came back, and remind who has not answered."""
    invitations.note_bounces()
    invitations.remind_due()
