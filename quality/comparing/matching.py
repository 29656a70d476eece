"""Whose rows a workbook has: graduates are found by 考生号, else by 证件号码."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.db.bulk import any_of
from graduates.models import Graduate
from graduates.states import Standing
from quality.actions.runs import Work
from quality.comparing.workbook import Line

NO_KEY = "没有考生号，也没有证件号码"


class Matcher:
    """Finds the graduates of a run's cohorts, chunk by chunk, and notices repeated rows."""

    def __init__(self, work: Work, columns: Sequence[str]) -> None:
        self._work = work
        self._columns = ("pk", "exam_no", "person__id_number", "school_id", "name", *columns)
        self._rows: dict[int, int] = {}  # graduate → number of the row

    @property
    def matched(self) -> set[int]:
        return set(self._rows)

    def match(self, chunk: list[Line]) -> list[tuple[Line, dict[str, Any] | None]]:
        """Each row with its graduate's values; None for nobody on the platform. Rows that name nobody or
        the same person again are listed and left out."""
        by_exam = self._find("exam_no", [line.get("exam_no") for line in chunk])
        by_id = self._find("person__id_number", [line.get("id_number") for line in chunk])
        found = []
        for line in chunk:
            exam, number = line.get("exam_no"), line.get("id_number")
            if not exam and not number:
                self._work.note_bad_row(line.number, NO_KEY)
                continue
            person = by_exam.get(exam) if exam else None
            person = person or (by_id.get(number) if number else None)
            if person is not None:
                first = self._rows.setdefault(person["pk"], line.number)
                if first != line.number:
                    self._work.note_bad_row(line.number, f"与第{first}行是同一个人")
                    continue
            found.append((line, person))
        return found

    def _find(self, key: str, wanted: list[Any]) -> dict[str, dict[str, Any]]:
        rows = Graduate.objects.filter(
            any_of(key, [value for value in wanted if value]),
            cohort_id__in=self._work.cohorts, standing=Standing.ENROLLED,
        )  # fmt: skip
        return {row[key]: row for row in rows.values(*self._columns)}
