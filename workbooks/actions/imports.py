"""What every import of a workbook shares: a row that moves, uploaded → checked → previewed →
confirmed → done.

The work runs in a Celery task or in a command; the row is the truth and a lost message is found
again by the sweep. Repeating a step is harmless. The trail names a step by the app of its row.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, files, spreadsheets
from core.audit import Actor
from core.errors import Refused
from core.models import StoredFile
from schools.models import School
from workbooks.models import WorkbookImport
from workbooks.states import ImportState

M = TypeVar("M", bound=WorkbookImport)
Step = Callable[[int], Any]
MOST_ATTEMPTS = 3
# A run that gives no sign of life for so long is dead; a message may be on its way for so long.
_SILENCE, _DELIVERY = timedelta(minutes=5), timedelta(seconds=60)
_BEFORE = {
    ImportState.CHECKING: ImportState.UPLOADED,
    ImportState.APPLYING: ImportState.CONFIRMED,
}
_ENDS = (ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED)


def upload(
    model: type[M],
    *,
    content: bytes,
    name: str,
    by: User | Actor | None,
    school: School | None = None,
    **values: Any,
) -> M:
    """Keep the workbook and make the import row. The caller starts the check after commit."""
    file = store(content, name=name, school_id=school.pk if school else None, by_id=Actor.of(by).id)
    if school is not None:
        values["school"] = school
    with transaction.atomic():
        person = by if isinstance(by, User) else None
        made = model._default_manager.create(file=file, by=person, **values)
        _record("upload", made, by, label=name)
    return made


def store(
    content: bytes, *, name: str, school_id: int | None, by_id: int | None = None
) -> StoredFile:
    """A workbook as it came in, or with the refused cells marked."""
    return files.store(
        content,
        name=name,
        content_type=spreadsheets.CONTENT_TYPE,
        purpose="roster",
        school_id=school_id,
        by_id=by_id,
    )


def start(model: type[M], import_id: int, running: str) -> M | None:
    """Take the row for this run; None when another run holds it or there is nothing to do."""
    with transaction.atomic():
        made = (
            model._default_manager.select_for_update(skip_locked=True, of=("self",))
            .select_related("file", "by")
            .filter(pk=import_id, state__in=(_BEFORE[ImportState(running)], running))
            .first()
        )
        if made is None or (made.state == running and not _is_silent(made)):
            return None
        made.attempts += 1
        if made.attempts > MOST_ATTEMPTS:
            finish(made, ImportState.FAILED, problem="多次尝试未能完成, 请联系运维人员。")
            return None
        made.state, made.progress, made.heartbeat_at = running, 5, timezone.now()
        made.save()
    return made


def progress(made: WorkbookImport, percent: int, **more: Any) -> None:
    """Shown on the page while it runs; also the sign of life."""
    rows = type(made)._default_manager.filter(pk=made.pk)
    rows.update(progress=percent, heartbeat_at=timezone.now(), **more)


def is_held(made: WorkbookImport) -> bool:
    """Lock the row: does this run still have it? What seemed dead is taken over by another."""
    rows = type(made)._default_manager.select_for_update()
    return rows.filter(pk=made.pk, state=made.state, attempts=made.attempts).first() is not None


def finish(made: WorkbookImport, state: str, *, problem: str = "") -> None:
    made.state, made.problem, made.progress = state, problem, 100
    made.finished_at = timezone.now() if state in _ENDS else None
    made.save()


def confirm(made: WorkbookImport, *, by: User | Actor) -> None:
    """The person who looked at the preview says yes. The caller starts the apply after commit."""
    with transaction.atomic():
        row = _locked(made)
        if row.state in (ImportState.CONFIRMED, ImportState.APPLYING, ImportState.DONE):
            return  # a double click changes nothing
        if row.state != ImportState.PREVIEWED:
            raise Refused("import_state", f"此次导入{row.get_state_display()}, 不能确认。")
        row.state, row.attempts = ImportState.CONFIRMED, 0
        row.save(update_fields=["state", "attempts"])
        _record("confirm", row, by, data=row.counts)


def cancel(made: WorkbookImport, *, by: User | Actor) -> None:
    with transaction.atomic():
        row = _locked(made)
        if row.state not in (ImportState.UPLOADED, ImportState.PREVIEWED, ImportState.FAILED):
            raise Refused("import_state", f"此次导入{row.get_state_display()}, 不能取消。")
        row.state, row.finished_at = ImportState.CANCELLED, timezone.now()
        row.save(update_fields=["state", "finished_at"])
        _record("cancel", row, by)


def done(made: WorkbookImport, *, by: User | Actor | None) -> None:
    with transaction.atomic():
        finish(made, ImportState.DONE)
        _record("done", made, by, data=made.counts)


def waiting(model: type[M], check: Step, apply: Step) -> list[tuple[int, Step]]:
    """Imports that a lost message or a dead worker left behind, with the step each needs."""
    steps = {
        ImportState.UPLOADED: check,
        ImportState.CHECKING: check,
        ImportState.CONFIRMED: apply,
        ImportState.APPLYING: apply,
    }
    old = timezone.now() - _DELIVERY
    rows = model._default_manager.filter(state__in=list(steps), created_at__lt=old)
    return [
        (made.pk, steps[ImportState(made.state)])
        for made in rows
        if made.state not in _BEFORE or _is_silent(made)
    ]


def _locked(made: M) -> M:
    return type(made)._default_manager.select_for_update().get(pk=made.pk)


def _is_silent(made: WorkbookImport) -> bool:
    return made.heartbeat_at is None or timezone.now() - made.heartbeat_at > _SILENCE


def _record(step: str, made: WorkbookImport, by: User | Actor | None, **more: Any) -> None:
    audit.record(f"{made._meta.app_label}.import_{step}", by=by, obj=made, **more)
