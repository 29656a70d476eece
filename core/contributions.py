"""What core contributes to the frame."""

from collections.abc import Iterator
from datetime import timedelta

from celery.schedules import crontab
from django.utils import timezone

from core import audit_chain, frame, outbox
from core.files import checks
from core.frame import Contributions, PeriodicTask
from core.invariants import Invariant
from core.models import Event, InvariantCheck


def stuck_jobs() -> Iterator[str]:
    """Jobs whose lease ran out an hour ago and that nobody took over, and parked ones that don't say
    why."""
    before = timezone.now() - timedelta(hours=1)
    for kind in frame.job_kinds():
        rows = kind.rows()
        for pk in rows.filter(leased_until__lt=before).values_list("pk", flat=True):
            yield f"{kind.label}{pk}无人处理"
        for pk in rows.filter(parked_at__isnull=False, problem="").values_list("pk", flat=True):
            yield f"{kind.label}{pk}没有原因"


def broken_invariants() -> dict[str, float]:
    """How many invariants the newest check found broken, and its age in seconds."""
    newest = InvariantCheck.objects.order_by("-started_at").first()
    if newest is None:
        return {"invariants_broken": 0}
    age = (timezone.now() - newest.started_at).total_seconds()
    return {"invariants_broken": len(newest.problems), "invariants_age": round(age)}


CONTRIBUTIONS = Contributions(
    jobs=(outbox.MESSAGES,),
    periodic_tasks=(
        PeriodicTask("send-outbox", "core.tasks.send_outbox", 60.0),
        PeriodicTask("sweep-files", "core.tasks.sweep_files", 3600.0),
        PeriodicTask("extend-audit-chain", "core.tasks.extend_audit_chain", 300.0),
        PeriodicTask(
            "anchor-audit-chain", "core.tasks.anchor_audit_chain", crontab(hour="0", minute="20,50")
        ),
        PeriodicTask(
            "check-invariants", "core.tasks.check_invariants", crontab(hour="4", minute="10")
        ),
    ),
    metrics=(broken_invariants,),
    event_tables=(Event,),
    invariants=(
        Invariant("files_present", "每个登记的文件都在存储中。", checks.missing_files),
        Invariant("files_unchanged", "文件内容与登记时一致。", checks.some_changed_files),
        Invariant("jobs_cared_for", "后台任务都有人处理，搁置的都有原因。", stuck_jobs),
        Invariant("events_chained", "操作记录未被改动、删除或插入。", audit_chain.faults),
    ),
)
