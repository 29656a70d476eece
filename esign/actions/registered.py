"""The registered route: a unit names the graduate by school, name and student number."""

from __future__ import annotations

from codes import text
from core.errors import Invalid
from core.rate import check, limit
from employers.models import UnitMember
from esign.actions import drafts
from esign.models import Draft
from graduates.models import Graduate
from schools.models import School

# One sentence whatever did not match: nobody finds out who studies where.
NOT_FOUND = "没有找到院校、姓名、学号都一致的毕业生, 请与毕业生核对后再试。"
SCHOOL, NAME, STUDENT_NO = "school", "name", "student_no"
KEYS = {SCHOOL: "院校", NAME: "姓名", STUDENT_NO: "学号"}
_MOST_MISSES = 60  # an hour
_MOST_NAMED = 200


def begin(*, member: UnitMember, school: str, name: str, student_no: str, address: str) -> Draft:
    """A draft for the one graduate all three agree on."""
    typed = {SCHOOL: school, NAME: name, STUDENT_NO: student_no}
    empty = {k: [f"请填写{KEYS[k]}。"] for k, v in typed.items() if not text.clean(v)}
    if empty:
        raise Invalid(empty)
    limit(f"named:{member.user_id}", most=_MOST_NAMED, seconds=3600)
    graduate = find(member=member, school=school, name=name, student_no=student_no)
    if graduate is None:
        raise Invalid({"": [NOT_FOUND]})
    return drafts.begin_as_member(graduate=graduate, member=member, address=address)


def find(*, member: UnitMember, school: str, name: str, student_no: str) -> Graduate | None:
    """All three must agree. Misses are counted: guessing ends with `RateLimited`."""
    misses = f"named:{member.user_id}:misses"
    check(misses, most=_MOST_MISSES)
    found = _find(text.clean(school), text.clean_name(name), text.clean_code(student_no))
    if found is None:
        limit(misses, most=_MOST_MISSES, seconds=3600)
    return found


def _find(school: str, name: str, student_no: str) -> Graduate | None:
    schools = School.objects.filter(is_open=True)
    one = schools.filter(name=school).first() or schools.filter(code=school).first()
    if one is None or not name or not student_no:
        return None
    rows = Graduate.objects.select_related("school", "cohort")
    found = rows.filter(school=one, student_no__iexact=student_no).first()
    if found is None or found.name.replace(" ", "") != name.replace(" ", ""):
        return None
    return found
