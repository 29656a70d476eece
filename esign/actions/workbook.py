"""Many invitations at once from a workbook: each row by itself, good ones sent, bad ones named.

The unit's kept pictures and signature are used. The same terms are not sent again to a graduate
while an invitation of the unit with just these is open, so a workbook may be sent twice.
"""

from __future__ import annotations

import datetime
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from codes import text
from core import workbooks
from core.errors import DomainError, Invalid, Refused
from core.rate import RateLimited, limit
from core.workbook_child import plain_header
from core.workbooks import WorkbookRefused, real_value
from employers.models import UnitMember
from esign import terms
from esign.actions import drafts, invite, registered
from esign.actions.registered import KEYS, NAME, STUDENT_NO
from esign.fields import ARCHIVE, BY_KEY, IMAGES, JOB, SIGN, of_step
from esign.models import Invitation
from esign.rules import check_terms
from esign.states import InvitationState
from graduates.models import Graduate

MOST_ROWS = 200
MOST_BYTES = 5 * 1024 * 1024
_CONTACT = ("contact_phone", "contact_email")
_FIELDS = tuple(f for s in (JOB, ARCHIVE, SIGN) for f in of_step(s))
FIELD_KEYS = (*[f.key for f in _FIELDS], *_CONTACT)
HEADER = (*KEYS.values(), *[BY_KEY[k].label for k in FIELD_KEYS])
_WANTED = {plain_header(label): key for key, label in KEYS.items()} | {
    plain_header(BY_KEY[k].label): k for k in FIELD_KEYS
}
# An empty cell of these means what is known; of the others it means nothing.
_FROM_KNOWN = {*_CONTACT, "valid_days"}
SENT, AGAIN, BAD = "sent", "again", "bad"


@dataclass
class Answer:
    """What became of one row. `problems` are (column from 1 or 0 for none, sentence)."""

    number: int
    cells: list[str]
    graduate: str = ""
    outcome: str = BAD
    invitation: int | None = None
    problems: list[tuple[int, str]] = field(default_factory=list)

    @property
    def words(self) -> str:
        if self.outcome == SENT:
            return "已发送"
        if self.outcome == AGAIN:
            return "相同的邀约仍在等待答复, 没有重复发送"
        return "; ".join(sentence for _, sentence in self.problems)


@dataclass
class Result:
    header: list[str]
    rows: list[Answer]

    def count(self, outcome: str) -> int:
        return sum(r.outcome == outcome for r in self.rows)

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Result:
        return cls(plain["header"], [Answer(**row) for row in plain["rows"]])

    def marked(self) -> bytes:
        """The workbook as it came, with a column of answers and the wrong cells marked."""
        marks = {
            (i, column): sentence
            for i, row in enumerate(self.rows, start=2)
            for column, sentence in row.problems
            if column
        }
        lines = [[*row.cells, row.words] for row in self.rows]
        return workbooks.write([*self.header, "结果"], lines, title="批量邀约", marks=marks)


def missing_papers(member: UnitMember) -> list[str]:
    """What must be kept before rows can be sent."""
    found = [
        label for slot, label in IMAGES.items()
        if (drafts.certificate_of(member) if slot == "certificate" else getattr(member, slot))
        is None
    ]  # fmt: skip
    return found if member.signature is not None else [*found, "手写签名"]


def send_all(*, member: UnitMember, content: bytes, address: str) -> Result:
    """Raises `WorkbookRefused` for a file that can't be used at all."""
    missing = missing_papers(member)
    if missing:
        raise Refused("papers", f"请先在“单位”中保存: {'、'.join(missing)}。")
    limit(f"invite-workbook:{member.user_id}", most=20, seconds=3600)
    header, columns, rows = _read(content)
    known = {"valid_days": "3", **drafts.known_values(member)}
    answers: list[Answer] = []
    seen: dict[int, int] = {}
    for number, cells in rows:
        values = dict(zip(columns, cells, strict=False))
        answer = Answer(number, cells, values.get(NAME, ""))
        answers.append(answer)
        try:
            _send(answer, values, known, seen, member=member, address=address)
        except Invalid as invalid:
            answer.problems = [
                (_column(columns, key), sentence)
                for key, sentences in invalid.errors.items()
                for sentence in sentences
            ]
        except RateLimited:
            answer.problems = [(0, "核对不上的毕业生过多, 请一小时后再试。")]
        except DomainError as refusal:
            answer.problems = [(0, refusal.message)]
    return Result(header, answers)


