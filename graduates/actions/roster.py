"""The roster import: check the workbook and stage its good rows; write them once it is confirmed.

The states of an import are changed in `workbooks/actions/imports.py`.
"""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from accounts.models import User
from codes.findings import Finding
from codes.readers import FAILED_LOOKUP
from core import files, jobs
from core.audit import Actor
from core.models import StoredFile
from graduates.fields import BY_KEY
from graduates.models import RosterImport, RosterIssue
from graduates.roster import annotate, staging
from graduates.roster.checker import CheckedRoster, check_roster
from graduates.roster.reader import Roster, read_roster
from graduates.roster.repeated import accept_repetitions
from schools.models import Cohort, Phase, School
from workbooks.actions import imports
from workbooks.states import ImportState

_KEYS_BY_LABEL = {f.label: key for key, f in BY_KEY.items()}
ROSTERS = imports.import_kind(
    RosterImport,
    name="roster",
    label="生源名册导入",
    task="graduates.tasks.sweep_imports",
)


def upload(*, school: School, content: bytes, name: str, by: User | Actor | None) -> RosterImport:
    label = Actor.of(by).label
    return imports.upload(ROSTERS, school=school, content=content, name=name, by=by, by_label=label)


def check(import_id: int) -> RosterImport:
    """Check the workbook and stage its good rows. The school's records do not change yet."""
    with imports.checking(ROSTERS, import_id) as leased:
        if leased is not None:
            _check(leased)
    return RosterImport.objects.get(pk=import_id)


