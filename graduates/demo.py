"""Demo graduates. Their student numbers begin with 9, which those of a roster do not."""

from __future__ import annotations

import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import Realm, User
from codes.validators import id_check_character
from core.audit import Actor
from graduates.actions import archive, origin
from graduates.models import Graduate, Person
from graduates.records import RELATED, confirmation_hash, record_of
from schools.demo import DEMO_CODE, DEMO_YEAR, OTHER_DEMO_CODE
from schools.models import Cohort, School, SchoolClass

_GIVEN = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"
_ORIGINS = ("340181", "340111", "340621", "341221", "340281", "320106")
_COUNTS = {DEMO_CODE: 20, OTHER_DEMO_CODE: 6}
ACTIVE_NUMBER = "90270001"
DEMO_ACTOR = Actor(None, "system", "演示数据")


def id_number(index: int) -> str:
    """An invented document number with a correct check character."""
    first = f"340123{2004 + index % 2}{1 + index % 12:02}{1 + index % 28:02}{index % 1000:03}"
    return first + id_check_character(first)


def typed_record(index: int, its_class: SchoolClass, year: int) -> dict[str, Any]:
    major = its_class.name.removesuffix("班")[:-3]
    # The two demo schools have different persons.
    school = its_class.school.code
    person = index + (0 if school == DEMO_CODE else 500)
    number = id_number(person)
    return {
        "year": str(year),
        "level": "31",
        "education_type": "P",
        "teacher_student": "2",
        "department": its_class.department.name,
        "school_class": its_class.name,
        "name": f"示例{_GIVEN[index % len(_GIVEN)]}",
        "gender": "1" if int(number[16]) % 2 else "2",
        "id_number": number,
        "student_no": f"9027{index + 1:04}",
        "exam_no": f"90{school}{index + 1:07}",
        "training_mode": "1",
        "major_code": _MAJORS.get(major, "080901"),
        "major_name": major,
        "duration": "4",
        "ethnicity": "01",
        "politics": "03" if index % 3 else "01",
        "origin": _ORIGINS[index % len(_ORIGINS)],
        "enrolled_on": f"{year - 4}0901",
        "graduates_on": f"{year}0701",
        "conclusion": "G",
        "difficulty": "0",
        "archive_moved": "是",
        "household_moved": "否",
        "mobile": f"1390000{person:04}",
        "email": f"demo{index}@example.edu.cn",
    }


_MAJORS = {
    "计算机科学与技术": "080901",
    "软件工程": "080902",
    "汉语言文学": "050101",
    "会计学": "120203K",
    "金融学": "020301K",
    "机械设计制造及其自动化": "080202",
    "机械电子工程": "080204",
    "英语": "050201",
    "化学": "070301",
    "应用化学": "070302",
}


def make_graduates(password: str) -> None:
    """Add graduates to both demo schools, three of four confirmed. The first one has an account, and most
    have an archive."""
    for code, count in _COUNTS.items():
        school = School.objects.get(code=code)
        cohort = Cohort.objects.get(school=school, year=DEMO_YEAR)
        classes = list(
            SchoolClass.objects.filter(cohort=cohort).select_related("department", "school")
        )
        for index in range(count):
            if Graduate.objects.filter(school=school, student_no=f"9027{index + 1:04}").exists():
                continue
            typed = typed_record(index, classes[index % len(classes)], DEMO_YEAR)
            graduate = origin.add(school=school, typed=typed, by=DEMO_ACTOR)
            Graduate.objects.filter(pk=graduate.pk).update(created_at=long_ago())
            if index % 4:
                confirm(graduate)
        _write_archives(school)
        _open_account(school, password)


def _write_archives(school: School) -> None:
    """Say where most archives go, and that some of them were sent. Graduates who sign in the demo are
    left out: their agreements say where their archives go."""
    admin = User.objects.filter(realm=Realm.STAFF, login=f"{school.code}admin").first()
    if admin is None:
        return
    graduates = Graduate.objects.select_related("archive").filter(
        school=school, cohort__year=DEMO_YEAR, student_no__startswith="9027"
    )
    for index, graduate in enumerate(graduates.order_by("student_no")[_SIGNING:]):
        if index % 4 == 3 or hasattr(graduate, "archive"):
            continue
        archive.save(graduate_id=graduate.pk, typed=RECEIVERS[index % 3], by=admin)
        if index % 2:
            sending = {"tracking_no": f"9900{index + 1:09}", "sent_on": today()}
            archive.record_sending(graduate_id=graduate.pk, typed=sending, by=admin)


# The first ones in the order of student numbers sign agreements in the demo and in browser tests.
_SIGNING = 4
RECEIVERS = (
    {
        "transfer_type": "origin", "unit_name": "示例县人才服务中心", "contact": "示例老师",
        "phone": "0551-60000001", "address": "示例县示例路1号", "postcode": "230000",
    },
    {
        "transfer_type": "agency", "unit_name": "示例市人才交流中心", "contact": "示例老师",
        "phone": "0551-60000002", "address": "示例市示例路2号", "postcode": "230001",
    },
    {"transfer_type": "keep"},
)  # fmt: skip


def today() -> str:
    return timezone.localdate().isoformat()


def long_ago() -> datetime.datetime:
    """The demo's records and accounts are a month old, so that one can sign at once (ADR 6)."""
    return timezone.now() - datetime.timedelta(days=30)


def confirm(graduate: Graduate) -> None:
    """Confirm the origin record as it stands."""
    graduate = Graduate.objects.select_related(*RELATED).get(pk=graduate.pk)
    shown = confirmation_hash(record_of(graduate))
    origin.confirm(graduate_id=graduate.pk, shown_hash=shown, by=DEMO_ACTOR)


def _open_account(school: School, password: str) -> None:
    graduate = Graduate.objects.get(school=school, student_no=ACTIVE_NUMBER)
    login = f"{school.code}:{ACTIVE_NUMBER}"
    user = User.objects.filter(realm=Realm.GRADUATE, login=login).first()
    if user is None:
        user = User.objects.create_user(Realm.GRADUATE, login, password, label=graduate.name)
    Person.objects.filter(pk=graduate.person_id).update(user=user, activated_at=long_ago())


def graduates_exist() -> bool:
    return Graduate.objects.filter(school__code=DEMO_CODE, student_no=ACTIVE_NUMBER).exists()


def show_graduate() -> list[tuple[str, str, str]]:
    """The graduate of the demo who has an account."""
    return [
        ("毕业生", reverse("login"), f"{school.name} 学号 {ACTIVE_NUMBER}")
        for school in School.objects.filter(code=DEMO_CODE)
    ]
