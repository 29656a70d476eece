"""The many graduates of the first demo school: two rosters, and what became of most records.

Their student numbers begin with 926 or 927. They are read from a workbook as a school's own, then
confirmed, locked, corrected and counted out by the actions that people use.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import Realm, User
from core import spreadsheets
from core.errors import DomainError
from graduates import demo
from graduates.actions import archive, corrections, origin, roster, standing
from graduates.fields import BY_KEY, TEMPLATE_KEYS
from graduates.models import CorrectionRequest, Graduate, Person
from graduates.states import Confirmation, CorrectionKind, Standing
from schools.demo import DEMO_CODE, DEMO_YEAR, EARLIER_YEAR
from schools.models import School, SchoolClass
from workbooks.states import ImportState

# Year → (first digits of the student numbers, how many, number of the first person).
_ROSTERS = {DEMO_YEAR: ("927", 430, 20), EARLIER_YEAR: ("926", 150, 700)}
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_PLACES = (
    "340104", "340111", "340123", "340181", "340202", "340281", "340303", "340403", "340621",
    "340711", "340811", "341002", "341102", "341202", "341221", "341302", "341502", "341602",
    "341702", "341802", "320106", "330106", "410105", "420106",
)  # fmt: skip


def graduates_of(year: int) -> list[Graduate]:
    """The many graduates of a year, in the order of their student numbers."""
    rows = Graduate.objects.select_related("person__user", "school", "cohort", "school_class")
    found = rows.filter(school__code=DEMO_CODE, student_no__startswith=_ROSTERS[year][0])
    return list(found.order_by("student_no"))


def staff(role: str) -> User:
    return User.objects.get(realm=Realm.STAFF, login=f"{DEMO_CODE}{role}")


def fill_graduates() -> None:
    school = School.objects.get(code=DEMO_CODE)
    for year in (DEMO_YEAR, EARLIER_YEAR):
        _import_roster(school, year)
        _open_accounts(year)
        _confirm(year)
    _lock(graduates_of(EARLIER_YEAR))
    _lock(graduates_of(DEMO_YEAR)[200:260])
    _ask_for_corrections(graduates_of(DEMO_YEAR))
    _end_enrolments(graduates_of(DEMO_YEAR))
    _send_archives(graduates_of(EARLIER_YEAR))


def _import_roster(school: School, year: int) -> None:
    if graduates_of(year):
        return
    prefix, count, first = _ROSTERS[year]
    classes = list(
        SchoolClass.objects.filter(cohort__school=school, cohort__year=year)
        .select_related("department", "school")
        .order_by("department_id", "pk")
    )
    rows = [_row(first + i, f"{prefix}{i + 1:05}", classes, year) for i in range(count)]
    content = spreadsheets.write(
        [BY_KEY[key].label for key in TEMPLATE_KEYS],
        [[row.get(key, "") for key in TEMPLATE_KEYS] for row in rows],
    )
    admin = staff("admin")
    imported = roster.upload(school=school, content=content, name=f"{year}届名册.xlsx", by=admin)
    roster.confirm(roster_import=roster.check(imported.pk), by=admin)
    done = roster.apply(imported.pk)
    if done.state != ImportState.DONE or len(graduates_of(year)) != count:
        raise RuntimeError(f"The demo's roster of {year} was not read: {done.problem}")
    Graduate.objects.filter(school=school, student_no__startswith=prefix).update(
        created_at=demo.long_ago()
    )


def _row(person: int, student_no: str, classes: list[SchoolClass], year: int) -> dict[str, Any]:
    """One row of a roster. Departments differ in size: the first classes are fuller."""
    place = person * 7 % (len(classes) + 6)
    its_class = classes[place % len(classes)]
    row = demo.typed_record(person, its_class, year)
    number = demo.id_number(person)
    return row | {
        "name": f"示例{_STEMS[person % 10]}{_BRANCHES[person // 10 % 12]}",
        "student_no": student_no,
        "exam_no": f"90{DEMO_CODE}{person + 1:07}",
        "id_number": number,
        "gender": "1" if int(number[16]) % 2 else "2",
        "origin": _PLACES[person % len(_PLACES)],
        "difficulty": "1" if person % 11 == 0 else "0",
        "mobile": f"1390000{person:04}",
        "email": f"demo{person}@example.edu.cn",
    }


@transaction.atomic
def _open_accounts(year: int) -> None:
    """Nine of ten have been activated. Nobody can sign in to them: they have no password."""
    for index, graduate in enumerate(graduates_of(year)):
        if index % 10 == 3 or graduate.person.user_id is not None:
            continue
        login = f"{DEMO_CODE}:{graduate.student_no}"
        user = User.objects.create_user(Realm.GRADUATE, login, None, label=graduate.name)
        Person.objects.filter(pk=graduate.person_id).update(user=user, activated_at=demo.long_ago())


def _confirm(year: int) -> None:
    """Everybody of the earlier year has confirmed, and four of five of the present one."""
    for index, graduate in enumerate(graduates_of(year)):
        if graduate.confirmation != Confirmation.UNSUBMITTED:
            continue
        if year == EARLIER_YEAR or (graduate.person.user_id and index % 9):
            demo.confirm(graduate)


def _lock(graduates: list[Graduate]) -> None:
    waiting = [g.pk for g in graduates if g.confirmation == Confirmation.CONFIRMED]
    if waiting:
        origin.lock_many(graduate_ids=waiting, by=staff("admin"))


_CORRECTIONS = (
    ("name", "示例更名", "公安机关已更正姓名，附户口簿复印件。"),
    ("ethnicity", "回族", "名册中的民族登记有误。"),
    ("politics", "中共党员", "今年六月转正。"),
    ("training_mode", "定向", "入学时签了定向协议。"),
    ("gender", "女", "名册中的性别登记有误。"),
)


def _ask_for_corrections(graduates: list[Graduate]) -> None:
    if CorrectionRequest.objects.filter(graduate__in=graduates).exists():
        return
    asking = [g for g in graduates[40:] if g.person.user is not None]
    for graduate, (field, proposed, reason) in zip(asking, _CORRECTIONS * 2, strict=False):
        try:
            corrections.ask(
                graduate=graduate, kind=CorrectionKind.ORIGIN, field=field, proposed=proposed,
                reason=reason, by=demo_account(graduate),
            )  # fmt: skip
        except DomainError:
            continue  # the record says so already, or the field is open to the graduate
    admin = staff("admin")
    asked = CorrectionRequest.objects.filter(graduate__in=graduates).order_by("pk")
    for request in asked[:2]:
        corrections.refuse(request=request, by=admin, answer="请先到学院补交证明材料。")


def demo_account(graduate: Graduate) -> User:
    user = graduate.person.user
    assert user is not None
    return user


def _end_enrolments(graduates: list[Graduate]) -> None:
    admin = staff("admin")
    for graduate, to in zip(
        graduates[-5:], (Standing.TRANSFERRED, Standing.WITHDRAWN), strict=False
    ):
        if graduate.standing == Standing.ENROLLED:
            standing.end_enrolment(
                graduate_id=graduate.pk, standing=to, reason="学籍异动文件已归档", by=admin
            )


def _send_archives(graduates: list[Graduate]) -> None:
    admin = staff("admin")
    for index, graduate in enumerate(graduates):
        if index % 8 == 5 or hasattr(graduate, "archive"):
            continue
        archive.save(graduate_id=graduate.pk, typed=demo.RECEIVERS[index % 3], by=admin)
        if index % 3:
            sending = {"tracking_no": f"9926{index + 1:09}", "sent_on": demo.today()}
            archive.record_sending(graduate_id=graduate.pk, typed=sending, by=admin)
