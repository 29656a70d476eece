"""The destinations of the many graduates of the first demo school, in every state, entered and
reviewed by the actions that people use."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from accounts.models import Realm, User
from destinations.actions import (
    base,
    dispute,
    enter,
    evidence,
    final,
    register,
    release,
    review,
)
from destinations.demo import paper
from destinations.final import digest_of, parts_of
from destinations.models import Destination, Dispute, FinalRound
from destinations.states import State
from employers.demo import unit_code
from graduates.demo_roster import demo_account, graduates_of, staff
from graduates.models import Graduate
from graduates.states import Confirmation, Standing
from schools.demo import DEMO_CODE, DEMO_YEAR, EARLIER_YEAR
from schools.models import Department, School, StaffMember
from schools.roles import Role

# Property, industry and name of the units where the demo's graduates work.
_UNITS = (
    ("39", "34", "示例软件股份有限公司"), ("31", "22", "示例汽车制造有限公司"),
    ("22", "42", "示例县第一中学"), ("23", "43", "示例县人民医院"),
    ("39", "31", "示例连锁超市有限公司"), ("31", "35", "示例城市商业银行"),
    ("39", "22", "示例电子科技有限公司"), ("31", "24", "示例路桥建设有限公司"),
    ("39", "37", "示例人力资源有限公司"), ("39", "38", "示例检测技术有限公司"),
    ("39", "22", "示例新材料有限公司"), ("10", "45", "示例区文化馆"),
)  # fmt: skip
_PLACES = ("340111", "340104", "340202", "340303", "341102", "341221", "320106", "330106", "310115")
_JOBS = (
    ("13", "工程师"),
    ("24", "会计"),
    ("21", "行政专员"),
    ("13", "软件测试"),
    ("27", "销售代表"),
)


def _unit(number: int) -> dict[str, str]:
    kind = number % len(_UNITS)
    unit_property, industry, name = _UNITS[kind]
    job_category, job_title = _JOBS[number % len(_JOBS)]
    return {
        "unit_name": name,
        "unit_code": unit_code(body=f"MA9E{kind:04}"),
        "unit_property": unit_property,
        "unit_industry": industry,
        "unit_division": _PLACES[kind % len(_PLACES)],
        "job_category": job_category,
        "job_title": job_title,
        "contact_name": "示例主管",
        "contact_phone": f"0551-600001{kind:02}",
    }


def _typed(number: int) -> dict[str, Any]:
    """What is registered for the graduate with this number: mostly jobs, some studies, and a few of
    every other way."""
    unit, kind = _unit(number), number % 20
    if kind in (3, 7, 12, 18):
        school = ("示例大学", "示例理工大学", "示例师范大学")[number % 3]
        place = ("340104", "320106", "310115")[number % 3]
        return {
            "category": "801", "unit_name": school, "unit_division": place,
            "admitted_major": "计算机技术",
        }  # fmt: skip
    if kind == 5:
        return {"category": "46"}
    if kind == 9:
        return {"category": "12", "monthly_wage": "4500", **_period(), **unit}
    if kind == 14:
        return {"category": "76", "occupation": "为示例杂志供稿", "monthly_wage": "5200"}
    if kind == 16:
        return {"category": "502"} | {k: unit[k] for k in ("unit_name", "unit_division", "contact_name", "contact_phone")}  # fmt: skip
    if kind == 19:
        founded = ("unit_name", "unit_code", "unit_property", "unit_industry", "unit_division")
        return {"category": "751"} | {k: unit[k] for k in founded}
    if kind in (0, 10):
        return {"category": "10", "form": "agreement", "agreement_ref": f"演示{number:04}", **unit}
    return {"category": "11", **unit}


def _period() -> dict[str, str]:
    """Hired for a year from the day on which a cohort leaves."""
    begun = datetime.date(DEMO_YEAR, 7, 15)
    return {
        "hired_from": begun.isoformat(),
        "hired_to": begun.replace(year=DEMO_YEAR + 1).isoformat(),
    }


def fill_destinations() -> None:
    """One step a minute since yesterday, as people would have taken them: not all at once. Events of
    earlier days would have to be in the audit chain already."""
    begun = timezone.now() - datetime.timedelta(hours=20)
    with base.dated(begun + n * datetime.timedelta(minutes=1) for n in itertools.count()):
        _fill()


def _fill() -> None:
    earlier = _waiting(EARLIER_YEAR)
    admin = staff("admin")
    for number, graduate in enumerate(earlier):
        _enter(graduate, {"category": "70-2"} if number % 13 == 4 else _typed(number), admin)
    for number, graduate in enumerate(_waiting(DEMO_YEAR)):
        _steps[number % len(_steps)](number, graduate)
    _propose_releases(graduates_of(EARLIER_YEAR))
    _raise_disputes(graduates_of(DEMO_YEAR))
    _confirm_finally(graduates_of(DEMO_YEAR))


def _waiting(year: int) -> list[Graduate]:
    """Those whose origin is confirmed and whose destination is not registered yet."""
    registered = Destination.objects.filter(school__code=DEMO_CODE).exclude(state=State.UNSUBMITTED)
    done = set(registered.values_list("pk", flat=True))
    return [
        g
        for g in graduates_of(year)
        if g.pk not in done
        and g.standing == Standing.ENROLLED
        and g.confirmation != Confirmation.UNSUBMITTED
    ]


def _enter(graduate: Graduate, typed: dict[str, Any], by: User) -> None:
    enter.enter(graduate_id=graduate.pk, typed=typed, by=by)


def _of_department(number: int, graduate: Graduate) -> None:
    """Entered by the department; waits for the school."""
    _enter(graduate, _typed(number), _department_admin())


def _of_school(number: int, graduate: Graduate) -> None:
    """Entered by the school, which is final."""
    _enter(graduate, _typed(number), staff("admin"))


def _seeking(number: int, graduate: Graduate) -> None:
    _enter(graduate, {"category": ("70-2", "70-4", "71")[number % 3]}, staff("admin"))


def _of_graduate(number: int, graduate: Graduate) -> None:
    """Registered by the graduate with a picture; waits for the department."""
    if graduate.person.user is None:
        return
    by, typed = demo_account(graduate), {"category": "11", **_unit(number)}
    evidence.add_evidence(
        graduate=graduate, content=paper(number), name="合同.png", by=by, category="11"
    )
    register.register(graduate_id=graduate.pk, typed=typed, by=by)


def _rejected(number: int, graduate: Graduate) -> None:
    _of_graduate(number, graduate)
    if graduate.person.user is None:
        return
    reason = ("材料缺少单位盖章", "单位名称与营业执照不一致", "合同缺少本人签字页")[number // 7 % 3]
    review.reject(graduate_id=graduate.pk, reason=reason, by=_department_admin())


def _nothing(number: int, graduate: Graduate) -> None:
    """Not registered yet."""


_steps: tuple[Callable[[int, Graduate], None], ...] = (
    _of_school, _of_graduate, _of_school, _nothing, _of_department, _of_school, _seeking,
    _rejected, _of_school, _of_department, _of_school, _nothing, _of_graduate, _of_school,
)  # fmt: skip


def _department_admin() -> User:
    """Somebody for all departments, who has no password: nobody can sign in as them."""
    login = f"{DEMO_CODE}fangwen"
    user = User.objects.filter(realm=Realm.STAFF, login=login).first()
    if user is None:
        user = User.objects.create_user(Realm.STAFF, login, None, label="示例院系管理员")
        school = School.objects.get(code=DEMO_CODE)
        member = StaffMember.objects.create(user=user, role=Role.DEPARTMENT_ADMIN, school=school)
        member.departments.set(Department.objects.filter(school=school))
        member.cohorts.set(school.cohorts.all())
    return user


def _propose_releases(graduates: list[Graduate]) -> None:
    """Three of the earlier year leave their units; two of them wait for an answer."""
    registered = {
        d.pk: d
        for d in Destination.objects.filter(
            graduate__in=graduates, state=State.SCHOOL_APPROVED, category="11"
        )
    }
    leaving = [g for g in graduates if g.pk in registered and g.person.user is not None][:3]
    if any(registered[g.pk].release_proposed_at for g in leaving):
        return
    for number, graduate in enumerate(leaving):
        proposal = release.propose_release(
            graduate_id=graduate.pk, by=demo_account(graduate),
            reason="已与单位协商一致解除劳动合同，准备考研。", pictures=[paper(900 + number)],
        )  # fmt: skip
        if number == 2:
            release.endorse_release(proposal=proposal, by=_department_admin(), answer="情况属实。")


def _raise_disputes(graduates: list[Graduate]) -> None:
    registered = Destination.objects.filter(
        graduate__in=graduates, state=State.SCHOOL_APPROVED, category="11"
    ).values_list("pk", flat=True)
    disputing = [g for g in graduates if g.pk in set(registered) and g.person.user is not None][:2]
    if Dispute.objects.filter(graduate__in=disputing).exists():
        return
    for graduate in disputing:
        dispute.raise_dispute(
            graduate_id=graduate.pk, reason="我没有到这家单位工作，登记时我不知情。", by=demo_account(graduate)
        )  # fmt: skip


def _confirm_finally(graduates: list[Graduate]) -> None:
    """The school has opened the final confirmation; some have confirmed, two have a doubt."""
    cohort = graduates[0].cohort
    if FinalRound.objects.filter(cohort=cohort).exists():
        return
    final.open_round(cohort_id=cohort.pk, by=staff("admin"))
    approved = final.destinations().filter(
        graduate__in=graduates, state=State.SCHOOL_APPROVED, disputed_at=None
    )
    with_account = approved.filter(graduate__person__user__isnull=False).order_by("pk")
    for number, d in enumerate(with_account[:40]):
        said: dict[str, Any] = {
            "graduate_id": d.pk, "by": demo_account(d.graduate), "device": "演示数据",
            "address": f"198.51.100.{d.pk % 250 + 1}",
        }  # fmt: skip
        if number in (5, 17):
            final.doubt(part="destination", text="职位名称应为软件测试工程师。", **said)
        else:
            final.confirm(digest=digest_of(parts_of(d)), **said)
