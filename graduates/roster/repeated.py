"""Rows that repeat what is stored, though a reader or a rule refuses it today.

A roster that was imported years ago may have values that are not accepted any more. An untouched
export of them changes nothing, so its rows are not refused either.
"""

from __future__ import annotations

from typing import Any

from core.spreadsheets import real_value
from graduates.models import Graduate
from graduates.records import RELATED, record_of
from graduates.roster.checker import CheckedRoster
from graduates.roster.reader import Roster
from workbooks.actions.rows import repeats_words

_REPEATED = "repeated"  # the issue of a row about somebody whom an earlier row has


def accept_repetitions(roster: Roster, checked: CheckedRoster, school_id: int) -> None:
    """Replace the values and issues of refused rows of which every cell has the words that the export
    writes: they get the stored values and no issue."""
    refused = {
        row.values["student_no"]: (row, cells)
        for (_, cells), row in zip(roster.rows, checked.rows, strict=True)
        if not row.ok
        and row.values.get("student_no")
        and all(issue.code != _REPEATED for issue in row.issues)
    }
    if not refused:
        return
    graduates = Graduate.objects.filter(school_id=school_id, student_no__in=list(refused))
    for graduate in graduates.select_related(*RELATED).iterator(2000):
        row, cells = refused[graduate.student_no]
        record = record_of(graduate, checked.keys)
        if _repeats_export(roster, cells, record):
            row.values, row.issues = record | {"name_sort": graduate.name_sort}, []


def _repeats_export(roster: Roster, cells: list[Any], record: dict[str, Any]) -> bool:
    return all(
        repeats_words(real_value(cell), column.show(record[column.key]))
        for column, cell in zip(roster.columns, cells, strict=True)
        if column is not None
    )
