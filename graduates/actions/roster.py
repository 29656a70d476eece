"""The roster import as a row that moves: uploaded → checked → previewed → confirmed → done.

The work runs in a Celery task or in a command; the row is the truth and a lost message is found
again by the sweep. Repeating a step is harmless.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit, files, workbooks
from core.audit import Actor
from core.errors import DomainError, Refused
from core.models import StoredFile
from graduates.fields import BY_KEY
from graduates.models import RosterImport, RosterIssue
from graduates.roster import annotate, staging
from graduates.roster.checker import Checked, check_roster
from graduates.roster.reader import Roster, read_roster
from graduates.rules import Issue
from graduates.states import ImportState
from schools.models import Cohort, Phase, School

MOST_ATTEMPTS = 3
_RUNNING = (ImportState.CHECKING, ImportState.APPLYING)


def upload(*, school: School, content: bytes, name: str, by: User | Actor | None) -> RosterImport:
    """Keep the workbook and make the import row. The caller starts the check after commit."""
    actor = Actor.of(by)
    file = files.store(
        content,
        name=name,
        content_type=workbooks.CONTENT_TYPE,
        purpose="roster",
        school_id=school.pk,
        by_id=actor.id,
    )
    with transaction.atomic():
        made = RosterImport.objects.create(
            school=school, file=file, by=by if isinstance(by, User) else None, by_label=actor.label
        )
        audit.record("graduates.import_upload", by=by, obj=made, label=name)
    return made


def check(import_id: int) -> RosterImport:
    """Read and judge the workbook and stage what is good. Nothing of the school changes."""
    made = _start(import_id, (ImportState.UPLOADED, ImportState.CHECKING), ImportState.CHECKING)
    if made is None:
        return RosterImport.objects.get(pk=import_id)
    try:
        roster = read_roster(files.path_of(made.file))
        _progress(made, 20, "核对各列")
        checked = check_roster(roster, lambda percent: _progress(made, 20 + percent // 2, ""))
        with transaction.atomic():
            _judge_and_stage(made, roster, checked)
    except DomainError as refusal:
        return _fail(made, refusal.message)
    return made


def _judge_and_stage(made: RosterImport, roster: Roster, checked: Checked) -> None:
    """Stage good rows, let other records have their say, count, and keep every issue."""
    cohorts = {c.year: c for c in Cohort.objects.filter(school_id=made.school_id)}
    for row in checked.good:
        row.issues += _cohort_issues(cohorts.get(row.values["year"]), row.values["year"])
    staging.stage(made.pk, checked.good, {y: c.pk for y, c in cohorts.items()})
    plan = staging.Plan(made.pk, made.school_id, checked.keys)
    by_number = {row.number: row for row in checked.rows}
    refused = set()
    for number, issue in plan.conflicts():
        by_number[number].issues.append(issue)
        if issue.is_error:
            refused.add(number)
    plan.refuse(refused)
    counts = plan.classify()
    counts["rejected"] = sum(not r.ok for r in checked.rows)
    RosterIssue.objects.filter(roster_import=made).delete()
    RosterIssue.objects.bulk_create(
        (
            RosterIssue(
                roster_import=made,
                row=row.number,
                column=BY_KEY[issue.field].label,
                code=issue.code,
                message=issue.message[:300],
                is_error=issue.is_error,
            )
            for row in checked.rows
            for issue in row.issues
        ),
        batch_size=2000,
    )
    made.rows = len(checked.rows)
    made.counts = counts
    made.new_names = plan.new_names() | {"ignored_columns": roster.unknown_headers()}
    made.annotated = _annotated_file(made, roster, checked)
    made.state, made.stage, made.progress = ImportState.PREVIEWED, "", 100
    made.new_names["keys"] = checked.keys
    made.save()


def _cohort_issues(cohort: Cohort | None, year: int) -> list[Issue]:
    if cohort is None:
        return [Issue("year", "cohort_unknown", f"本校没有建立{year}届, 请先在学校设置中建立")]
    if cohort.phase() == Phase.SEALED:
        return [Issue("year", "cohort_sealed", f"{year}届已封存, 不再接受导入")]
    return []


def _annotated_file(made: RosterImport, roster: Roster, checked: Checked) -> StoredFile | None:
    if not made.counts["rejected"]:
        return None
    content = annotate.annotated_workbook(roster, checked)
    name = f"{Path(made.file.name).stem}-未导入.xlsx"
    return files.store(
        content,
        name=name,
        content_type=workbooks.CONTENT_TYPE,
        purpose="roster",
        school_id=made.school_id,
    )


def confirm(*, roster_import: RosterImport, by: User | Actor) -> None:
    """The person who looked at the preview says yes. The caller starts the apply after commit."""
    with transaction.atomic():
        made = RosterImport.objects.select_for_update().get(pk=roster_import.pk)
        if made.state in (ImportState.CONFIRMED, ImportState.APPLYING, ImportState.DONE):
            return  # a double click changes nothing
        if made.state != ImportState.PREVIEWED:
            raise Refused("import_state", f"此次导入{made.get_state_display()}, 不能确认。")
        made.state, made.attempts = ImportState.CONFIRMED, 0
        made.save(update_fields=["state", "attempts"])
        audit.record("graduates.import_confirm", by=by, obj=made, data=made.counts)


def cancel(*, roster_import: RosterImport, by: User | Actor) -> None:
    with transaction.atomic():
        made = RosterImport.objects.select_for_update().get(pk=roster_import.pk)
        if made.state not in (ImportState.UPLOADED, ImportState.PREVIEWED, ImportState.FAILED):
            raise Refused("import_state", f"此次导入{made.get_state_display()}, 不能取消。")
        made.state, made.finished_at = ImportState.CANCELLED, timezone.now()
        made.save(update_fields=["state", "finished_at"])
        staging.forget(made.pk)
        audit.record("graduates.import_cancel", by=by, obj=made)


def apply(import_id: int, *, actor: Actor | None = None) -> RosterImport:
    """Write the staged rows. What other records now refuse is left out and said."""
    made = _start(import_id, (ImportState.CONFIRMED, ImportState.APPLYING), ImportState.APPLYING)
    if made is None:
        return RosterImport.objects.get(pk=import_id)
    staged = sum(made.counts[k] for k in ("created", "updated", "unchanged"))
    if staging.staged_rows(made.pk) != staged:
        _restage(made)
    with transaction.atomic():
        staging.lock_school(made.school_id)
        made.refresh_from_db(fields=["state"])
        if made.state != ImportState.APPLYING:
            return made  # another run took this one for dead and was quicker
        plan = staging.Plan(made.pk, made.school_id, made.new_names["keys"])
        _late_conflicts(made, plan)
        counts = plan.classify()
        plan.apply(actor or _actor_of(made))
        made.counts = counts | {"rejected": made.rows - sum(counts.values())}
        made.state, made.stage, made.progress = ImportState.DONE, "", 100
        made.finished_at = timezone.now()
        made.save()
        staging.forget(made.pk)
        audit.record(
            "graduates.import_done", by=actor or _actor_of(made), obj=made, data=made.counts
        )
    return made


def _late_conflicts(made: RosterImport, plan: staging.Plan) -> None:
    """Between preview and confirmation others went on working; their changes are respected."""
    refused = set()
    known = set(made.issues.filter(is_error=False).values_list("row", "code"))
    issues = []
    for number, issue in plan.conflicts():
        if issue.is_error:
            refused.add(number)
        elif (number, issue.code) in known:
            continue
        issues.append(
            RosterIssue(
                roster_import=made,
                row=number,
                column=BY_KEY[issue.field].label,
                code=issue.code,
                message=issue.message[:300],
                is_error=issue.is_error,
            )
        )
    RosterIssue.objects.bulk_create(issues)
    plan.refuse(refused)


def _restage(made: RosterImport) -> None:
    """A crash emptied the unlogged staging table: read the workbook again."""
    roster = read_roster(files.path_of(made.file))
    checked = check_roster(roster)
    refused = set(made.issues.filter(is_error=True).values_list("row", flat=True))
    cohorts = dict(Cohort.objects.filter(school_id=made.school_id).values_list("year", "id"))
    good = [r for r in checked.good if r.number not in refused]
    staging.stage(made.pk, good, cohorts)


def _actor_of(made: RosterImport) -> Actor:
    return Actor.of(made.by) if made.by else Actor(None, "system", made.by_label)


def _start(import_id: int, sources: tuple[str, ...], running: str) -> RosterImport | None:
    """Take the row for this run; None when another run holds it or there is nothing to do."""
    with transaction.atomic():
        made = (
            RosterImport.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("file", "by")
            .filter(pk=import_id, state__in=sources)
            .first()
        )
        if made is None:
            return None
        now = timezone.now()
        if made.state in _RUNNING and made.heartbeat_at and not _stale(made):
            return None
        made.attempts += 1
        if made.attempts > MOST_ATTEMPTS:
            made.state, made.problem = ImportState.FAILED, "多次尝试未能完成, 请联系运维人员。"
        else:
            made.state, made.heartbeat_at, made.progress = running, now, 5
            made.stage = "读取工作簿" if running == ImportState.CHECKING else "写入数据"
        made.save()
        return made if made.state == running else None


def _stale(made: RosterImport) -> bool:
    """A run that gave no sign of life for five minutes is dead."""
    return (timezone.now() - made.heartbeat_at).total_seconds() > 300  # type: ignore[operator]


def _progress(made: RosterImport, percent: int, stage: str) -> None:
    """Shown on the page while it runs; also the sign of life."""
    values: dict[str, Any] = {"progress": percent, "heartbeat_at": timezone.now()}
    if stage:
        values["stage"] = stage
    RosterImport.objects.filter(pk=made.pk).update(**values)


def _fail(made: RosterImport, message: str) -> RosterImport:
    made.state, made.problem, made.finished_at = ImportState.FAILED, message, timezone.now()
    made.save()
    return made


def waiting() -> list[tuple[int, Callable[[int], RosterImport]]]:
    """Imports that a lost message or a dead worker left behind, with the step each needs."""
    found: list[tuple[int, Callable[[int], RosterImport]]] = []
    age = timezone.now() - timedelta(seconds=60)
    steps = {
        ImportState.UPLOADED: check,
        ImportState.CHECKING: check,
        ImportState.CONFIRMED: apply,
        ImportState.APPLYING: apply,
    }
    for made in RosterImport.objects.filter(state__in=list(steps), created_at__lt=age):
        if made.state not in _RUNNING or made.heartbeat_at is None or _stale(made):
            found.append((made.pk, steps[ImportState(made.state)]))
    return found
