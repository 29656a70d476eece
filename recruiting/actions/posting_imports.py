"""Postings from one workbook. Each row is read and checked as the form of a posting is.

The worker checks the rows, a verified person of the unit sees the result and confirms: the good rows
become drafts, or are handed in at once. Which row became which posting is written in the transaction
of the posting, so a run that was interrupted goes on with the rows that are left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from codes.fields import choices_by_label
from core import jobs, spreadsheets
from core.errors import DomainError, Invalid
from core.rate import limit
from core.spreadsheets import WorkbookRefused
from employers.models import Unit, UnitMember
from recruiting.actions import postings
from recruiting.fields import POSTING, POSTING_BY_KEY
from recruiting.models import Posting, PostingImport
from recruiting.states import ON_SHOW, PostingState
from recruiting.unit_standing import check_may_recruit, check_recruits_for
from schools.names import no_such_schools, schools_named
from workbooks.actions import imports
from workbooks.actions.rows import WorkbookRow, read_cells, report
from workbooks.states import UNFINISHED, ImportState

POSTING_IMPORTS = imports.import_kind(
    PostingImport,
    name="postings",
    label="职位导入",
    task="recruiting.tasks.sweep_posting_imports",
)
MOST_ROWS = 200
MOST_BYTES = 5 * 1024 * 1024
# How long a workbook is kept, since people look at the outcome of its rows for a while.
KEPT_FOR = timedelta(days=30)
# The same file uploaded again within this time is a form that was sent twice.
_SAME_UPLOAD = timedelta(minutes=10)
_ROWS_PER_PROGRESS = 10
SCHOOLS = "可见范围"
HEADER = (*(declared.label for declared in POSTING), SCHOOLS)
_COLUMNS = {declared.label: declared.key for declared in POSTING} | {SCHOOLS: SCHOOLS}
_REQUIRED = [declared.key for declared in POSTING if declared.required]
_TITLE = POSTING_BY_KEY["title"].label
# The title of the template's example row. Rows with it are not read.
EXAMPLE_TITLE = "示例：软件开发工程师（本行不会导入）"


@dataclass
class PostingRow(WorkbookRow):
    """One row of the workbook; `content` has the values that were read, `school_ids` the schools whose
    graduates see it, and `posting_id` what an earlier run made of it."""

    content: dict[str, Any] = field(default_factory=dict)
    school_ids: list[int] = field(default_factory=list)
    posting_id: int | None = None


# --- the steps of the unit's people -----------------------------------------------------------


def upload(*, member: UnitMember, content: bytes, name: str, by: User) -> PostingImport:
    """Keep the workbook as a new import. The same form sent twice returns the same import.

    The caller starts the check after the commit; starting it twice does no harm.
    """
    check_recruits_for(by, member.unit_id)
    with transaction.atomic():
        UnitMember.objects.select_for_update(no_key=True).only("id").get(pk=member.pk)
        same = PostingImport.objects.filter(
            member=member, file__sha256=hashlib.sha256(content).hexdigest(),
            state__in=(*UNFINISHED, ImportState.PREVIEWED),
            created_at__gt=timezone.now() - _SAME_UPLOAD,
        ).first()  # fmt: skip
        if same is not None:
            return same
        limit(f"posting-workbook:{member.user_id}", most=20, seconds=3600)
        return imports.upload(POSTING_IMPORTS, content=content, name=name, by=by, member=member)


def confirm(previewed: PostingImport, *, member: UnitMember, submits: bool, by: User) -> None:
    """Confirm a previewed import: its good rows become drafts, or with `submits` are handed in. The
    caller starts the applying after the commit. A double click changes nothing."""
    check_recruits_for(by, member.unit_id)
    if submits:
        check_may_recruit(member.unit)
    with transaction.atomic():
        row = PostingImport.objects.select_for_update().get(pk=previewed.pk)
        if row.state == ImportState.PREVIEWED:
            # Who confirms answers for the postings; the uploader may have left the unit meanwhile.
            row.member, row.counts = member, row.counts | {"submits": submits}
            row.save(update_fields=["member", "counts"])
        imports.confirm(row, by=by)


def cancel(unfinished: PostingImport, *, by: User) -> None:
    """Cancel an import that was not confirmed."""
    check_recruits_for(by, unfinished.member.unit_id)
    imports.cancel(unfinished, by=by)


# --- the worker's steps -----------------------------------------------------------------------


def check(import_id: int) -> None:
    """Read and check every row; no posting is made yet."""
    with imports.checking(POSTING_IMPORTS, import_id) as leased:
        if leased is not None:
            unit, made = _member(leased).unit, leased.counts.get("made", {})
            # A run that was given up, and released, may have made postings already.
            header, rows = _read(leased, unit, made=made)
            _warn_of_same(unit, [row for row in rows if row.posting_id is None])
            _report(leased, header, rows)
            leased.counts |= {"left": max(postings.left_today(unit), 0), "made": made}
            imports.finish(leased, ImportState.PREVIEWED)


def apply(import_id: int) -> None:
    """Make a posting of each good row, each in a transaction of its own."""
    with imports.applying(POSTING_IMPORTS, import_id) as leased:
        if leased is not None:
            _apply(leased)


def _apply(leased: PostingImport) -> None:
    member = _member(leased)
    submits, made = bool(leased.counts.get("submits")), dict(leased.counts.get("made", {}))
    header, rows = _read(leased, member.unit, made=made)
    for index, row in enumerate(rows):
        if index % _ROWS_PER_PROGRESS == 0:
            imports.progress(POSTING_IMPORTS, leased, 5 + 95 * index // len(rows))
        if not row.problems and row.posting_id is None:
            make_row(leased, row, member)
    made = dict(leased.counts.get("made", {}))
    _report(leased, header, rows)
    leased.counts |= {"submits": submits, "made": made}
    imports.done(leased, by=member.user)


def make_row(leased: PostingImport, row: PostingRow, member: UnitMember) -> None:
    """Make a posting of one good row, once, and note it in the same transaction."""
    try:
        with jobs.writing(leased):
            posting = postings.save_draft(
                member=member, typed=row.content, school_ids=row.school_ids
            )
            if leased.counts.get("submits"):
                posting = postings.submit(posting_id=posting.pk, by=member)
            made = leased.counts.get("made", {}) | {str(row.number): posting.pk}
            PostingImport.objects.filter(pk=leased.pk).update(counts=leased.counts | {"made": made})
    except Invalid as invalid:
        _add_errors(row, invalid.errors)
    except DomainError as refusal:
        row.problems.append((_TITLE, refusal.message))
    else:
        row.posting_id = posting.pk
        leased.counts = leased.counts | {"made": made}


def run_overdue() -> None:
    imports.run_overdue(POSTING_IMPORTS, check=check, apply=apply)


def delete_old() -> int:
    """Delete old imports; returns how many. Their postings stay, the sweep of files deletes the
    workbooks."""
    old = PostingImport.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    return old.exclude(state__in=UNFINISHED).delete()[0]


# --- reading ----------------------------------------------------------------------------------


def _member(leased: PostingImport) -> UnitMember:
    """Who answers for the postings, as of now. Raises the refusal of people who are not verified."""
    member = UnitMember.objects.select_related("unit", "user").get(pk=leased.member_id)
    check_recruits_for(member.user, member.unit_id)
    return member


def _read(
    leased: PostingImport, unit: Unit, *, made: dict[str, int]
) -> tuple[list[str], list[PostingRow]]:
    """The header, and every row checked but for those that an earlier run made postings of."""
    # One more, because the example row may still be there.
    header, rows = read_cells(
        leased, _COLUMNS, required=_REQUIRED, most_rows=MOST_ROWS + 1, row_class=PostingRow
    )
    rows = [row for row in rows if str(row.values.get("title") or "").strip() != EXAMPLE_TITLE]
    if len(rows) > MOST_ROWS:
        raise WorkbookRefused("too_many_rows", f"工作簿超过{MOST_ROWS}行，请分成几个文件导入")
    for index, row in enumerate(rows):
        if index % _ROWS_PER_PROGRESS == 0:
            imports.progress(POSTING_IMPORTS, leased, 5 + 90 * index // len(rows))
        row.posting_id = made.get(str(row.number))
        if row.posting_id is None:
            _check_row(row, unit)
    return header, rows


def _check_row(row: PostingRow, unit: Unit) -> None:
    checked = postings.check(row.values, unit, source=row.source)
    # The values that were read are stored: a cell's own content, such as the serial number of a date,
    # may mean something else when it is typed into the form.
    row.content = checked.values
    _add_errors(row, checked.errors())
    row.warnings += [(_label(f.field), f.message) for f in checked.warnings()]
    written = row.read_column(SCHOOLS, "long")
    row.school_ids, unknown = schools_named(written)
    if unknown:
        row.problems.append((SCHOOLS, no_such_schools(unknown)))


def _add_errors(row: PostingRow, errors: dict[str, list[str]]) -> None:
    row.problems += [(_label(key), text) for key, texts in errors.items() for text in texts]


def _label(key: str) -> str:
    return POSTING_BY_KEY[key].label if key in POSTING_BY_KEY else _TITLE


def _warn_of_same(unit: Unit, rows: Sequence[PostingRow]) -> None:
    """Point out good rows that are like an earlier one, or like a posting that the unit has already."""
    kept = [PostingState.DRAFT, PostingState.RETURNED, PostingState.WAITING, *ON_SHOW]
    known = Posting.objects.filter(unit=unit, state__in=kept)
    stored = {
        (title, category, tuple(places)): PostingState(state).label
        for title, category, places, state in known.values_list(
            "title", "job_category", "places", "state"
        )
    }
    first: dict[tuple[Any, ...], int] = {}
    for row in rows:
        if row.problems:
            continue
        content = row.content
        same = (content["title"], content["job_category"], tuple(content["places"]))
        if same in first:
            row.warnings.append((_TITLE, f"与第{first[same]}行的岗位名称、职位类别、工作地点相同"))
        elif same in stored:
            sentence = f"本单位已有相同的职位（{stored[same]}），确认后会再新增一个"
            row.warnings.append((_TITLE, sentence))
        first.setdefault(same, row.number)


def _report(leased: PostingImport, header: list[str], rows: Sequence[PostingRow]) -> None:
    report(
        POSTING_IMPORTS, leased, header, rows, title="职位", columns=_COLUMNS, by_id=leased.by_id
    )


# --- the template -----------------------------------------------------------------------------

_EXAMPLE = {
    "title": EXAMPLE_TITLE, "work_kind": "全职", "headcount": "5", "education": "本科",
    "majors": "计算机科学与技术、软件工程", "major_match": "专业大类", "places": "合肥市、芜湖市",
    "pay_from": "6000", "pay_to": "9000", "pay_months": "13", "contract_years": "3",
    "probation_months": "3", "duties": "参与业务系统的设计、开发和测试。\n编写技术文档。",
    "requirements": "熟悉一门编程语言，善于沟通。", "benefits": "五险一金",
}  # fmt: skip


def template_workbook() -> bytes:
    """The workbook to fill in: choices for coded columns, and an example row."""
    until = timezone.localdate() + timedelta(days=60)
    values = _EXAMPLE | {
        "job_category": POSTING_BY_KEY["job_category"].show("13"),
        "valid_until": until.isoformat(),
    }
    row = [values.get(key, "") for key in (*POSTING_BY_KEY, "schools")]
    return spreadsheets.write(HEADER, [row], title="职位", choices=choices_by_label(POSTING))
