"""Small roster workbooks made with openpyxl, as schools would send them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook

from graduates.actions import roster
from graduates.fields import BY_KEY, TEMPLATE_KEYS
from graduates.models import RosterImport
from tests.factories import World

LABELS = {key: BY_KEY[key].label for key in TEMPLATE_KEYS}


def book(rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook of one sheet with these rows, the first of which is the header."""
    imported = Workbook()
    sheet = imported.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    buffer = io.BytesIO()
    imported.save(buffer)
    return buffer.getvalue()


def roster_book(
    *records: Mapping[str, Any], keys: Sequence[str] = TEMPLATE_KEYS, above: int = 0
) -> bytes:
    """A roster of records by field key, with `above` rows before the header, one of them a title."""
    head = [["虚构学院毕业生名册"]] * above
    lines = [[r.get(k, "") for k in keys] for r in records]
    return book([*head, [LABELS.get(k) or BY_KEY[k].label for k in keys], *lines])


def upload(world: World, content: bytes, name: str = "名册.xlsx") -> RosterImport:
    return roster.upload(school=world.school, content=content, name=name, by=world.school_admin)


def check(world: World, content: bytes) -> RosterImport:
    """Upload a workbook and check it; returns the previewed import."""
    return roster.check(upload(world, content).pk)


def apply(world: World, imported: RosterImport) -> RosterImport:
    roster.confirm(roster_import=imported, by=world.school_admin)
    return roster.apply(imported.pk)


def import_book(world: World, content: bytes) -> RosterImport:
    imported = apply(world, check(world, content))
    assert imported.state == "done", imported.problem
    return imported


def import_rows(world: World, *records: Mapping[str, Any]) -> RosterImport:
    return import_book(world, roster_book(*records))


def issue_codes(imported: RosterImport, *, errors: bool | None = None) -> set[str]:
    """The codes of the issues of an import."""
    rows = imported.issues.all()
    if errors is not None:
        rows = rows.filter(is_error=errors)
    return set(rows.values_list("code", flat=True))
