"""The roster import: read and judge the workbook, stage what is good, write it once confirmed.

How an import's row changes state is in `workbooks/actions/imports.py`.
"""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from accounts.models import User
from codes.findings import Finding
from core import files, jobs
from core.audit import Actor
from core.models import StoredFile
from graduates.fields import BY_KEY
from graduates.models import RosterImport, RosterIssue
from graduates.roster import annotate, staging
from graduates.roster.checker import Checked, check_roster
from graduates.roster.reader import Roster, read_roster
from schools.models import Cohort, Phase, School
from workbooks.actions import imports
from workbooks.states import ImportState

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
    """Read and judge the workbook and stage its good rows. Nothing of the school changes."""
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
    with jobs.writing(leased):
        _judge_and_stage(leased, roster, checked)


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
        (_issue_row(made, row.number, issue) for row in checked.rows for issue in row.issues),
        batch_size=2000,
    )
    made.rows = len(checked.rows)
    made.counts = counts
    made.new_names = plan.new_names() | {
        "ignored_columns": roster.unknown_headers(),
        "ignored_sheets": roster.other_sheets,
    }
    made.annotated = _annotated_file(made, roster, checked)
    made.new_names["keys"] = checked.keys
    imports.finish(made, ImportState.PREVIEWED)


def _issue_row(made: RosterImport, number: int, issue: Finding) -> RosterIssue:
    return RosterIssue(
        roster_import=made,
        row=number,
        column=BY_KEY[issue.field].label,
        code=issue.code,
        message=issue.message[:300],
        is_error=issue.is_error,
    )


def _cohort_issues(cohort: Cohort | None, year: int) -> list[Finding]:
    if cohort is None:
        return [
            Finding("cohort_unknown", f"本校没有建立{year}届, 请先在学校设置中建立", field="year")
        ]
    if cohort.phase() == Phase.SEALED:
        return [Finding("cohort_sealed", f"{year}届已封存, 不再接受导入", field="year")]
    return []


def _annotated_file(made: RosterImport, roster: Roster, checked: Checked) -> StoredFile | None:
    if not made.counts["rejected"]:
        return None
    name = f"{Path(made.file.name).stem}-未导入.xlsx"
    content = annotate.annotated_workbook(roster, checked)
    return imports.store(ROSTERS, content, name=name, school_id=made.school_id)


def confirm(roster_import: RosterImport, *, by: User | Actor) -> None:
    imports.confirm(roster_import, by=by)


def cancel(roster_import: RosterImport, *, by: User | Actor) -> None:
    with transaction.atomic():
        imports.cancel(roster_import, by=by)
        staging.forget(roster_import.pk)


def apply(import_id: int, *, actor: Actor | None = None) -> RosterImport:
    """Write the staged rows. Rows that other records refuse by now are left out and reported."""
    with imports.applying(ROSTERS, import_id) as leased:
        if leased is not None:
            _apply(leased, actor or _actor_of(leased))
    return RosterImport.objects.get(pk=import_id)


def _apply(leased: RosterImport, actor: Actor) -> None:
    imports.progress(ROSTERS, leased, 5, stage="写入数据")
    staged = sum(leased.counts[k] for k in ("created", "updated", "unchanged"))
    if staging.staged_rows(leased.pk) != staged:
        _restage(leased)
    with jobs.writing(leased):
        staging.lock_school(leased.school_id)
        plan = staging.Plan(leased.pk, leased.school_id, leased.new_names["keys"])
        _late_conflicts(leased, plan)
        counts = plan.classify()
        plan.apply(actor)
        leased.counts = counts | {"rejected": leased.rows - sum(counts.values())}
        staging.forget(leased.pk)
        imports.done(leased, by=actor)


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
        issues.append(_issue_row(made, number, issue))
    RosterIssue.objects.bulk_create(issues)
    plan.refuse(refused)


def _restage(made: RosterImport) -> None:
    """A crash emptied the unlogged staging table: read the workbook again."""
    with files.local_copy(made.file) as path:
        roster = read_roster(path)
    checked = check_roster(roster)
    refused = set(made.issues.filter(is_error=True).values_list("row", flat=True))
    cohorts = dict(Cohort.objects.filter(school_id=made.school_id).values_list("year", "id"))
    good = [r for r in checked.good if r.number not in refused]
    staging.stage(made.pk, good, cohorts)


def _actor_of(made: RosterImport) -> Actor:
    return Actor.of(made.by) if made.by else Actor(None, "system", made.by_label)


def run_overdue() -> None:
    imports.run_overdue(ROSTERS, check=check, apply=apply)
