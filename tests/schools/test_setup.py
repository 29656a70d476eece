"""届别, 院系, 班级, 专业 and the school's settings: what a school admin sets up."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import DomainError, Invalid
from core.models import Event
from schools.actions import cohorts, departments, majors
from schools.models import Cohort, Department, Major, School, SchoolClass
from schools.roles import Role
from tests.factories import World, make_cohort, make_graduate, make_world, school_year, today

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(world: World) -> Client:
    return world.client(Role.SCHOOL_ADMIN)


def event(action: str) -> Event:
    return Event.objects.get(action=action)


def test_adding_a_cohort_takes_the_default_end(admin: Client, world: World) -> None:
    year = school_year() + 1
    answer = admin.post(reverse("console:cohorts"), {"year": str(year), "opens_on": ""})
    assert answer.status_code == 302
    made = Cohort.objects.get(school=world.school, year=year)
    assert made.ends_on == datetime.date(year, 8, 31)
    assert event("schools.cohort_add").object_id == made.pk
    assert f"{year}届" in admin.get(reverse("console:cohorts")).content.decode()


def test_a_second_cohort_of_a_year_is_refused_beside_the_field(admin: Client, world: World) -> None:
    typed = {"year": str(world.cohort.year), "opens_on": "2026-01-02", "ends_on": ""}
    answer = admin.post(reverse("console:cohorts"), typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"本校已经建立{world.cohort.year}届。" in page
    assert "2026-01-02" in page  # what was typed is kept


@pytest.mark.parametrize("year", ["", "27", "二〇二七", "1999", "99999999999"])
def test_an_invalid_year_is_refused(admin: Client, year: str) -> None:
    answer = admin.post(reverse("console:cohorts"), {"year": year})
    assert answer.status_code == 422
    assert "请填写四位数的年份" in answer.content.decode()


def test_dates_and_denominator_are_edited(admin: Client, world: World) -> None:
    ends = today() + datetime.timedelta(days=30)
    address = reverse("console:cohort", args=[world.cohort.pk])
    answer = admin.post(address, {"opens_on": "", "ends_on": ends.isoformat()})
    assert answer.status_code == 302
    world.cohort.refresh_from_db()
    assert (world.cohort.opens_on, world.cohort.ends_on) == (None, ends)
    assert world.cohort.count_incomplete is False
    assert set(event("schools.cohort_edit").data["changes"]) == {
        "opens_on",
        "ends_on",
        "count_incomplete",
    }


def test_the_dates_of_an_ended_cohort_cannot_be_changed(admin: Client, world: World) -> None:
    ended = make_cohort(
        world.school, 2020, opens_on=None, ends_on=today() - datetime.timedelta(days=1)
    )
    with pytest.raises(Invalid) as refusal:
        cohorts.edit(
            cohort_id=ended.pk,
            opens_on=None,
            ends_on=today() + datetime.timedelta(days=9),
            count_incomplete=True,
            by=world.school_admin,
        )
    assert refusal.value.code == "cohort_ended"
    answer = admin.post(
        reverse("console:cohort", args=[ended.pk]), {"ends_on": ended.ends_on.isoformat()}
    )
    assert answer.status_code == 302  # the denominator may still change
    ended.refresh_from_db()
    assert ended.count_incomplete is False


def test_an_end_before_today_or_before_the_start_is_refused(admin: Client, world: World) -> None:
    address = reverse("console:cohort", args=[world.cohort.pk])
    early = (today() - datetime.timedelta(days=1)).isoformat()
    assert "不能早于今天" in admin.post(address, {"ends_on": early}).content.decode()
    dates = {"opens_on": f"{today().year + 2}-01-01", "ends_on": f"{today().year + 1}-01-01"}
    assert "应晚于开放日期" in admin.post(address, dates).content.decode()
    assert "日期不正确" in admin.post(address, {"ends_on": "明天"}).content.decode()


def test_the_school_admin_edits_the_settings(admin: Client, world: World) -> None:
    address = reverse("console:school-settings")
    answer = admin.post(address, {"phone": "0551-62345678", "two_person_review": "on"})
    assert answer.status_code == 302
    school = School.objects.get(pk=world.school.pk)
    assert (school.phone, school.two_person_review) == ("0551-62345678", True)
    assert event("schools.school_edit").school_id == school.pk
    bad = admin.post(address, {"phone": "电话"})
    assert bad.status_code == 422
    assert "电话不正确" in bad.content.decode()


def test_the_settings_ask_how_the_school_is_reached(admin: Client, world: World) -> None:
    address, home = reverse("console:school-settings"), reverse("console:home")
    assert (
        "缺联系部门、联系人、就业部门电话、通讯地址、邮政编码" in admin.get(home).content.decode()
    )
    for role in (Role.DEPARTMENT_ADMIN, Role.PROVINCE):
        assert "学校联系方式" not in world.client(role).get(home).content.decode()
    contact = {
        "contact_department": "就业中心", "contact_name": "试老师", "phone": "0551－６2345678",
        "address": " 虚构路1号 ", "postcode": "23000",
    }  # fmt: skip
    bad = admin.post(address, contact | {"postcode": "12", "address": "路" * 121})
    assert bad.status_code == 422
    for words in ("通讯地址超过120个字", "邮政编码", "试老师"):
        assert words in bad.content.decode()
    assert admin.post(address, contact).status_code == 302
    school = School.objects.get(pk=world.school.pk)
    assert (school.phone, school.address) == ("0551-62345678", "虚构路1号")
    assert school.postcode == "023000"
    changes = event("schools.school_edit").data["changes"]
    assert changes["contact_name"] == ["", "试老师"]
    assert "学校联系方式" not in admin.get(home).content.decode()
    assert "试老师" in admin.get(address).content.decode()


def test_departments_are_added_renamed_deactivated_and_deleted(admin: Client, world: World) -> None:
    listing = reverse("console:departments")
    assert admin.post(listing, {"name": " 丙学院 "}).status_code == 302
    made = Department.objects.get(school=world.school, name="丙学院")
    assert "已有院系“丙学院”" in admin.post(listing, {"name": "丙学院"}).content.decode()
    page = reverse("console:department", args=[made.pk])
    assert admin.post(page, {"what": "rename", "name": "丁学院"}).status_code == 302
    admin.post(reverse("console:department-turn", args=[made.pk]), {"active": "0"})
    made.refresh_from_db()
    assert (made.name, made.is_active) == ("丁学院", False)
    assert "停用" in admin.get(listing).content.decode()
    admin.post(reverse("console:department-delete", args=[made.pk]))
    assert not Department.objects.filter(pk=made.pk).exists()
    for step in ("add", "rename", "deactivate", "delete"):
        assert event(f"schools.department_{step}").school_id == world.school.pk


def test_a_department_with_classes_is_not_deleted(admin: Client, world: World) -> None:
    used = world.departments[0]
    answer = admin.post(reverse("console:department-delete", args=[used.pk]), follow=True)
    assert "已有班级，不能删除，可以停用" in answer.content.decode()
    assert Department.objects.filter(pk=used.pk).exists()


def test_classes_are_added_and_renamed(admin: Client, world: World) -> None:
    department = world.departments[0]
    page = reverse("console:department", args=[department.pk])
    typed = {"what": "class", "cohort": str(world.cohort.pk), "name": "甲学院三班"}
    assert admin.post(page, typed).status_code == 302
    made = SchoolClass.objects.get(department=department, name="甲学院三班")
    again = admin.post(page, typed)
    assert again.status_code == 422
    assert "已有班级“甲学院三班”" in again.content.decode()
    own = reverse("console:class", args=[made.pk])
    assert admin.post(own, {"name": "甲学院四班"}).status_code == 302
    assert event("schools.class_rename").data["changes"]["name"] == ["甲学院三班", "甲学院四班"]
    assert "甲学院四班" in admin.get(f"{page}?cohort={world.cohort.year}").content.decode()
    assert admin.post(own, {"name": ""}).status_code == 422


def test_only_an_empty_class_is_deleted(admin: Client, world: World) -> None:
    make_graduate(world)
    full, empty = world.classes[0]
    answer = admin.post(reverse("console:class-delete", args=[full.pk]), follow=True)
    assert "中还有毕业生，不能删除" in answer.content.decode()
    admin.post(reverse("console:class-delete", args=[empty.pk]))
    assert SchoolClass.objects.filter(department=world.departments[0]).get() == full
    assert event("schools.class_delete").object_id == empty.pk
    with pytest.raises(DomainError) as refusal:
        departments.delete_class(class_id=full.pk, by=world.school_admin)
    assert refusal.value.code == "in_use"


def test_majors_are_added_edited_and_deactivated(admin: Client, world: World) -> None:
    listing = reverse("console:majors")
    assert admin.post(listing, {"code": "080901", "name": "计算机科学与技术"}).status_code == 302
    made = Major.objects.get(school=world.school, code="080901")
    again = admin.post(listing, {"code": "080901", "name": "计算机科学与技术"})
    assert again.status_code == 422
    bad = admin.post(listing, {"code": "八", "name": "计算机"})
    assert "专业代码为4至10位" in bad.content.decode()
    own = reverse("console:major", args=[made.pk])
    assert admin.post(own, {"code": "080902", "name": "软件工程"}).status_code == 302
    admin.post(reverse("console:major-turn", args=[made.pk]), {"active": "0"})
    made.refresh_from_db()
    assert (made.code, made.name, made.is_active) == ("080902", "软件工程", False)
    for step in ("add", "edit", "deactivate"):
        assert event(f"schools.major_{step}").object_id == made.pk


def pages_of(world: World) -> list[str]:
    return [
        reverse("console:cohort", args=[world.cohort.pk]),
        reverse("console:department", args=[world.departments[0].pk]),
        reverse("console:department-turn", args=[world.departments[0].pk]),
        reverse("console:department-delete", args=[world.departments[0].pk]),
        reverse("console:class", args=[world.classes[0][0].pk]),
        reverse("console:class-delete", args=[world.classes[0][0].pk]),
        reverse("console:major", args=[world_major(world).pk]),
        reverse("console:major-turn", args=[world_major(world).pk]),
    ]


def world_major(world: World) -> Major:
    return Major.objects.get_or_create(school=world.school, code="080901", name="计算机")[0]


def test_rows_of_another_school_are_not_found(world: World) -> None:
    other = make_world().client(Role.SCHOOL_ADMIN)
    for address in pages_of(world):
        assert other.post(address, {"name": "改", "active": "0"}).status_code == 404, address
    assert Event.objects.filter(school_id=world.school.pk).count() == 0


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.PROVINCE])
def test_other_roles_may_not_open_these_pages(world: World, role: str) -> None:
    client = world.client(role)
    names = ("cohorts", "school-settings", "departments", "majors")
    for address in [reverse(f"console:{n}") for n in names] + pages_of(world):
        assert client.get(address).status_code == 403, address
        assert client.post(address, {"name": "改"}).status_code == 403, address


def test_the_actions_check_the_permission_themselves(world: World) -> None:
    other = make_world()
    for by in (world.counsellor, other.school_admin):
        with pytest.raises(DomainError) as refusal:
            majors.add(school=world.school, code="0809", name="某专业", by=by)
        assert (refusal.value.code, refusal.value.status) == ("role", 403)


def test_empty_pages_say_what_to_do(world: World) -> None:
    SchoolClass.objects.all().delete()
    Department.objects.all().delete()
    Cohort.objects.all().delete()
    admin = world.client(Role.SCHOOL_ADMIN)
    words = {"cohorts": "还没有届别", "departments": "还没有院系", "majors": "还没有专业"}
    for name, sentence in words.items():
        assert sentence in admin.get(reverse(f"console:{name}")).content.decode()
