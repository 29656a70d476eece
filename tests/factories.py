"""Made-up schools, staff and graduates, built through the actions people use.

Everybody here is invented: names begin with 试 and ID numbers count up from region 340103.
"""

from __future__ import annotations

import datetime
import functools
import io
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import Realm, User
from accounts.signin import BACKEND
from codes.validators import id_check_character, organisation_check_character, uscc_check_character
from core import files
from core.files import images
from core.models import StoredFile
from destinations.actions import enter, evidence, register, review
from destinations.fields import BY_KEY as DESTINATION_FIELDS
from destinations.models import Destination, Evidence, MinimumWage
from destinations.states import State
from employers.models import Membership, Unit, UnitMember
from graduates.actions import origin
from graduates.initial_codes import initial_code
from graduates.models import Graduate, HandEntry, Person
from schools.models import Cohort, Department, School, SchoolClass, StaffMember
from schools.roles import Role

PASSWORD = "made-up-secret-7"
STAFF_ROLES = (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN, Role.PROVINCE)
_numbers = itertools.count(1)
_NAMES = "安柏晨岱恩帆格涵嘉恺岚茗宁欧沛琪若晟桐雯熙钰哲"


def today() -> datetime.date:
    return timezone.localdate()


def school_year() -> int:
    return today().year + 1


