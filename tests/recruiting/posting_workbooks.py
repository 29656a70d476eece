"""Workbooks of postings, and the steps from upload to the postings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core import spreadsheets
from employers.models import UnitMember
from recruiting.actions import posting_imports
from recruiting.actions.posting_imports import HEADER
from recruiting.fields import POSTING_BY_KEY
from recruiting.models import PostingImport
from tests.recruiting import scene
from workbooks.states import ImportState


def make_row(**changes: Any) -> list[Any]:
    """The cells of a valid row, in the order of the template."""
    values = scene.typed_posting() | {"schools": ""} | changes
    return [values[key] for key in (*POSTING_BY_KEY, "schools")]


def make_workbook(rows: Sequence[Sequence[Any]], header: Sequence[str] = HEADER) -> bytes:
    return spreadsheets.write(header, rows)


def upload(member: UnitMember, content: bytes) -> PostingImport:
    return posting_imports.upload(member=member, content=content, name="a.xlsx", by=member.user)


def check(member: UnitMember, *rows: Sequence[Any]) -> PostingImport:
    return check_workbook(member, make_workbook(rows))


def check_workbook(member: UnitMember, content: bytes) -> PostingImport:
    made = upload(member, content)
    posting_imports.check(made.pk)
    made.refresh_from_db()
    return made


def confirm(member: UnitMember, *rows: Sequence[Any], submits: bool = False) -> PostingImport:
    made = check(member, *rows)
    assert made.state == ImportState.PREVIEWED, made.problem
    posting_imports.confirm(made, member=member, submits=submits, by=member.user)
    return made


def bring_in(member: UnitMember, *rows: Sequence[Any], submits: bool = False) -> PostingImport:
    """Upload, check, confirm and apply."""
    made = confirm(member, *rows, submits=submits)
    posting_imports.apply(made.pk)
    made.refresh_from_db()
    assert made.state == ImportState.DONE, made.problem
    return made


def sentences(made: PostingImport, *, warnings: bool = False) -> list[tuple[int, str, str]]:
    """(row, column, sentence) of the errors, or of the warnings."""
    return [
        (i["row"], i["column"], i["message"])
        for i in made.issues
        if bool(i.get("is_warning")) is warnings
    ]
