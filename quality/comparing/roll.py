"""学籍比对: the graduates of the platform against the file of the student registry (学籍)."""

from __future__ import annotations

import datetime
from typing import Any

from codes.fields import FieldDeclaration
from core.masking import mask_id
from graduates.fields import BY_KEY
from graduates.models import Graduate
from graduates.states import Standing
from quality.actions.runs import Work
from quality.comparing.matching import Matcher
from quality.comparing.workbook import CHUNK, Line, columns_of, lines, origin_fields
from schools.models import Cohort, School

_COMPARED = (
    "name", "gender", "student_no", "major_code", "level", "duration", "training_mode", "enrolled_on",
    "graduates_on",
)  # fmt: skip
_SCHOOL_CODE = FieldDeclaration("school_code", "院校代码", "text", "", required=False)
_FIELDS = origin_fields("exam_no", "id_number", *_COMPARED) | {"school_code": _SCHOOL_CODE}
_COLUMNS = columns_of(_FIELDS, school_code=("学校代码", "院校标识码"), name=("学生姓名",))


def compare(work: Work) -> None:
    matcher = Matcher(work, _COMPARED)
    codes = dict(School.objects.values_list("code", "pk"))
    cohorts = dict(Cohort.objects.filter(pk__in=work.cohorts).values_list("school_id", "pk"))
    schools: set[int] = set()
    for number, chunk in enumerate(lines(work, _FIELDS, _COLUMNS)):
        work.progress.tell(min(85, 10 + 5 * number), "逐行比对")
        differs: list[dict[str, Any]] = []
        extra: list[dict[str, Any]] = []
        for line, person in matcher.match(chunk):
            work.counts["checked"] += 1
            if person is not None:
                schools.add(person["school_id"])
                differs += _differences(line, person)
                continue
            school = work.run.school_id or codes.get(line.get("school_code") or "", 0)
            if school not in cohorts:
                work.note_bad_row(line.number, "平台上没有此人，文件中也没有可识别的院校代码")
                continue
            extra.append(_extra(line, school, cohorts[school]))
        work.write("roll_differs", differs)
        work.write("roll_extra", extra)
    work.progress.tell(88, "找出文件中没有的")
    _write_missing(work, schools, matcher.matched)


def _differences(line: Line, person: dict[str, Any]) -> list[dict[str, Any]]:
    """One finding for each field of the file that says something else than the platform."""
    found = []
    for key in _COMPARED:
        theirs, ours = line.get(key), person[key]
        if theirs in (None, "") or _is_equal(ours, theirs, line.raw.get(key)):
            continue
        declared = BY_KEY[key]
        words, others = declared.show(ours), declared.show(theirs)
        found.append({
            "graduate_id": person["pk"], "matter": key, "subject": f"{person['pk']}",
            "sentence": f"{declared.label}与学籍文件不一致：本平台为“{words}”，文件中为“{others}”。",
            "evidence": {"field": declared.label, "ours": words, "theirs": others},
        })  # fmt: skip
    return found


def _is_equal(ours: Any, theirs: Any, raw: Any) -> bool:
    if ours == theirs:
        return True
    if isinstance(ours, datetime.date) and isinstance(theirs, datetime.date):
        # A file that has months alone says nothing of the day.
        only_month = isinstance(raw, str | int) and len(str(raw).strip()) <= len("2027-07")
        return only_month and (ours.year, ours.month) == (theirs.year, theirs.month)
    return False


def _extra(line: Line, school_id: int, cohort_id: int) -> dict[str, Any]:
    """Somebody of the file who is not on the platform. Numbers are kept masked."""
    number = str(line.get("exam_no") or line.get("id_number"))
    name = line.get("name") or "（文件中没有姓名）"
    return {
        "school_id": school_id, "cohort_id": cohort_id, "matter": number, "subject": number,
        "sentence": f"学籍文件第{line.number}行的{name}，平台上没有。",
        "evidence": {"name": name, "number": mask_id(number)},
    }  # fmt: skip


def _write_missing(work: Work, schools: set[int], matched: set[int]) -> None:
    """Graduates who are not in the file, of the schools that the file is about: those of which it has
    anybody, and the run's own."""
    if work.run.school_id is not None:
        schools = schools | {work.run.school_id}
    rows = Graduate.objects.filter(
        cohort_id__in=work.cohorts, school_id__in=schools, standing=Standing.ENROLLED
    ).order_by("pk")
    missing = [
        {
            "graduate_id": pk, "matter": "", "subject": f"{pk}",
            "sentence": "平台上有此毕业生，学籍文件中没有。", "evidence": {"number": exam_no},
        }
        for pk, exam_no in rows.values_list("pk", "exam_no").iterator()
        if pk not in matched
    ]  # fmt: skip
    for start in range(0, len(missing), CHUNK):
        work.write("roll_missing", missing[start : start + CHUNK])