def _check(leased: RosterImport) -> None:
    def report(percent: int) -> None:
        imports.progress(ROSTERS, leased, 20 + percent // 2)

    imports.progress(ROSTERS, leased, 5, stage="读取工作簿")
    with files.local_copy(leased.file) as path:
        roster = read_roster(path)
    imports.progress(ROSTERS, leased, 20, stage="核对各列")
    checked = check_roster(roster, report)
    accept_repetitions(roster, checked, leased.school_id)
    with jobs.writing(leased):
        _stage_and_report(leased, roster, checked)


def _stage_and_report(imported: RosterImport, roster: Roster, checked: CheckedRoster) -> None:
    """Stage the good rows, refuse those that contradict other records, and save on the import the
    counts, the issues and the marked workbook."""
    cohorts = {c.year: c for c in Cohort.objects.filter(school_id=imported.school_id)}
    for row in checked.good:
        row.issues += _cohort_issues(cohorts.get(row.values["year"]), row.values["year"])
    staging.stage_rows(imported.pk, checked.good, {y: c.pk for y, c in cohorts.items()})
    plan = staging.Plan(imported.pk, imported.school_id, checked.keys)
    plan.keep_stored_values(roster.quoted_cells())
    plan.keep_stored_values(
        (row.number, issue.field, None)
        for row in checked.good
        for issue in row.issues
        if issue.code == FAILED_LOOKUP
    )
    by_number = {row.number: row for row in checked.rows}
    refused = set()
    for number, issue in plan.conflicts():
        by_number[number].issues.append(issue)
        if issue.is_error:
            refused.add(number)
    plan.refuse(refused)
    counts = plan.classify()
    counts["rejected"] = sum(not r.ok for r in checked.rows)
    RosterIssue.objects.filter(roster_import=imported).delete()
    RosterIssue.objects.bulk_create(
        (_issue_row(imported, row.number, issue) for row in checked.rows for issue in row.issues),
        batch_size=2000,
    )
    imported.rows = len(checked.rows)
    imported.counts = counts
    imported.new_names = plan.new_names() | {
        "ignored_columns": roster.unknown_headers(),
        "ignored_sheets": roster.other_sheets,
    }
    imported.annotated = _annotated_file(imported, roster, checked)
    imported.new_names["keys"] = checked.keys
    imports.finish(imported, ImportState.PREVIEWED)


def _issue_row(imported: RosterImport, number: int, issue: Finding) -> RosterIssue:
    return RosterIssue(
        roster_import=imported,
        row=number,
        column=BY_KEY[issue.field].label,
        code=issue.code,
        message=issue.message[:300],
        is_error=issue.is_error,
    )


def _cohort_issues(cohort: Cohort | None, year: int) -> list[Finding]:
    if cohort is None:
        return [
            Finding("cohort_unknown", f"本校没有建立{year}届，请先在学校设置中建立", field="year")
        ]
    if cohort.phase() == Phase.SEALED:
        return [Finding("cohort_sealed", f"{year}届已封存，不再接受导入", field="year")]
    return []


def _annotated_file(
    imported: RosterImport, roster: Roster, checked: CheckedRoster
) -> StoredFile | None:
    if not imported.counts["rejected"]:
        return None
    name = f"{Path(imported.file.name).stem}-未导入.xlsx"
    content = annotate.annotated_workbook(roster, checked)
    return imports.store(ROSTERS, content, name=name, school_id=imported.school_id)


def confirm(roster_import: RosterImport, *, by: User | Actor) -> None:
    imports.confirm(roster_import, by=by)


def cancel(roster_import: RosterImport, *, by: User | Actor) -> None:
    with transaction.atomic():
        imports.cancel(roster_import, by=by)
        staging.delete_staged_rows(roster_import.pk)


def apply(import_id: int, *, actor: Actor | None = None) -> RosterImport:
    """Write the staged rows. Rows that contradict other records by now are left out and reported."""
    with imports.applying(ROSTERS, import_id) as leased:
        if leased is not None:
            _apply(leased, actor or _actor_of(leased))
    return RosterImport.objects.get(pk=import_id)


def _apply(leased: RosterImport, actor: Actor) -> None:
    imports.progress(ROSTERS, leased, 5, stage="写入数据")
    staged = sum(leased.counts[k] for k in ("created", "updated", "unchanged"))
    if staging.count_staged_rows(leased.pk) != staged:
        _stage_again(leased)
    with jobs.writing(leased):
        staging.lock_school(leased.school_id)
        plan = staging.Plan(leased.pk, leased.school_id, leased.new_names["keys"])
        # Somebody may have changed these since the preview.
        failed = leased.issues.filter(code=FAILED_LOOKUP).values_list("row", "column")
        plan.keep_stored_values((row, _KEYS_BY_LABEL[label], None) for row, label in failed)
        _refuse_new_conflicts(leased, plan)
        counts = plan.classify()
        plan.apply(actor)
        leased.counts = counts | {"rejected": leased.rows - sum(counts.values())}
        staging.delete_staged_rows(leased.pk)
        imports.done(leased, by=actor)


def _refuse_new_conflicts(imported: RosterImport, plan: staging.Plan) -> None:
    """Refuse rows that contradict what other people changed between preview and confirmation."""
    refused = set()
    known = set(imported.issues.filter(is_error=False).values_list("row", "code"))
    issues = []
    for number, issue in plan.conflicts():
        if issue.is_error:
            refused.add(number)
        elif (number, issue.code) in known:
            continue
        issues.append(_issue_row(imported, number, issue))
    RosterIssue.objects.bulk_create(issues)
    plan.refuse(refused)


def _stage_again(imported: RosterImport) -> None:
    """Read the workbook again. PostgreSQL empties the staging table, which is unlogged, in a crash."""
    with files.local_copy(imported.file) as path:
        roster = read_roster(path)
    checked = check_roster(roster)
    accept_repetitions(roster, checked, imported.school_id)
    refused = set(imported.issues.filter(is_error=True).values_list("row", flat=True))
    cohorts = dict(Cohort.objects.filter(school_id=imported.school_id).values_list("year", "id"))
    good = [r for r in checked.good if r.number not in refused]
    staging.stage_rows(imported.pk, good, cohorts)
    plan = staging.Plan(imported.pk, imported.school_id, checked.keys)
    plan.keep_stored_values(roster.quoted_cells())


def _actor_of(imported: RosterImport) -> Actor:
    return Actor.of(imported.by) if imported.by else Actor(None, "system", imported.by_label)


def run_overdue() -> None:
    imports.run_overdue(ROSTERS, check=check, apply=apply)
