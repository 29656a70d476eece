"""Many invitations at once from a workbook: each row by itself, good ones sent, bad ones named.

Checked and sent by the worker, with the unit's kept pictures and signature, after the person said
yes to what was found. A row is answered in the transaction of its invitation: a run that is taken
up again sends what is left. The same terms are not sent again to a graduate while an invitation
of the unit with just these is open, so a workbook may be sent twice.
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
# What was typed about graduates is kept for as long as its answers are looked at.
KEPT = timedelta(days=30)
# The same file within this time is the same form sent twice.
_SAME_FORM = timedelta(minutes=10)
_CHUNK = 10  # rows between two signs of life
_CONTACT = ("contact_phone", "contact_email")
_FIELDS = tuple(f for s in (JOB, ARCHIVE, SIGN) for f in of_step(s))
FIELD_KEYS = (*[f.key for f in _FIELDS], *_CONTACT)
HEADER = (*KEYS.values(), *[BY_KEY[k].label for k in FIELD_KEYS])
_WANTED = {plain_header(label): key for key, label in KEYS.items()} | {
    plain_header(BY_KEY[k].label): k for k in FIELD_KEYS
}
_REQUIRED = {f.key for f in of_step(JOB)} - {"signing_notes", "penalty_notes"}
# An empty cell of these means what is known; of the others it means nothing.
_FROM_KNOWN = (*_CONTACT, "valid_days")
Problems = list[tuple[int, str]]


def missing_papers(member: UnitMember) -> list[str]:
    """What must be kept before rows can be sent."""
    found = [
        label for slot, label in IMAGES.items()
        if (drafts.certificate_of(member) if slot == "certificate" else getattr(member, slot))
        is None
    ]  # fmt: skip
    return found if member.signature is not None else [*found, "手写签名"]


def upload(
    *, member: UnitMember, content: bytes, name: str, by: User, address: str
) -> InvitationImport:
    """Keep the workbook. The caller starts the check after commit, which is harmless twice: the
    same form sent again answers with the same import."""
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
        raise Refused("papers", f"请先在“单位”中保存: {'、'.join(missing)}。")


def _lock_sender(member: UnitMember) -> None:
    UnitMember.objects.select_for_update(no_key=True).only("id").get(pk=member.pk)


def _just_uploaded(member: UnitMember, content: bytes) -> InvitationImport | None:
    return InvitationImport.objects.filter(
        member=member,
        file__sha256=hashlib.sha256(content).hexdigest(),
        state__in=(*UNFINISHED, ImportState.PREVIEWED),
        created_at__gt=timezone.now() - _SAME_FORM,
    ).first()


def check(import_id: int) -> None:
    """Read and judge every row; nothing is sent yet."""
    with imports.checking(INVITATION_IMPORTS, import_id) as leased:
        if leased is not None:
            _check(leased)


def _check(leased: InvitationImport) -> None:
    member = _sender(leased)
    leased.known = {k: v for k, v in drafts.known_values(member).items() if k in _FROM_KNOWN}
    rows = _judged(leased, member)
    with jobs.writing(leased):
        leased.rows.all().delete()
        InvitationRow.objects.bulk_create(rows)
        _report(leased)
        imports.finish(leased, ImportState.PREVIEWED)


def apply(import_id: int) -> None:
    """Send the good rows, each in a transaction of its own."""
    with imports.applying(INVITATION_IMPORTS, import_id) as leased:
        if leased is not None:
            _apply(leased)


def _apply(leased: InvitationImport) -> None:
    rows = list(leased.rows.values_list("pk", "outcome"))
    for index, (pk, outcome) in enumerate(rows):
        if index % _CHUNK == 0:
            imports.progress(INVITATION_IMPORTS, leased, 5 + 95 * index // len(rows))
        if outcome == RowOutcome.ABLE:
            send_row(leased, pk)
    with jobs.writing(leased):
        _report(leased)
        imports.done(leased, by=leased.by)


def run_overdue() -> None:
    imports.run_overdue(INVITATION_IMPORTS, check=check, apply=apply)


def answers(made: InvitationImport) -> list[tuple[str, InvitationRow]]:
    """Each row with the name that was typed in it."""
    return [(_values(made, row).get(NAME, ""), row) for row in made.rows.all()]


def forget_old() -> int:
    """Take old workbooks away; the files, which nothing refers to then, are swept."""
    old = InvitationImport.objects.filter(created_at__lt=timezone.now() - KEPT)
    return old.exclude(state__in=UNFINISHED).delete()[0]


# --- reading ---------------------------------------------------------------------------------


def _judged(made: InvitationImport, member: UnitMember) -> list[InvitationRow]:
    """The workbook's rows, each with what is to be said about it. Raises `WorkbookRefused`."""
    with files.local_copy(made.file) as path:
        sheet = spreadsheets.read(path, headers=list(_WANTED), most_rows=MOST_ROWS)
    made.header = sheet.header
    columns = _columns(made)
    missing = [label for key, label in KEYS.items() if key not in columns]
    missing += [f.label for f in _FIELDS if f.key not in columns and f.key in _REQUIRED]
    if missing:
        raise WorkbookRefused("missing_columns", f"工作簿缺少这些列: {'、'.join(missing)}")
    source = CELL_1904 if sheet.from_1904 else CELL
    rows: list[InvitationRow] = []
    seen: dict[int, int] = {}
    for index, (number, cells) in enumerate(sheet.rows):
        if index % _CHUNK == 0:
            imports.progress(INVITATION_IMPORTS, made, 5 + 95 * index // len(sheet.rows))
        written = [_written(c, k, source) for k, c in zip(columns, cells, strict=False)]
        rows.append(InvitationRow(made=made, number=number, cells=written))
        _judge(rows[-1], made, member, seen)
    return rows


def _judge(
    row: InvitationRow, made: InvitationImport, member: UnitMember, seen: dict[int, int]
) -> None:
    who = {k: _values(made, row).get(k, "") for k in KEYS}
    typed = _typed(made, row, member)
    checked = check_terms(typed, source=CELL)
    errors = checked.errors() | {k: [f"{KEYS[k]}不能为空"] for k, v in who.items() if not v}
    row.outcome = RowOutcome.BAD
    try:
        if all(who.values()):
            row.graduate = registered.find(member=member, **who)
            if row.graduate is None:
                errors[STUDENT_NO] = [registered.NOT_FOUND]
            elif row.graduate.pk in seen:
                errors[STUDENT_NO] = [f"与第{seen[row.graduate.pk]}行是同一名毕业生"]
    except RateLimited:
        row.problems = [(0, "核对不上的毕业生过多, 请一小时后再试。")]
        return
    if errors or row.graduate is None:
        row.problems = _named(made, errors)
        return
    seen[row.graduate.pk] = row.number
    row.invitation = _open_with(row.graduate.pk, member, checked.values)
    row.outcome = RowOutcome.ABLE if row.invitation is None else RowOutcome.AGAIN


def _written(cell: Any, key: str, source: Source) -> str:
    """A cell as somebody would type it."""
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
    return text.clean(str(value)) if value is not None else ""


def _columns(made: InvitationImport) -> list[str]:
    return [_WANTED.get(plain_header(h), "") for h in made.header]


def _values(made: InvitationImport, row: InvitationRow) -> dict[str, str]:
    return dict(zip(_columns(made), row.cells, strict=False))


def _typed(made: InvitationImport, row: InvitationRow, member: UnitMember) -> dict[str, str]:
    """The whole form as the row fills it in."""
    said = {
        k: v for k, v in _values(made, row).items() if k in BY_KEY and (v or k not in _FROM_KNOWN)
    }
    return drafts.known_values(member) | {"valid_days": "3"} | made.known | said


def _named(made: InvitationImport, errors: dict[str, list[str]]) -> Problems:
    """Each sentence at its column; what the workbook has no column for is named, so that it can
    be mended elsewhere."""
    columns = _columns(made)
    return [
        (columns.index(k) + 1, sentence) if k in columns
        else (0, f"{BY_KEY[k].label}: {sentence}" if k in BY_KEY and k not in FIELD_KEYS else sentence)
        for k, sentences in errors.items() for sentence in sentences
    ]  # fmt: skip


# --- sending ---------------------------------------------------------------------------------


def send_row(made: InvitationImport, row_id: int) -> None:
    """Send one row, once, whatever else is running."""
    try:
        with jobs.writing(made):
            graduate = _lock_graduate(made.rows.get(pk=row_id))
            row = made.rows.select_for_update(no_key=True).get(pk=row_id)
            if row.outcome == RowOutcome.ABLE:
                _send(made, row, graduate)
    except Invalid as invalid:
        _put_bad(row_id, _named(made, invalid.errors))
    except DomainError as refusal:
        _put_bad(row_id, [(0, refusal.message)])


def _lock_graduate(row: InvitationRow) -> Graduate:
    """Lock the graduate first, as every action does, so that two workbooks take turns."""
    return Graduate.objects.select_for_update(no_key=True).get(pk=row.graduate_id or 0)


def _send(made: InvitationImport, row: InvitationRow, graduate: Graduate) -> None:
    member = _sender(made)
    typed = _typed(made, row, member)
    row.invitation = _open_with(graduate.pk, member, check_terms(typed).values)
    row.outcome = RowOutcome.AGAIN
    if row.invitation is None:
        draft = drafts.begin_as_member(graduate=graduate, member=member, address=made.address)
        drafts.save(draft=draft, typed=typed)
        row.invitation, row.outcome = invite.send(draft=draft), RowOutcome.SENT
    row.save(update_fields=["invitation", "outcome"])


def _sender(made: InvitationImport) -> UnitMember:
    """Who sends, as they are now: whoever left meanwhile speaks for the unit no more."""
    member = UnitMember.objects.select_related("unit__certificate", "user", "signature").get(
        pk=made.member_id
    )
    if member.state == Membership.ENDED or not member.user.is_active:
        raise Refused("left", "您在该单位的权限已结束, 没有发送。")
    _check_papers(member)
    return member


def _open_with(graduate_id: int, member: UnitMember, values: dict[str, Any]) -> Invitation | None:
    wanted = terms.plain_values(values)
    rows = Invitation.objects.filter(
        graduate=graduate_id, unit=member.unit_id, state=InvitationState.SENT,
        valid_until__gte=timezone.now(),
    )  # fmt: skip
    return next((i for i in rows if terms.read(i.terms)["values"] == wanted), None)


def _put_bad(row_id: int, problems: Problems) -> None:
    InvitationRow.objects.filter(pk=row_id, outcome=RowOutcome.ABLE).update(
        outcome=RowOutcome.BAD, problems=problems
    )


# --- the row of the import -------------------------------------------------------------------


def _report(made: InvitationImport) -> None:
    """Figures, and the workbook as it came with a column of answers and the wrong cells marked."""
    found = made.rows.order_by().values_list("outcome").annotate(Count("pk"))
    made.counts = {str(o): 0 for o in RowOutcome} | dict(found)
    made.counts["rows"] = sum(made.counts.values())
    rows = list(made.rows.all())
    marks = {
        (at, column): sentence
        for at, row in enumerate(rows, start=2)
        for column, sentence in row.problems
        if column
    }
    lines = [[*row.cells, row.words] for row in rows]
    content = spreadsheets.write([*made.header, "结果"], lines, title="批量邀约", marks=marks)
    made.annotated = imports.store(
        INVITATION_IMPORTS, content, name="批量邀约-结果.xlsx", school_id=None, by_id=made.by_id
    )
