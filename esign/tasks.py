"""Celery tasks of e-signing. The periodic ones are scheduled in `contributions.py`."""

from celery import shared_task

from esign.actions import (
    conclude,
    consent,
    documents,
    imports,
    invite,
    reading,
    reminders,
    scan_print,
)


@shared_task
def make_documents() -> None:
    documents.make_waiting()


@shared_task
def sweep_documents() -> None:
    if documents.sweep():
        make_documents.delay()


@shared_task
def expire_invitations() -> None:
    invite.expire_due()


@shared_task
def forward_consents() -> None:
    consent.forward_due()


@shared_task
def tell_schools_of_silence() -> None:
    conclude.tell_schools_of_silence()


@shared_task
def remind_ending() -> None:
    reminders.remind_ending()


@shared_task
def tell_old_numbers() -> None:
    reminders.tell_old_numbers()


@shared_task
def sweep_tickets() -> None:
    scan_print.delete_old_tickets()
    reading.drop_old_drawings()


@shared_task
def check_import(import_id: int) -> None:
    imports.check(import_id)


@shared_task
def apply_import(import_id: int) -> None:
    imports.apply(import_id)


@shared_task
def sweep_imports() -> None:
    """Continue imports whose message was lost or whose worker died; delete old ones."""
    imports.run_overdue()
    imports.delete_old()
