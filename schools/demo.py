"""The demo schools with an account of every role."""

from __future__ import annotations

import datetime

from django.utils import timezone

from accounts.models import Realm, User
from schools.models import Cohort, Department, Major, School, SchoolClass, StaffMember
from schools.roles import Role

DEMO_CODE, OTHER_DEMO_CODE = "99001", "99002"
DEMO_YEAR = 2027
_SCHOOLS = {DEMO_CODE: "示范大学", OTHER_DEMO_CODE: "示范职业技术学院"}
_CONTACT = {
    "contact_department": "毕业生就业指导中心",
    "contact_name": "演示老师",
    "phone": "0551-00000000",
    "address": "合肥市虚构路1号行政楼",
    "postcode": "230000",
}
_DEPARTMENTS = {
    "计算机与信息学院": [("080901", "计算机科学与技术"), ("080902", "软件工程")],
    "文学院": [("050101", "汉语言文学")],
    "经济管理学院": [("120203K", "会计学"), ("020301K", "金融学")],
}

# The cohort before, and the departments that the first school has beside those above.
EARLIER_YEAR = DEMO_YEAR - 1
_MORE_DEPARTMENTS = {
    "机械工程学院": [("080202", "机械设计制造及其自动化"), ("080204", "机械电子工程")],
    "外国语学院": [("050201", "英语")],
    "化学与材料学院": [("070301", "化学"), ("070302", "应用化学")],
}


def schools_exist() -> bool:
    return School.objects.filter(code__in=_SCHOOLS).count() == len(_SCHOOLS)


def make_schools(password: str) -> None:
    _account("province", "演示省级", Role.PROVINCE, None, password)
    for code, name in _SCHOOLS.items():
        school, _ = School.objects.get_or_create(code=code, defaults={"name": name, **_CONTACT})
        cohort, _ = Cohort.objects.get_or_create(
            school=school,
            year=DEMO_YEAR,
            defaults={
                "opens_on": datetime.date(DEMO_YEAR - 1, 9, 1),
                "ends_on": datetime.date(DEMO_YEAR, 8, 31),
            },
        )
        departments = _make_departments(cohort, _DEPARTMENTS)
        _account(f"{code}admin", f"演示校管{code}", Role.SCHOOL_ADMIN, school, password)
        admin = _account(
            f"{code}yuanxi", f"演示院系{code}", Role.DEPARTMENT_ADMIN, school, password
        )
        admin.cohorts.set([cohort])
        admin.departments.set(departments[:2])
        adviser = _account(
            f"{code}fudaoyuan", f"演示辅导员{code}", Role.COUNSELLOR, school, password
        )
        adviser.cohorts.set([cohort])
        adviser.departments.set(departments[:1])


def _make_departments(cohort: Cohort, wanted: dict[str, list[tuple[str, str]]]) -> list[Department]:
    """Departments with their majors, and two classes of each major in the cohort."""
    school = cohort.school
    departments = []
    for department_name, majors in wanted.items():
        department, _ = Department.objects.get_or_create(school=school, name=department_name)
        departments.append(department)
        for major_code, major_name in majors:
            Major.objects.get_or_create(school=school, code=major_code, name=major_name)
            for number in (1, 2):
                SchoolClass.objects.get_or_create(
                    school=school, cohort=cohort, department=department,
                    name=f"{major_name}{cohort.year % 100 - 4}{number}班",
                )  # fmt: skip
    return departments


def fill_school() -> None:
    """Give the first school six departments, and an earlier cohort that is open until the end of its
    year."""
    school = School.objects.get(code=DEMO_CODE)
    cohort = Cohort.objects.get(school=school, year=DEMO_YEAR)
    earlier, _ = Cohort.objects.get_or_create(
        school=school, year=EARLIER_YEAR,
        defaults={
            "opens_on": datetime.date(EARLIER_YEAR - 1, 9, 1),
            "ends_on": datetime.date(EARLIER_YEAR, 12, 31),
        },
    )  # fmt: skip
    _make_departments(cohort, _MORE_DEPARTMENTS)
    _make_departments(earlier, _DEPARTMENTS | _MORE_DEPARTMENTS)


def _account(
    login: str, label: str, role: str, school: School | None, password: str
) -> StaffMember:
    user = User.objects.filter(realm=Realm.STAFF, login=login).first()
    if user is None:
        # A month old, because a new account can't confirm what others entered by hand.
        month_ago = timezone.now() - datetime.timedelta(days=30)
        user = User.objects.create_user(
            Realm.STAFF, login, password, label=label, created_at=month_ago
        )
    staff, _ = StaffMember.objects.get_or_create(
        user=user, defaults={"role": role, "school": school}
    )
    return staff


def accounts() -> list[tuple[str, str, str]]:
    """(role, sign-in page, login) of the staff accounts."""
    staff = StaffMember.objects.select_related("user").filter(user__label__startswith="演示")
    return [
        (member.get_role_display(), "/console/login/", member.user.login)
        for member in staff.order_by("school__code", "role")
    ]