def _read(content: bytes) -> tuple[list[str], list[str], list[tuple[int, list[str]]]]:
    """(header, its keys, rows of written cells)."""
    if len(content) > MOST_BYTES:
        raise WorkbookRefused("too_large", "工作簿超过5MB, 请使用模板, 每次最多200行。")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "invitations.xlsx"
        path.write_bytes(content)
        sheet = workbooks.read(path, headers=list(_WANTED), most_rows=MOST_ROWS)
    columns = [_WANTED.get(plain_header(h), "") for h in sheet.header]
    missing = [label for key, label in KEYS.items() if key not in columns]
    missing += [f.label for f in _FIELDS if f.key not in columns and f.key in _REQUIRED]
    if missing:
        raise WorkbookRefused("missing_columns", f"工作簿缺少这些列: {'、'.join(missing)}")
    width = len(sheet.header)
    rows = [(n, [_written(c) for c in cells[:width]]) for n, cells in sheet.rows]
    return sheet.header, columns, rows


_REQUIRED = {f.key for f in of_step(JOB)} - {"signing_notes", "penalty_notes"}


def _written(cell: Any) -> str:
    """A cell as somebody would type it."""
    value = real_value(cell)
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return text.clean(str(value)) if value is not None else ""


def _column(columns: list[str], key: str) -> int:
    """Where a field stands in the workbook; 0 for what the unit itself lacks."""
    return columns.index(key) + 1 if key in columns else 0


def _send(
    answer: Answer, values: dict[str, str], known: dict[str, str], seen: dict[int, int], *,
    member: UnitMember, address: str,
) -> None:  # fmt: skip
    who = {k: values.get(k, "") for k in KEYS}
    empty = {k: [f"{KEYS[k]}不能为空"] for k, v in who.items() if not v}
    typed = known | {
        k: v for k, v in values.items() if k in BY_KEY and (v or k not in _FROM_KNOWN)
    }  # fmt: skip
    checked = check_terms(typed)
    errors = _named(checked.errors()) | empty
    graduate = None if empty else registered.find(member=member, **who)
    if not empty and graduate is None:
        errors[STUDENT_NO] = [registered.NOT_FOUND]
    if graduate is not None and graduate.pk in seen:
        errors[STUDENT_NO] = [f"与第{seen[graduate.pk]}行是同一名毕业生"]
    if errors or graduate is None:
        raise Invalid(errors)
    seen[graduate.pk] = answer.number
    answer.invitation, again = _send_one(graduate, member, typed, checked.values, address)
    answer.outcome = AGAIN if again else SENT


def _named(errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """What the workbook has no column for is named, so that it can be mended elsewhere."""
    return {
        k: v if k in FIELD_KEYS else [f"{BY_KEY[k].label}: {s}" for s in v]
        for k, v in errors.items()
    }


def _send_one(
    graduate: Graduate, member: UnitMember, typed: dict[str, str], values: dict[str, Any],
    address: str,
) -> tuple[int, bool]:  # fmt: skip
    """(invitation, was it there already). The graduate's lock lets two uploads pass in turn."""
    with transaction.atomic():
        Graduate.objects.select_for_update(no_key=True).only("id").get(pk=graduate.pk)
        same = _open_with(graduate, member, values)
        if same is not None:
            return same.pk, True
        draft = drafts.begin_as_member(graduate=graduate, member=member, address=address)
        drafts.save(draft=draft, typed=typed)
        return invite.send(draft=draft).pk, False


def _open_with(graduate: Graduate, member: UnitMember, values: dict[str, Any]) -> Invitation | None:
    wanted = terms.plain_values(values)
    rows = Invitation.objects.filter(
        graduate=graduate, unit=member.unit_id, state=InvitationState.SENT,
        valid_until__gte=timezone.now(),
    )  # fmt: skip
    return next((i for i in rows if terms.read(i.terms)["values"] == wanted), None)
