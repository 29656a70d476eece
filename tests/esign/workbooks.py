"""Workbooks of invitations, and the steps from upload to sending."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core import spreadsheets
from employers.models import UnitMember
from esign.actions import imports
from esign.actions.registered import KEYS
from esign.models import InvitationImport, InvitationRow
from graduates.models import Graduate
from tests.esign import signing
from workbooks.actions import imports as workbook_imports
from workbooks.states import ImportState


def make_row(graduate: Graduate, **changes: Any) -> list[Any]:
    """The cells of a valid row that invites the graduate."""
    who = {
        "school": graduate.school.name, "name": graduate.name, "student_no": graduate.student_no,
    }  # fmt: skip
    values = signing.typed_terms() | who | changes
    return [values[k] for k in (*KEYS, *imports.FIELD_KEYS)]


def make_workbook(rows: Sequence[Sequence[Any]], header: Sequence[str] = imports.HEADER) -> bytes:
    return spreadsheets.write(header, rows)


def upload_workbook(member: UnitMember, content: bytes) -> InvitationImport:
    return imports.upload(
        member=member, content=content, name="a.xlsx", by=member.user, address=signing.ADDRESS
    )


def check_workbook(member: UnitMember, content: bytes) -> InvitationImport:
    made = upload_workbook(member, content)
    imports.check(made.pk)
    made.refresh_from_db()
    return made


def confirm_workbook(member: UnitMember, content: bytes) -> InvitationImport:
    made = check_workbook(member, content)
    assert made.state == ImportState.PREVIEWED, made.problem
    workbook_imports.confirm(made, by=member.user)
    return made


def send_workbook(member: UnitMember, rows: Sequence[Sequence[Any]]) -> list[InvitationRow]:
    """Upload, check, confirm and send; returns the rows with their outcomes."""
    made = confirm_workbook(member, make_workbook(rows))
    imports.apply(made.pk)
    made.refresh_from_db()
    assert made.state == ImportState.DONE, made.problem
    return list(made.rows.all())
