"""Many invitations from one workbook. Each row is checked and sent by itself.

The worker checks the rows, the person sees the result and confirms, and the worker then sends the
good rows with the pictures and the signature that the person has saved. A row's outcome is written
in the transaction of its invitation, so a run that was interrupted sends only the rows that are
left. A graduate who has signed with the unit, or has an open invitation of the unit with exactly the
same terms, gets no second one, so the same workbook may be uploaded again.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from accounts.models import User
from codes.readers import CELL, CELL_1904
from core import files, jobs, spreadsheets
from core.errors import DomainError, Invalid, Refused
from core.rate import RateLimited, limit
from core.spreadsheets import WorkbookRefused
from employers.models import Membership, UnitMember
from esign import terms
from esign.actions import drafts, invite, registered
from esign.actions.import_cells import (
    FIELD_KEYS,
    HEADER,
    KEY_OF_HEADER,
    KEYS_WITH_KNOWN_VALUES,
    REQUIRED_KEYS,
    Problems,
    RowCells,
    cell_text,
    columns_of,
)
from esign.actions.registered import KEYS, NAME, STUDENT_NO
from esign.fields import IMAGES
from esign.models import Invitation, InvitationImport, InvitationRow
from esign.queries import agreements_of, invitations_of
from esign.rules import check_terms
from esign.states import AgreementState, InvitationState, RowOutcome
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
_SIGNED = "已与本单位签约，没有发送"
_OPEN_WITH_OTHER_TERMS = "本单位给该生的另一份邀约仍在等待答复，约定不同；如已作废请先撤回"


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
        k: v for k, v in drafts.known_values(member).items() if k in KEYS_WITH_KNOWN_VALUES
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
    rows = workbook.rows.all()
    return [(RowCells(workbook.header, row.cells).by_key.get(NAME, ""), row) for row in rows]


def delete_old() -> int:
    """Delete old imports; returns how many rows. The sweep of files deletes their workbooks."""
    old = InvitationImport.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    return old.exclude(state__in=UNFINISHED).delete()[0]


# --- reading ---------------------------------------------------------------------------------


def _read_rows(workbook: InvitationImport, member: UnitMember) -> list[InvitationRow]:
    """The checked rows of the workbook, not saved yet. Raises `WorkbookRefused`."""
    with files.local_copy(workbook.file) as path:
        # One more, because the example row may still be there.
        sheet = spreadsheets.read(path, headers=list(KEY_OF_HEADER), most_rows=MOST_ROWS + 1)
    workbook.header = sheet.header
    columns = columns_of(sheet.header)
    missing = [
        label
        for key, label in zip((*KEYS, *FIELD_KEYS), HEADER, strict=True)
        if key in REQUIRED_KEYS and key not in columns
    ]
    if missing:
        raise WorkbookRefused("missing_columns", f"工作簿缺少这些列：{'、'.join(missing)}")
    source = CELL_1904 if sheet.from_1904 else CELL
    rows = [
        InvitationRow(
            made=workbook,
            number=number,
            cells=[cell_text(c, k, source) for k, c in zip(columns, cells, strict=False)],
        )
        for number, cells in sheet.rows
    ]
    rows = [row for row in rows if not RowCells(sheet.header, row.cells).is_example]
    if len(rows) > MOST_ROWS:
        raise WorkbookRefused("too_many_rows", f"工作簿超过{MOST_ROWS}行，请分成几个文件导入")
    seen: dict[int, int] = {}
    for index, row in enumerate(rows):
        if index % _ROWS_PER_PROGRESS == 0:
            imports.progress(INVITATION_IMPORTS, workbook, 5 + 95 * index // len(rows))
        _check_row(row, workbook, member, seen)
    return rows


def _check_row(
    row: InvitationRow, workbook: InvitationImport, member: UnitMember, seen: dict[int, int]
) -> None:
    cells = RowCells(workbook.header, row.cells)
    who, errors = cells.who()
    checked = check_terms(_typed_values(workbook, row, member), source=CELL)
    errors |= checked.errors()
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
        row.problems = cells.locate(errors)
        return
    seen[row.graduate.pk] = row.number
    _compare_with_sent(row, member, checked.values)
    if row.outcome == RowOutcome.ABLE:
        row.problems = [*row.problems, *cells.locate_warnings(checked.warnings())]


def _compare_with_sent(row: InvitationRow, member: UnitMember, values: dict[str, Any]) -> None:
    """Set the outcome of a good row by what the unit has agreed with the graduate or has sent before,
    and say so."""
    row.outcome, row.problems = RowOutcome.AGAIN, []
    agreements = agreements_of(member).select_related("invitation")
    signed = agreements.filter(graduate=row.graduate_id, state=AgreementState.ACTIVE).first()
    if signed is not None:
        row.invitation, row.problems = signed.invitation, [(0, _SIGNED)]
        return
    row.invitation = _find_open_invitation(row.graduate_id, member, values)
    if row.invitation is None:
        row.outcome = RowOutcome.ABLE
        if _open_invitations(row.graduate_id, member).exists():
            row.problems = [(0, _OPEN_WITH_OTHER_TERMS)]


def _typed_values(
    workbook: InvitationImport, row: InvitationRow, member: UnitMember
) -> dict[str, str]:
    """All values of the form that the row fills in, as text: typed ones first, then known ones."""
    typed = RowCells(workbook.header, row.cells).typed()
    return drafts.known_values(member) | {"valid_days": "3"} | workbook.known | typed


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
        cells = InvitationRow.objects.values_list("cells", flat=True).get(pk=row_id)
        _mark_bad(row_id, RowCells(workbook.header, cells).locate(invalid.errors))
    except DomainError as refusal:
        _mark_bad(row_id, [(0, refusal.message)])


def _lock_graduate(row: InvitationRow) -> Graduate:
    """Lock the graduate first, as every action does, so that two workbooks wait for each other."""
    return Graduate.objects.select_for_update(no_key=True).get(pk=row.graduate_id or 0)


def _send(workbook: InvitationImport, row: InvitationRow, graduate: Graduate) -> None:
    member = _sender(workbook)
    typed = _typed_values(workbook, row, member)
    _compare_with_sent(row, member, check_terms(typed).values)
    if row.outcome == RowOutcome.ABLE:
        draft = drafts.begin_as_member(graduate=graduate, member=member, address=workbook.address)
        drafts.save(draft=draft, typed=typed)
        row.invitation, row.outcome = invite.send(draft=draft), RowOutcome.SENT
    row.save(update_fields=["invitation", "outcome", "problems"])


def _sender(workbook: InvitationImport) -> UnitMember:
    """The person who sends, as of now. Raises `Refused` if they have left the unit meanwhile."""
    member = UnitMember.objects.select_related("unit__certificate", "user", "signature").get(
        pk=workbook.member_id
    )
    if member.state == Membership.ENDED or not member.user.is_active:
        raise Refused("left", "您在该单位的权限已结束，没有发送。")
    _check_papers(member)
    return member


def _open_invitations(graduate_id: int | None, member: UnitMember) -> QuerySet[Invitation]:
    """The invitations of the graduate that wait for an answer, as far as the person may see them."""
    return invitations_of(member).filter(
        graduate=graduate_id, state=InvitationState.SENT, valid_until__gte=timezone.now()
    )


def _find_open_invitation(
    graduate_id: int | None, member: UnitMember, values: dict[str, Any]
) -> Invitation | None:
    """The open invitation of the graduate that has exactly these terms."""
    plain = terms.plain_values(values)
    sent = _open_invitations(graduate_id, member)
    return next((i for i in sent if terms.read(i.terms)["values"] == plain), None)


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
        if column and row.outcome == RowOutcome.BAD
    }
    lines = [[*row.cells, row.words] for row in rows]
    content = spreadsheets.write([*workbook.header, "结果"], lines, title="批量邀约", marks=marks)
    workbook.annotated = imports.store(
        INVITATION_IMPORTS, content, name="批量邀约-结果.xlsx", school_id=None, by_id=workbook.by_id
    )
