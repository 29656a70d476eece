"""One action on every row that a list shows: the rows are frozen, and a job answers them one by one."""

from __future__ import annotations

import datetime
from typing import Any

import structlog
from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.models import User
from core import audit, frame, jobs
from core.errors import DomainError, NotPermitted, Refused
from core.frame import BulkAction
from core.jobs import JobKind
from core.lists.page import ListPage
from core.wake import wake
from schools.models import BulkJob, BulkRow, BulkState
from schools.scope import staff_of

_RUN = "schools.tasks.run_bulk_jobs"
BULK_JOBS = JobKind(
    name="bulk_jobs",
    label="批量办理",
    model=BulkJob,
    phases={BulkState.WAITING: BulkState.RUNNING},
    finished={BulkState.RUNNING: BulkState.DONE},
    parked=BulkState.PARKED,
    owner="运维人员",
    task=_RUN,
    most_attempts=5,
    interrupted="办理时进程多次中断，未办理的记录请重新选择。",
)
MOST_ROWS = 20_000
_MOST_WAITING = 3  # of one person, so that a script does not fill the queue
_CHUNK = 20
_KEPT_FOR = datetime.timedelta(days=30)
_OUT_OF_SCOPE = "不在您的管理范围内，或已不存在，没有办理。"
_FAULT = "办理时出错，没有办理。请单独打开这条记录办理，仍有问题请联系运维人员。"
_log = structlog.get_logger(__name__)


def rows_of(page: ListPage, action: BulkAction) -> QuerySet[Any]:
    """The rows that a list shows and the action is about, in the list's order or the action's own.
    Raises `Refused` if they are too many or none."""
    rows, _ = page.filtered()
    order = page.order()
    found = action.rows(rows.order_by(*[f"-{f}" if order.descending else f for f in order.fields]))
    count = found.values("pk")[: MOST_ROWS + 1].count()
    if count > MOST_ROWS:
        raise Refused("too_many", f"一次最多办理{MOST_ROWS}条，请缩小筛选范围分次办理。")
    if not count:
        raise Refused("none", "列表中没有记录可以这样办理，请返回调整筛选条件。")
    return found


def start(
    *, page: ListPage, action: BulkAction, expected: int, came_from: str, reason: str, by: User
) -> BulkJob:
    """Freeze the rows that the list shows now and let a job do `action` with each of them. `expected`
    is the number that the person confirmed. Raises `Refused` if it has changed."""
    staff = staff_of(by)
    if staff is None or not action.open_to(by):
        raise NotPermitted("bulk", "您没有办理此事项的权限。")
    if action.asks_reason and not reason:
        raise Refused("reason", f"请填写{action.reason_label}。")
    action.check(reason)
    fields = ("pk", action.version) if action.version else ("pk",)
    frozen = list(rows_of(page, action).values_list(*fields))
    if len(frozen) != expected:
        raise Refused("changed", f"列表中现在有{len(frozen)}条，请核对后再确认。")
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        if BulkJob.objects.filter(by=by, state__in=list(BULK_JOBS.phases)).count() >= _MOST_WAITING:
            raise Refused("waiting", "您还有批量办理没有开始，请稍后再试。")
        job = BulkJob.objects.create(
            by=by, school_id=staff.school_id, action=action.key, came_from=came_from,
            reason=reason, total=len(frozen),
        )  # fmt: skip
        BulkRow.objects.bulk_create(
            (
                BulkRow(job=job, target=row[0], version=row[1] if action.version else 0)
                for row in frozen
            ),
            batch_size=1000,
        )
        audit.record(
            "schools.bulk", by=by, obj=job, data={"action": action.key, "rows": len(frozen)}
        )
        wake(_RUN)
    return job


def run_waiting(*, most: int = 20) -> int:
    """Work off up to `most` jobs that wait; returns how many were finished."""
    count = 0
    for _ in range(most):
        claimed = jobs.claim(BULK_JOBS)
        if not claimed:
            break
        count += run(claimed[0])
    return count


def run(job: BulkJob) -> bool:
    """Answer the rows of a claimed job that have no answer yet; returns whether all have one. Each row
    is done and answered in one transaction, so a job that is taken up again goes on with the next."""
    action = frame.bulk_actions()[job.action]
    try:
        while rows := list(job.rows.filter(done=None).order_by("pk")[:_CHUNK]):
            # Read anew, so that rights that were withdrawn meanwhile no longer count.
            by = User.objects.get(pk=job.by_id)
            for row in rows:
                with jobs.writing(job):
                    row.done, row.label, row.message = _answer(action, row, by, job.reason)
                    row.save(update_fields=["done", "label", "message"])
            left = job.rows.filter(done=None).count()
            jobs.renew(BULK_JOBS, job, progress=round(100 * (job.total - left) / job.total))
        with jobs.writing(job):
            jobs.finish(job, BulkState.DONE, progress=100, problem="")
        return True
    except jobs.LeaseLost:
        return False


def _answer(action: BulkAction, row: BulkRow, by: User, reason: str) -> tuple[bool, str, str]:
    if not by.is_active or not action.open_to(by):
        return False, "", "您已没有办理此事项的权限，没有办理。"
    try:
        with transaction.atomic():
            found = action.run(row.target, row.version, by, reason)
    except DomainError as refusal:
        return False, "", refusal.message
    except DatabaseError:
        raise  # the database is away: another attempt goes on with this row
    except Exception:
        _log.exception("bulk_row_failed", job=row.job_id, row=row.target)
        return False, "", _FAULT
    if found is None:
        return False, "", _OUT_OF_SCOPE
    done, label, message = found
    return done, label[:120], message[:500]


def sweep() -> bool:
    """Delete the jobs of a month ago; returns whether jobs wait to be worked off."""
    old = BulkJob.objects.filter(created_at__lt=Now() - _KEPT_FOR)
    for job in old.exclude(state__in=BULK_JOBS.running)[:50]:
        job.delete()
    return bool(jobs.overdue(BULK_JOBS, delivery=datetime.timedelta(0)))
