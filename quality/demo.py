"""What a screening of the filled demo school finds: one picture at three graduates, one telephone under four
unit codes, and one account that enters very many destinations at once; everything else is in order. Beside
it a sample whose calls are given to the school's staff."""

from __future__ import annotations

from typing import Any

from accounts.models import Realm, User
from destinations.actions import enter, evidence
from destinations.demo import paper
from destinations.models import Destination
from destinations.states import State
from employers.demo import unit_code
from graduates.demo_roster import graduates_of, staff
from graduates.models import Graduate
from graduates.states import Confirmation, Standing
from quality.actions import runs, samples
from quality.models import Sample
from quality.states import RunKind
from schools.demo import DEMO_CODE, DEMO_YEAR
from schools.models import School

SAME_PICTURE, ONE_PHONE, AT_ONCE = 3, 4, 22
_PHONE = "0551-60009999"
# The first unit is that of the first planted graduate; by it a later call knows what is there.
_FIRST_UNIT = "示例商务咨询一部"
_NUMBERS = "一二三四五六七"
_STUDIES = {
    "category": "801", "unit_name": "示例财经大学", "unit_division": "340104", "admitted_major": "会计",
}  # fmt: skip


def fill_quality() -> None:
    _plant_what_is_found()
    _draw_a_sample()


def _plant_what_is_found() -> None:
    if Destination.objects.filter(school__code=DEMO_CODE, unit_name=_FIRST_UNIT).exists():
        return
    free = _not_registered()
    if len(free) < SAME_PICTURE + ONE_PHONE + AT_ONCE:
        return  # somebody has registered them meanwhile
    admin, many = staff("admin"), _account_for_all()
    for graduate in free[SAME_PICTURE + ONE_PHONE :][:AT_ONCE]:
        enter.enter(graduate_id=graduate.pk, typed=_STUDIES, by=many)
    for number, graduate in enumerate(free[: SAME_PICTURE + ONE_PHONE]):
        shares_phone = number < ONE_PHONE
        typed = _job(number, _PHONE if shares_phone else f"0551-6001{number:04}")
        enter.enter(graduate_id=graduate.pk, typed=typed, by=admin)
        if not shares_phone:
            evidence.add_evidence(graduate=graduate, content=paper(777), name="合同.png", by=admin)
    school = School.objects.get(code=DEMO_CODE)
    screening = runs.ask(kind=RunKind.SCREENING, school=school, year=DEMO_YEAR, by=admin)
    runs.do(screening.pk)


def _draw_a_sample() -> None:
    """Thirty approved destinations of the demo school, to be called by its staff."""
    school = School.objects.get(code=DEMO_CODE)
    if Sample.objects.filter(school=school).exists():
        return
    admin = staff("admin")
    sample = samples.create(
        typed={
            "name": "春季去向抽查", "year": DEMO_YEAR, "categories": [], "department_ids": [],
            "only_flagged": False, "divided_by": ["department"], "percent": None, "number": 30,
            "blind": False,
        },
        by=admin,
    )  # fmt: skip
    drawn = samples.draw(sample_id=sample.pk, version=sample.version, by=admin)
    callers = [staff(role).pk for role in ("admin", "yuanxi", "fudaoyuan")]
    samples.assign(sample_id=sample.pk, user_ids=callers, version=drawn.version, by=admin)


def _not_registered() -> list[Graduate]:
    """Those of the present year who have confirmed their origin and registered nothing."""
    open_ones = Destination.objects.filter(
        school__code=DEMO_CODE, cohort__year=DEMO_YEAR, state=State.UNSUBMITTED
    ).values_list("pk", flat=True)
    pks = set(open_ones)
    return [
        g
        for g in graduates_of(DEMO_YEAR)
        if g.pk in pks
        and g.standing == Standing.ENROLLED
        and g.confirmation != Confirmation.UNSUBMITTED
    ]


def _account_for_all() -> User:
    """The account for all departments, which nobody can sign in to (`destinations/demo_many.py`)."""
    found = User.objects.filter(realm=Realm.STAFF, login=f"{DEMO_CODE}fangwen").first()
    return found or staff("admin")


def _job(number: int, phone: str) -> dict[str, Any]:
    return {
        "category": "11", "unit_name": f"示例商务咨询{_NUMBERS[number]}部",
        "unit_code": unit_code(body=f"MA9G{number:04}"), "unit_property": "39",
        "unit_industry": "36", "unit_division": "340104", "job_category": "24",
        "job_title": "会计", "contact_name": "示例主管", "contact_phone": phone,
    }  # fmt: skip
