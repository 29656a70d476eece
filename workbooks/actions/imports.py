"""Importing a workbook: it is uploaded, checked, previewed, confirmed and applied.

Checking and applying are leased jobs (`core.jobs`): a worker leases the import's row, and a sweep
finds imports whose message was lost or whose worker died. A step may be repeated. The audit trail
names each step after the app of the import, as in `graduates.import_upload`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, files, jobs, spreadsheets
from core.audit import Actor
from core.errors import DomainError, Refused
from core.jobs import JobKind
from core.models import StoredFile
from schools.models import School
from workbooks.models import WorkbookImport
from workbooks.states import ImportState
from workbooks.steps import IMPORT

M = TypeVar("M", bound=WorkbookImport)
# Does one step, checking or applying, of the import with this primary key.
ImportStep = Callable[[int], Any]
_FINISHED: dict[str, str] = {
    ImportState.CHECKING: ImportState.PREVIEWED,
    ImportState.APPLYING: ImportState.DONE,
}
_ENDS = (ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED)


def import_kind(model: type[M], *, name: str, label: str, task: str) -> JobKind[M]:
    """The job kind of one model of imports. `name` is also the purpose its files are stored for,
    `task` the Celery task that finds imports nobody works on."""
    return JobKind(
        name=name,
        label=label,
        model=model,
        phases={
            ImportState.UPLOADED: ImportState.CHECKING,
            ImportState.CONFIRMED: ImportState.APPLYING,
        },
        finished=_FINISHED,
        parked=ImportState.FAILED,
        owner="运维人员",
        task=task,
        on_parked=_set_end,
    )


def _set_end(imported: WorkbookImport) -> None:
    imported.progress, imported.finished_at = 100, timezone.now()
    imported.save(update_fields=["progress", "finished_at"])


def upload(
    kind: JobKind[M],
    *,
    content: bytes,
    name: str,
    by: User | Actor | None,
    school: School | None = None,
    **values: Any,
) -> M:
    """Store the workbook and add the import's row. The caller starts the check after the commit."""
    with transaction.atomic():
        school_id = school.pk if school else None
        file = store(kind, content, name=name, school_id=school_id, by_id=Actor.of(by).id)
        if school is not None:
            values["school"] = school
        person = by if isinstance(by, User) else None
        uploaded = kind.rows().create(file=file, by=person, **values)
        _record("upload", uploaded, by, label=name)
    return uploaded


def store(
    kind: JobKind[M],
    content: bytes,
    *,
    name: str,
    school_id: int | None,
    by_id: int | None = None,
) -> StoredFile:
    """Store the uploaded workbook, or the one with marked cells."""
    return files.store(
        content,
        name=name,
        content_type=spreadsheets.CONTENT_TYPE,
        purpose=kind.name,
        school_id=school_id,
        by_id=by_id,
    )


@contextmanager
def checking(kind: JobKind[M], import_id: int) -> Iterator[M | None]:
    """Lease the import for its check. Gives None if there is nothing to do, or another worker has it.

    If the workbook is refused as a whole, the import fails with the sentence of the refusal. If the
    lease is lost, the block ends and changes nothing, because another worker has taken over.
    """
    yield from _leased(kind, import_id, ImportState.UPLOADED)


@contextmanager
def applying(kind: JobKind[M], import_id: int) -> Iterator[M | None]:
    """As `checking`, for the writing of what was confirmed."""
    yield from _leased(kind, import_id, ImportState.CONFIRMED)


def _leased(kind: JobKind[M], import_id: int, waiting: ImportState) -> Iterator[M | None]:
    claimed = jobs.claim(kind, pk=import_id, waiting=waiting, related=("file", "by"))
    leased = claimed[0] if claimed else None
    try:
        if leased is not None:
            jobs.renew(kind, leased, progress=5)
        yield leased
    except jobs.LeaseLost:
        pass
    except DomainError as refusal:
        if leased is None:
            raise
        finish(leased, ImportState.FAILED, problem=refusal.message)


def progress(kind: JobKind[M], leased: M, percent: int, **values: Any) -> None:
    """Save how far the import is, and renew the lease. Raises `jobs.LeaseLost`."""
    jobs.renew(kind, leased, progress=percent, **values)


def finish(leased: WorkbookImport, state: str, *, problem: str = "") -> None:
    """End the step: save `state` and everything that was set on the row. Raises `jobs.LeaseLost`."""
    if state not in (_FINISHED[leased.state], ImportState.FAILED):
        raise ValueError(f"{leased.state} does not lead to {state}")
    with jobs.writing(leased):
        leased.state, leased.problem, leased.progress = state, problem[:300], 100
        leased.finished_at = timezone.now() if state in _ENDS else None
        leased.leased_until = None
        leased.save()


def confirm(previewed: WorkbookImport, *, by: User | Actor) -> None:
    """Confirm a previewed import. The caller starts the applying after the commit."""
    with transaction.atomic():
        row = _locked(previewed)
        if row.state in (ImportState.CONFIRMED, ImportState.APPLYING, ImportState.DONE):
            return  # a double click changes nothing
        if not IMPORT.allows("confirm", row.state):
            raise Refused("import_state", f"此次导入{row.get_state_display()}，不能确认。")
        row.state, row.attempts, row.due_at = ImportState.CONFIRMED, 0, timezone.now()
        row.save(update_fields=["state", "attempts", "due_at"])
        _record("confirm", row, by, data=row.counts)


def cancel(unfinished: WorkbookImport, *, by: User | Actor) -> None:
    """Cancel an import that no worker has leased."""
    with transaction.atomic():
        row = _locked(unfinished)
        if not IMPORT.allows("cancel", row.state):
            raise Refused("import_state", f"此次导入{row.get_state_display()}，不能取消。")
        row.state, row.finished_at, row.parked_at = ImportState.CANCELLED, timezone.now(), None
        row.save(update_fields=["state", "finished_at", "parked_at"])
        _record("cancel", row, by)


def done(leased: WorkbookImport, *, by: User | Actor | None) -> None:
    """End an import that was applied, and log it. Raises `jobs.LeaseLost`."""
    with transaction.atomic():
        finish(leased, ImportState.DONE)
        _record("done", leased, by, data=leased.counts)


def run_overdue(kind: JobKind[M], *, check: ImportStep, apply: ImportStep) -> None:
    """Do the next step of imports whose message was lost or whose worker died."""
    steps = {ImportState.UPLOADED: check, ImportState.CONFIRMED: apply}
    for import_id, waiting in jobs.overdue(kind):
        steps[ImportState(waiting)](import_id)


def _locked(row: M) -> M:
    return type(row)._default_manager.select_for_update().get(pk=row.pk)


def _record(step: str, row: WorkbookImport, by: User | Actor | None, **more: Any) -> None:
    audit.record(f"{row._meta.app_label}.import_{step}", by=by, obj=row, **more)