def make_id_number(
    number: int | None = None, *, male: bool = True, region: str = "340103", born: str = "20040229"
) -> str:
    """An ID number with a correct check digit, different for each `number`."""
    number = next(_numbers) if number is None else number
    first = f"{region}{born}{number % 50:02d}{number % 5 * 2 + male:d}"
    # One birthday has 50 numbers; then the next day is used.
    day = datetime.date(2001, 1, 1) + datetime.timedelta(days=number // 50)
    if born == "20040229" and number >= 50:
        first = f"{region}{day:%Y%m%d}{number % 50:02d}{number % 5 * 2 + male:d}"
    return first + id_check_character(first)


def make_unit_code(head: str = "91", body: str = "MA2N0ABC", region: str = "340100") -> str:
    first = f"{head}{region}{body}{organisation_check_character(body)}"
    return f"{first}{uscc_check_character(first)}"


def make_name(number: int) -> str:
    letters = len(_NAMES)
    return f"试{_NAMES[number % letters]}{_NAMES[number // letters % letters]}"


@dataclass
class World:
    """One school with an open cohort, two departments of two classes, and staff of each role.

    The counsellor and the department admin look after the first department only.
    """

    school: School
    cohort: Cohort
    departments: list[Department]
    classes: list[list[SchoolClass]]
    staff: dict[str, User] = field(default_factory=dict)

    def user(self, role: str) -> User:
        """The account, read anew, because an account object caches its scope."""
        return User.objects.get(pk=self.staff[role].pk)

    def client(self, role: str) -> Client:
        return client_of(self.staff[role])

    @property
    def counsellor(self) -> User:
        return self.user(Role.COUNSELLOR)

    @property
    def department_admin(self) -> User:
        return self.user(Role.DEPARTMENT_ADMIN)

    @property
    def school_admin(self) -> User:
        return self.user(Role.SCHOOL_ADMIN)


def make_school(**values: Any) -> School:
    number = next(_numbers)
    return School.objects.create(
        **{"code": f"9{number % 10000:04d}", "name": f"虚构学院{number}"} | values
    )


def make_cohort(school: School, year: int | None = None, **values: Any) -> Cohort:
    """A cohort that is open now, unless `values` says otherwise."""
    dates = {
        "opens_on": today() - datetime.timedelta(days=60),
        "ends_on": today() + datetime.timedelta(days=200),
    }
    return Cohort.objects.create(school=school, year=year or school_year(), **dates | values)


def make_world(**school_values: Any) -> World:
    school = make_school(**school_values)
    cohort = make_cohort(school)
    departments = [Department.objects.create(school=school, name=n) for n in ("甲学院", "乙学院")]
    classes = [make_classes(cohort, d) for d in departments]
    world = World(school, cohort, departments, classes)
    for role in STAFF_ROLES:
        world.staff[role] = make_staff(role, world)
    return world


def make_classes(cohort: Cohort, department: Department, *names: str) -> list[SchoolClass]:
    return [
        SchoolClass.objects.create(
            school=cohort.school, cohort=cohort, department=department, name=name
        )
        for name in names or (f"{department.name}一班", f"{department.name}二班")
    ]


def make_staff(role: str, world: World | None = None, **scope: Any) -> User:
    """A staff account. In a world and without `scope` its scope is the first department."""
    number = next(_numbers)
    user = User.objects.create_user(
        Realm.STAFF, f"staff{number}", PASSWORD, label=f"试用{Role(role).label}{number}"
    )
    school = world.school if world and role != Role.PROVINCE else None
    member = StaffMember.objects.create(
        user=user, role=role, school=school, levels=scope.pop("levels", [])
    )
    if world and role in (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN):
        scope = scope or {"cohorts": [world.cohort], "departments": world.departments[:1]}
        for name, values in scope.items():
            getattr(member, name).set(values)
    return user


def make_employer() -> User:
    number = next(_numbers)
    return User.objects.create_user(
        Realm.EMPLOYER, f"139{number:08d}", PASSWORD, label="试用单位", mobile=f"139{number:08d}"
    )


@functools.cache
def _small_photo() -> bytes:
    return images.compress(make_photo())


def keep_file(purpose: str, by: User | None = None, content: bytes | None = None) -> StoredFile:
    return files.store(
        content or _small_photo(), name=f"{purpose}.jpg", content_type="image/jpeg",
        purpose=purpose, by_id=by.pk if by else None,
    )  # fmt: skip


def make_unit(code: str = "", **values: Any) -> Unit:
    """A unit as it is after its first signing: all data known, not certified."""
    known = {
        "name": "虚构信息技术有限公司", "unit_property": "39", "industry": "34",
        "division": "340111", "address": "虚构路1号",
    }  # fmt: skip
    unit, created = Unit.objects.get_or_create(
        code=code or make_unit_code(), defaults=known | values
    )
    if created:
        unit.certificate = keep_file("certificate")
        unit.save()
    return unit


def make_member(unit: Unit, user: User | None = None, **values: Any) -> UnitMember:
    """A person of `unit` with stored pictures and signature; unverified unless `values` says so."""
    from tests.esign.signing import make_signature

    if values.get("state") == Membership.VERIFIED:
        values["verified_at"] = timezone.now()
    if values.get("state") == Membership.ENDED:
        values["ended_at"] = timezone.now()
    user = user or make_employer()
    return UnitMember.objects.create(
        unit=unit, user=user,
        **{
            "name": "虚构经理",
            "id_front": keep_file("id_front", user),
            "id_back": keep_file("id_back", user),
            "signature": keep_file("signature", user, images.signature(make_signature())),
        } | values,
    )  # fmt: skip


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def typed_record(
    world: World, *, department: int = 0, school_class: int = 0, **changes: Any
) -> dict[str, Any]:
    """The values to add a graduate with: valid, made up and unique."""
    number = next(_numbers)
    year = world.cohort.year
    return {
        "year": str(year),
        "level": "本科生毕业",
        "education_type": "普通全日制",
        "teacher_student": "非师范生",
        "department": world.departments[department].name,
        "school_class": world.classes[department][school_class].name,
        "name": make_name(number),
        "gender": "男",
        "id_number": make_id_number(number),
        "student_no": f"S{year}{number:05d}",
        "exam_no": f"{year % 100:02d}340101{number:06d}",
        "training_mode": "非定向",
        "major_code": "080901",
        "major_name": "计算机科学与技术",
        "duration": "4",
        "ethnicity": "汉族",
        "politics": "共青团员",
        "origin": "340111",
        "enrolled_on": f"{year - 4}0901",
        "graduates_on": f"{year}0630",
        "conclusion": "毕业",
        "difficulty": "非困难生",
        "archive_moved": "是",
        "household_moved": "否",
        "mobile": f"138{number:08d}",
    } | changes


def make_graduate(world: World, **changes: Any) -> Graduate:
    """A graduate whose record came a month ago, so that nothing has to be waited for."""
    added = add_by_hand(world, **changes)
    HandEntry.objects.filter(graduate=added).delete()
    Graduate.objects.filter(pk=added.pk).update(created_at=month_ago())
    return Graduate.objects.select_related(*origin.RELATED).get(pk=added.pk)


def month_ago() -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=30)


def add_by_hand(world: World, **changes: Any) -> Graduate:
    """A graduate whom the school admin has just added, whom nobody has confirmed yet."""
    typed = typed_record(world, **changes)
    added = origin.add(school=world.school, typed=typed, by=world.school_admin)
    return Graduate.objects.select_related(*origin.RELATED).get(pk=added.pk)


def code_of(graduate: Graduate) -> str:
    """The graduate's initial code."""
    person = Graduate.objects.select_related("person").get(pk=graduate.pk).person
    return initial_code(person.pk, person.code_number)


def activation_form(graduate: Graduate, **changes: str) -> dict[str, str]:
    return {
        "school": graduate.school.name,
        "name": graduate.name,
        "student_no": graduate.student_no,
        "id_number": graduate.person.id_number,
        "code": code_of(graduate),
        "new_password": PASSWORD,
        "repeated": PASSWORD,
    } | changes


