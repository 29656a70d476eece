"""信息重复: one person is 在籍 at two schools in one 届, and the province decides which record stays."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from accounts import inbox
from accounts.models import User
from core.errors import Conflict, NotPermitted, Refused
from graduates.actions import standing as standings
from graduates.actions.origin import locked_graduate
from graduates.models import Graduate
from graduates.queries import same_person_and_year
from graduates.states import Standing


def decide(*, graduate_id: int, stands_id: int, standing: str, reason: str, by: User) -> Graduate:
    """Keep the record `stands_id` 在籍, and end the enrolment of every other record of the same
    person and 届 with `standing`, 转出 or 退学. All schools concerned are told. Returns the record
    that stays."""
    if not by.has_perm("graduates.duplicates"):
        raise NotPermitted("role", "信息重复由省级核定。")
    if not reason.strip():
        raise Refused("reason", "请填写核定依据，两校都会看到。", field="reason")
    with transaction.atomic():
        asked = Graduate.objects.select_related("person", "cohort").get(pk=graduate_id)
        records = [locked_graduate(pk) for pk in _record_ids(asked)]
        # Ask again now that the rows are locked: somebody may have decided meanwhile, or corrected
        # the document's number.
        is_same = _record_ids(asked) == [g.pk for g in records]
        if not is_same or len({g.school_id for g in records}) < 2:
            raise Conflict("decided", "此信息重复已经解决，没有重复办理。")
        stands = next((g for g in records if g.pk == stands_id), None)
        if stands is None:
            raise Refused("stands", "请选择保留哪一条记录。", field="stands")
        others = [g for g in records if g is not stands]
        for other in others:
            left = standings.end_enrolment_locked(
                other, standing=standing, reason=f"信息重复核定：{reason.strip()}", by=by
            )
            _tell_schools(left, stands, reason.strip())
    return stands


def _record_ids(graduate: Graduate) -> list[int]:
    return list(same_person_and_year(graduate).values_list("pk", flat=True))


def _tell_schools(left: Graduate, stands: Graduate, reason: str) -> None:
    key = f"duplicate:{left.pk}:{left.version}"
    inbox.tell(
        f"school:{left.school_id}",
        f"信息重复核定：{left.name}在本校的记录改为{Standing(left.standing).label}",
        text=f"学号{left.student_no}，{left.cohort}；在籍学校为{stands.school.name}。{reason}",
        link=reverse("console:origin", args=[left.pk]),
        key=key,
    )
    inbox.tell(
        f"school:{stands.school_id}",
        f"信息重复核定：{stands.name}在本校的记录保留",
        text=f"学号{stands.student_no}，{stands.cohort}；{left.school.name}的记录已改为"
        f"{Standing(left.standing).label}。{reason}",
        link=reverse("console:origin", args=[stands.pk]),
        key=key,
    )
