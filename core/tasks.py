from celery import shared_task

from core import audit_chain, invariants, outbox
from core.files.sweeps import sweep_orphans, sweep_strays


@shared_task
def sweep_files() -> None:
    sweep_orphans()
    sweep_strays()


@shared_task
def send_outbox() -> None:
    outbox.send_due()


@shared_task
def extend_audit_chain() -> None:
    audit_chain.extend()


@shared_task
def anchor_audit_chain() -> None:
    audit_chain.anchor()


@shared_task
def check_invariants() -> None:
    invariants.check_and_keep()
