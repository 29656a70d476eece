"""Invitations by a registered unit, which names the graduate by school, name and student number."""

from __future__ import annotations

from codes import text
from core.errors import Invalid
from core.rate import check, limit
from employers.models import UnitMember
from esign.actions import drafts
from esign.models import Draft
from graduates.models import Graduate
from schools.models import School

# The same sentence whichever part did not match, so that nobody can find out who studies where.
NOT_FOUND = "没有找到院校、姓名、学号都一致的毕业生，请与毕业生核对后再试。"
SCHOOL, NAME, STUDENT_NO = "school", "name", "student_no"
KEYS = {SCHOOL: "院校", NAME: "姓名", STUDENT_NO: "学号"}
_MOST_MISSES = 60  # an hour
_MOST_NAMED = 200


def begin_draft(
    *, member: UnitMember, school: str, name: str, student_no: str, address: str
) -> Draft:
    """A draft for the graduate with this school, name and student number.

    Raises `Invalid` with empty fields, or with `NOT_FOUND`.
    """
    typed = {SCHOOL: school, NAME: name, STUDENT_NO: student_no}
    empty = {k: [f"请填写{KEYS[k]}。"] for k, v in typed.items() if not text.clean(v)}
    if empty:
        raise Invalid(empty)
    limit(f"named:{member.user_id}", most=_MOST_NAMED, seconds=3600)
    graduate = find_graduate(member=member, school=school, name=name, student_no=student_no)
    if graduate is None:
        raise Invalid({"": [NOT_FOUND]})
    return drafts.begin_as_member(graduate=graduate, member=member, address=address)


def find_graduate(
    *, member: UnitMember, school: str, name: str, student_no: str
) -> Graduate | None:
    """The graduate with this school, name and student number; None if any of the three differs.

    Misses are counted. Raises `RateLimited` after too many, so that nobody can guess.
    """
    misses = f"named:{member.user_id}:misses"
    check(misses, most=_MOST_MISSES)
    graduate = _match_graduate(
        text.clean(school), text.clean_name(name), text.clean_code(student_no)
    )
    if graduate is None:
        limit(misses, most=_MOST_MISSES, seconds=3600)
    return graduate


def _match_graduate(school: str, name: str, student_no: str) -> Graduate | None:
    schools = School.objects.filter(is_open=True)
    one = schools.filter(name=school).first() or schools.filter(code=school).first()
    if one is None or not name or not student_no:
        return None
    rows = Graduate.objects.select_related("school", "cohort")
    graduate = rows.filter(school=one, student_no__iexact=student_no).first()
    if graduate is None or graduate.name.replace(" ", "") != name.replace(" ", ""):
        return None
    return graduate
