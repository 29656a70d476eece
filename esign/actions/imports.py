"""Many invitations from one workbook. Each row is checked and sent by itself.

The worker checks the rows, the person sees the result and confirms, and the worker then sends the
good rows with the pictures and the signature that the person has saved. A row's outcome is written
in the transaction of its invitation, so a run that was interrupted sends only the rows that are
left. A graduate who has an open invitation of the unit with exactly the same terms gets no second
one, so the same workbook may be uploaded again.
"""

from __future__ import annotations

import datetime
import hashlib
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from codes import text
from codes.readers import CELL, CELL_1904, Source
from core import files, jobs, spreadsheets
from core.errors import DomainError, Invalid, Refused
from core.rate import RateLimited, limit
from core.spreadsheets import WorkbookRefused, real_value
from core.spreadsheets.child import plain_header
from employers.models import Membership, UnitMember
from esign import terms
from esign.actions import drafts, invite, registered
from esign.actions.registered import KEYS, NAME, STUDENT_NO
from esign.fields import ARCHIVE, BY_KEY, IMAGES, JOB, SIGN, of_step
from esign.models import Invitation, InvitationImport, InvitationRow
from esign.rules import check_terms
from esign.states import InvitationState, RowOutcome
from graduates.models import Graduate
from workbooks.actions import imports
from workbooks.states import UNFINISHED, ImportState

INVITATION_IMPORTS = imports.import_kind(
    InvitationImport,
    name="invitations",
    label="批量邀约",
    task="esign.tasks.sweep_imports",
)
MOST_ROWS = 200
MOST_BYTES = 5 * 1024 * 1024
# How long a workbook is kept, since people look at the outcome of its rows for a while.
KEPT_FOR = timedelta(days=30)
# The same file uploaded again within this time is a form that was sent twice.
_SAME_UPLOAD = timedelta(minutes=10)
_ROWS_PER_PROGRESS = 10  # how many rows are done before the progress is written
_CONTACT = ("contact_phone", "contact_email")
_TERM_FIELDS = tuple(f for s in (JOB, ARCHIVE, SIGN) for f in of_step(s))
FIELD_KEYS = (*[f.key for f in _TERM_FIELDS], *_CONTACT)
HEADER = (*KEYS.values(), *[BY_KEY[k].label for k in FIELD_KEYS])
_KEY_OF_HEADER = {plain_header(label): key for key, label in KEYS.items()} | {
    plain_header(BY_KEY[k].label): k for k in FIELD_KEYS
}
_REQUIRED_KEYS = {f.key for f in of_step(JOB)} - {"signing_notes", "penalty_notes"}
# An empty cell of these columns takes the known value; of other columns it is an empty value.
_KEYS_WITH_KNOWN_VALUES = (*_CONTACT, "valid_days")
# (number of the column from 1, or 0 for the whole row; sentence).
Problems = list[tuple[int, str]]


def missing_papers(member: UnitMember) -> list[str]:
    """The names of the pictures and the signature that this person still has to save."""
    missing = [
        label for slot, label in IMAGES.items()
        if (drafts.usable_certificate(member) if slot == "certificate" else getattr(member, slot))
        is None
    ]  # fmt: skip
    return missing if member.signature is not None else [*missing, "手写签名"]


def upload(
    *, member: UnitMember, content: bytes, name: str, by: User, address: str
) -> InvitationImport:
    """Keep the workbook as a new import. The same form sent twice returns the same import.

    The caller starts the check after the commit; starting it twice does no harm.
    """
    _check_papers(member)
    with transaction.atomic():
        _lock_sender(member)
        same = _just_uploaded(member, content)
        if same is not None:
            return same
        limit(f"invite-workbook:{member.user_id}", most=20, seconds=3600)
        return imports.upload(
            INVITATION_IMPORTS, content=content, name=name, by=by, member=member, address=address
        )


def _check_papers(member: UnitMember) -> None:
    missing = missing_papers(member)
    if missing:
        raise Refused("papers", f"请先在“单位”中保存：{'、'.join(missing)}。")


def _lock_sender(member: UnitMember) -> None:
    UnitMember.objects.select_for_update(no_key=True).only("id").get(pk=member.pk)


def _just_uploaded(member: UnitMember, content: bytes) -> InvitationImport | None:
    return InvitationImport.objects.filter(
        member=member,
        file__sha256=hashlib.sha256(content).hexdigest(),
        state__in=(*UNFINISHED, ImportState.PREVIEWED),
        created_at__gt=timezone.now() - _SAME_UPLOAD,
    ).first()


def check(import_id: int) -> None:
    """Read and check every row; nothing is sent yet."""
    with imports.checking(INVITATION_IMPORTS, import_id) as leased:
        if leased is not None:
            _check(leased)