def activate(graduate: Graduate) -> User:
    """Activate the graduate's account on the page, as if it had been a month ago; returns the
    account."""
    response = Client().post("/activate/", activation_form(graduate))
    assert response.status_code == 302, response.content.decode()
    let_activation_age(graduate)
    return User.objects.get(person__graduates=graduate)


def let_activation_age(graduate: Graduate) -> None:
    """Let the 72 hours pass that a graduate waits after the first sign-in."""
    Person.objects.filter(pk=graduate.person_id).update(activated_at=month_ago())


def make_photo(size: tuple[int, int] = (240, 320), kind: str = "JPEG", **options: Any) -> bytes:
    """A picture of a page with a few lines."""
    image = Image.new("RGB", size, "#fdfdfb")
    draw = ImageDraw.Draw(image)
    for line in range(4):
        top = size[1] // 8 * (line + 2)
        draw.rectangle((size[0] // 8, top, size[0] * 7 // 8, top + 2), fill="#555555")
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def attach(graduate: Graduate, by: User, category: str = "11") -> Evidence:
    return evidence.add_evidence(
        graduate=graduate, content=make_photo(), name="证明.jpg", by=by, category=category
    )


UNIT = {
    "unit_name": "虚构信息技术有限公司",
    "unit_code": make_unit_code(),
    "unit_property": "39",
    "unit_industry": "34",
    "unit_division": "340111",
    "job_category": "13",
    "job_title": "工程师",
    "contact_name": "虚构经理",
    "contact_phone": "0551-60000000",
}
CONTRACT: Mapping[str, str] = {"category": "11", **UNIT}
SEEKING: Mapping[str, str] = {"category": "70-2"}


def destination_of(graduate: Graduate | int) -> Destination:
    pk = graduate if isinstance(graduate, int) else graduate.pk
    return Destination.objects.select_related("graduate", "cohort", "school").get(pk=pk)


def register_contract(graduate: Graduate, user: User, **changes: str) -> Destination:
    if not evidence.standing_evidence(graduate.pk, "11").exists():
        attach(graduate, user)
    return register.register(graduate_id=graduate.pk, typed={**CONTRACT, **changes}, by=user)


def sign_agreement(graduate: Graduate) -> Destination:
    """Invite the graduate, read and sign; returns the destination."""
    from tests.esign import signing

    signing.sign_agreement(graduate)
    return destination_of(graduate)


def put_in_state(
    graduate: Graduate, state: str, world: World, user: User, *, agreement: bool = False
) -> Destination:
    """Bring a new graduate's destination to `state` through the actions people use."""
    pk = graduate.pk
    if agreement:
        sign_agreement(graduate)
    elif state in (State.PENDING, State.REJECTED):
        register_contract(graduate, user)
    elif state == State.DEPARTMENT_APPROVED:
        enter.enter(graduate_id=pk, typed=CONTRACT, by=world.counsellor)
    elif state == State.SCHOOL_APPROVED:
        enter.enter(graduate_id=pk, typed=CONTRACT, by=world.school_admin)
    if state == State.REJECTED:
        review.reject(graduate_id=pk, reason="单位名称不符", by=world.school_admin)
    elif agreement and state == State.DEPARTMENT_APPROVED:
        review.approve(graduate_id=pk, by=world.counsellor)
    elif agreement and state == State.SCHOOL_APPROVED:
        review.approve(graduate_id=pk, by=world.school_admin)
    found = destination_of(graduate)
    assert found.state == state
    return found


def set_minimum_wage(division: str, amount: int, since: str = "2020-01-01") -> None:
    MinimumWage.objects.create(
        division=division, amount=amount, valid_from=datetime.date.fromisoformat(since)
    )


def sample_values(key: str) -> str:
    """A valid value for the destination's field `key`."""
    year = school_year()
    known = UNIT | {
        "agreement_ref": "试0001",
        "signed_on": f"{year - 1}-12-01",
        "hired_from": f"{year}-07-01",
        "hired_to": f"{year + 1}-07-01",
        "monthly_wage": "6000",
        "occupation": "写作",
        "shop_url": "https://shop.example.com/1",
        "admitted_major": "软件工程",
        "study_form": "1",
        "country": "",
        "abroad_school_zh": "虚构大学",
        "abroad_school": "Made-up University",
        "abroad_major_zh": "计算机",
        "abroad_major": "Computing",
        "contact_mobile": "13900000000",
        "contact_email": "hr@example.com",
        "unit_address": "虚构路1号",
        "unit_postcode": "230000",
        "unit_fax": "0551-60000001",
        "remark": "备注",
    }
    from codes import lookup

    field_ = DESTINATION_FIELDS[key]
    if field_.kind == "code" and not known.get(key):
        return next(iter(lookup.table(field_.table).offered))
    return known[key]