def _check(workbook: InvitationImport) -> None:
    member = _sender(workbook)
    workbook.known = {
        k: v for k, v in drafts.known_values(member).items() if k in _KEYS_WITH_KNOWN_VALUES
    }
    rows = _read_rows(workbook, member)
    with jobs.writing(workbook):
        workbook.rows.all().delete()
        InvitationRow.objects.bulk_create(rows)
        _write_report(workbook)
        imports.finish(workbook, ImportState.PREVIEWED)


def apply(import_id: int) -> None:
    """Send the good rows, each in a transaction of its own."""
    with imports.applying(INVITATION_IMPORTS, import_id) as leased:
        if leased is not None:
            _apply(leased)


def _apply(workbook: InvitationImport) -> None:
    rows = list(workbook.rows.values_list("pk", "outcome"))
    for index, (pk, outcome) in enumerate(rows):
        if index % _ROWS_PER_PROGRESS == 0:
            imports.progress(INVITATION_IMPORTS, workbook, 5 + 95 * index // len(rows))
        if outcome == RowOutcome.ABLE:
            send_row(workbook, pk)
    with jobs.writing(workbook):
        _write_report(workbook)
        imports.done(workbook, by=workbook.by)


def run_overdue() -> None:
    imports.run_overdue(INVITATION_IMPORTS, check=check, apply=apply)


def rows_with_names(workbook: InvitationImport) -> list[tuple[str, InvitationRow]]:
    """Each row with the graduate's name as it was typed there."""
    return [(_row_values(workbook, row).get(NAME, ""), row) for row in workbook.rows.all()]


def delete_old() -> int:
    """Delete old imports; returns how many rows. The sweep of files deletes their workbooks."""
    old = InvitationImport.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    return old.exclude(state__in=UNFINISHED).delete()[0]


# --- reading ---------------------------------------------------------------------------------


def _read_rows(workbook: InvitationImport, member: UnitMember) -> list[InvitationRow]:
    """The checked rows of the workbook, not saved yet. Raises `WorkbookRefused`."""
    with files.local_copy(workbook.file) as path:
        sheet = spreadsheets.read(path, headers=list(_KEY_OF_HEADER), most_rows=MOST_ROWS)
    workbook.header = sheet.header
    columns = _columns(workbook)
    missing = [label for key, label in KEYS.items() if key not in columns]
    missing += [f.label for f in _TERM_FIELDS if f.key not in columns and f.key in _REQUIRED_KEYS]
    if missing:
        raise WorkbookRefused("missing_columns", f"工作簿缺少这些列：{'、'.join(missing)}")
    source = CELL_1904 if sheet.from_1904 else CELL
    rows: list[InvitationRow] = []
    seen: dict[int, int] = {}
    for index, (number, cells) in enumerate(sheet.rows):
        if index % _ROWS_PER_PROGRESS == 0:
            imports.progress(INVITATION_IMPORTS, workbook, 5 + 95 * index // len(sheet.rows))
        texts = [_cell_text(c, k, source) for k, c in zip(columns, cells, strict=False)]
        rows.append(InvitationRow(made=workbook, number=number, cells=texts))
        _check_row(rows[-1], workbook, member, seen)
    return rows


def _check_row(
    row: InvitationRow, workbook: InvitationImport, member: UnitMember, seen: dict[int, int]
) -> None:
    who = {k: _row_values(workbook, row).get(k, "") for k in KEYS}
    typed = _typed_values(workbook, row, member)
    checked = check_terms(typed, source=CELL)
    errors = checked.errors() | {k: [f"{KEYS[k]}不能为空"] for k, v in who.items() if not v}
    row.outcome = RowOutcome.BAD
    try:
        if all(who.values()):
            row.graduate = registered.find_graduate(member=member, **who)
            if row.graduate is None:
                errors[STUDENT_NO] = [registered.NOT_FOUND]
            elif row.graduate.pk in seen:
                errors[STUDENT_NO] = [f"与第{seen[row.graduate.pk]}行是同一名毕业生"]
    except RateLimited:
        row.problems = [(0, "核对不上的毕业生过多，请一小时后再试。")]
        return
    if errors or row.graduate is None:
        row.problems = _locate_errors(workbook, errors)
        return
    seen[row.graduate.pk] = row.number
    row.invitation = _find_open_invitation(row.graduate.pk, member, checked.values)
    row.outcome = RowOutcome.ABLE if row.invitation is None else RowOutcome.AGAIN


def _cell_text(cell: Any, key: str, source: Source) -> str:
    """A cell's value as the text that somebody would type for it."""
    value = real_value(cell)
    field = BY_KEY.get(key)
    if field is not None and field.kind == "date":
        day = field.read(value, source=source).value
        if day is not None:
            return str(day)
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if value is None:
        return ""
    if field is not None and field.kind == "clauses":
        return text.unmark(text.clean_clauses(str(value)))
    if field is not None and field.kind == "text":
        return text.unquote(text.clean(str(value)))
    return text.clean(str(value))


def _columns(workbook: InvitationImport) -> list[str]:
    return [_KEY_OF_HEADER.get(plain_header(h), "") for h in workbook.header]


def _row_values(workbook: InvitationImport, row: InvitationRow) -> dict[str, str]:
    return dict(zip(_columns(workbook), row.cells, strict=False))


def _typed_values(
    workbook: InvitationImport, row: InvitationRow, member: UnitMember
) -> dict[str, str]:
    """All values of the form that the row fills in, as text: typed ones first, then known ones."""
    typed = {
        k: v
        for k, v in _row_values(workbook, row).items()
        if k in BY_KEY and (v or k not in _KEYS_WITH_KNOWN_VALUES)
    }
    return drafts.known_values(member) | {"valid_days": "3"} | workbook.known | typed


def _locate_errors(workbook: InvitationImport, errors: dict[str, list[str]]) -> Problems:
    """The errors by column. A sentence about a field that the workbook has no column for begins with
    the field's name."""
    columns = _columns(workbook)
    return [
        (columns.index(k) + 1, sentence) if k in columns
        else (0, f"{BY_KEY[k].label}：{sentence}" if k in BY_KEY and k not in FIELD_KEYS else sentence)
        for k, sentences in errors.items() for sentence in sentences
    ]  # fmt: skip


# --- sending ---------------------------------------------------------------------------------


def send_row(workbook: InvitationImport, row_id: int) -> None:
    """Send one row, once, even if other runs or workbooks send at the same time."""
    try:
        with jobs.writing(workbook):
            graduate = _lock_graduate(workbook.rows.get(pk=row_id))
            row = workbook.rows.select_for_update(no_key=True).get(pk=row_id)
            if row.outcome == RowOutcome.ABLE:
                _send(workbook, row, graduate)
    except Invalid as invalid:
        _mark_bad(row_id, _locate_errors(workbook, invalid.errors))
    except DomainError as refusal:
        _mark_bad(row_id, [(0, refusal.message)])


def _lock_graduate(row: InvitationRow) -> Graduate:
    """Lock the graduate first, as every action does, so that two workbooks wait for each other."""
    return Graduate.objects.select_for_update(no_key=True).get(pk=row.graduate_id or 0)


def _send(workbook: InvitationImport, row: InvitationRow, graduate: Graduate) -> None:
    member = _sender(workbook)
    typed = _typed_values(workbook, row, member)
    row.invitation = _find_open_invitation(graduate.pk, member, check_terms(typed).values)
    row.outcome = RowOutcome.AGAIN
    if row.invitation is None:
        draft = drafts.begin_as_member(graduate=graduate, member=member, address=workbook.address)
        drafts.save(draft=draft, typed=typed)
        row.invitation, row.outcome = invite.send(draft=draft), RowOutcome.SENT
    row.save(update_fields=["invitation", "outcome"])


def _sender(workbook: InvitationImport) -> UnitMember:
    """The person who sends, as of now. Raises `Refused` if they have left the unit meanwhile."""
    member = UnitMember.objects.select_related("unit__certificate", "user", "signature").get(
        pk=workbook.member_id
    )
    if member.state == Membership.ENDED or not member.user.is_active:
        raise Refused("left", "您在该单位的权限已结束，没有发送。")
    _check_papers(member)
    return member


def _find_open_invitation(
    graduate_id: int, member: UnitMember, values: dict[str, Any]
) -> Invitation | None:
    plain = terms.plain_values(values)
    rows = Invitation.objects.filter(
        graduate=graduate_id, unit=member.unit_id, state=InvitationState.SENT,
        valid_until__gte=timezone.now(),
    )  # fmt: skip
    return next((i for i in rows if terms.read(i.terms)["values"] == plain), None)


def _mark_bad(row_id: int, problems: Problems) -> None:
    InvitationRow.objects.filter(pk=row_id, outcome=RowOutcome.ABLE).update(
        outcome=RowOutcome.BAD, problems=problems
    )


# --- the result ------------------------------------------------------------------------------


def _write_report(workbook: InvitationImport) -> None:
    """Write the figures, and a copy of the workbook with a column of outcomes and wrong cells marked."""
    counted = workbook.rows.order_by().values_list("outcome").annotate(Count("pk"))
    workbook.counts = {str(o): 0 for o in RowOutcome} | dict(counted)
    workbook.counts["rows"] = sum(workbook.counts.values())
    rows = list(workbook.rows.all())
    marks = {
        (at, column): sentence
        for at, row in enumerate(rows, start=2)
        for column, sentence in row.problems
        if column
    }
    lines = [[*row.cells, row.words] for row in rows]
    content = spreadsheets.write([*workbook.header, "结果"], lines, title="批量邀约", marks=marks)
    workbook.annotated = imports.store(
        INVITATION_IMPORTS, content, name="批量邀约-结果.xlsx", school_id=None, by_id=workbook.by_id
    )
