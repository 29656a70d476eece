"""The province's schools: add, edit, close, reopen, and their admins."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import DomainError
from core.models import Event
from schools.actions import staff as staff_actions
from schools.models import School, StaffMember
from schools.roles import Role
from tests.factories import (
    PASSWORD,
    World,
    activate,
    client_of,
    make_graduate,
    make_staff,
    make_world,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def province(world: World) -> Client:
    return world.client(Role.PROVINCE)


def test_a_school_is_added_and_given_its_first_admin(province: Client) -> None:
    typed = {"code": "77001", "name": "虚构新学院", "phone": "0551-65550000"}
    answer = province.post(reverse("console:school-add"), typed)
    made = School.objects.get(code="77001")
    own = reverse("console:school", args=[made.pk])
    assert (answer.status_code, answer["Location"]) == (302, own)
    assert Event.objects.get(action="schools.school_add").school_id == made.pk
    admin = {"what": "admin", "login": "77001a", "name": "试管理", "mobile": "13800001111"}
    page = province.post(own, admin).content.decode()
    found = re.search(r"data-password>([^<]+)<", page)
    assert found is not None
    assert StaffMember.objects.get(user__login="77001a").role == Role.SCHOOL_ADMIN
    client = Client()
    client.post(reverse("console:login"), {"login": "77001a", "password": found[1]})
    assert client.get(reverse("console:staff"))["Location"] == reverse("console:password")


def test_a_school_with_wrong_values_is_refused(province: Client, world: World) -> None:
    address = reverse("console:school-add")
    short = province.post(address, {"code": "123", "name": "虚构某学院"})
    assert short.status_code == 422
    assert "院校代码为5位数字" in short.content.decode()
    assert "虚构某学院" in short.content.decode()
    taken = province.post(address, {"code": world.school.code, "name": "虚构某学院"})
    assert f"此代码已属于{world.school.name}" in taken.content.decode()
    same = province.post(address, {"code": "77002", "name": world.school.name})
    assert "已有同名学校" in same.content.decode()


def test_the_province_edits_brand_name_and_phone(province: Client, world: World) -> None:
    own = reverse("console:school", args=[world.school.pk])
    typed = {"what": "edit", "brand_name": "虚构大学就业网", "phone": "0551-1234567"}
    assert province.post(own, typed).status_code == 302
    school = School.objects.get(pk=world.school.pk)
    assert (str(school), school.phone) == ("虚构大学就业网", "0551-1234567")
    assert Event.objects.get(action="schools.school_edit").object_id == school.pk
    bad = province.post(own, {"what": "edit", "brand_name": "新", "phone": "x"})
    assert bad.status_code == 422
    assert 'value="新"' in bad.content.decode()


def test_people_of_a_closed_school_cannot_sign_in(province: Client, world: World) -> None:
    graduate = client_of(activate(make_graduate(world)))
    admin, counsellor = world.client(Role.SCHOOL_ADMIN), world.client(Role.COUNSELLOR)
    turn = reverse("console:school-turn", args=[world.school.pk])
    province.post(turn, {"open": "0"})
    school = School.objects.get(pk=world.school.pk)
    assert not school.is_open
    assert school.closed_at is not None
    for client in (admin, counsellor):
        assert client.get(reverse("console:home")).status_code == 403
        assert client.get(reverse("console:origins")).status_code == 403
    assert admin.get(reverse("console:staff")).status_code == 403
    assert graduate.get("/origin/").status_code == 302
    assert "已停用" in province.post(turn, {"open": "0"}, follow=True).content.decode()
    province.post(turn, {"open": "1"})
    assert admin.get(reverse("console:origins")).status_code == 200
    assert graduate.get("/origin/").status_code == 200
    for step in ("close", "reopen"):
        assert Event.objects.get(action=f"schools.school_{step}").object_id == world.school.pk


def test_the_province_manages_school_admins_only(province: Client, world: World) -> None:
    second = make_staff(Role.SCHOOL_ADMIN, world)
    kwargs = {"pk": world.school.pk, "staff_id": second.pk}
    assert province.post(reverse("console:school-admin-turn", kwargs=kwargs), {"active": "0"})
    assert not StaffMember.objects.get(pk=second.pk).user.is_active
    first = kwargs | {"staff_id": world.staff[Role.SCHOOL_ADMIN].pk}
    last = province.post(
        reverse("console:school-admin-turn", kwargs=first), {"active": "0"}, follow=True
    )
    assert "唯一启用的系统管理员" in last.content.decode()
    reset = province.post(reverse("console:school-admin-reset", kwargs=first))
    assert "data-password" in reset.content.decode()
    assert StaffMember.objects.get(pk=first["staff_id"]).user.must_change_password
    counsellor = kwargs | {"staff_id": world.staff[Role.COUNSELLOR].pk}
    for name in ("school-admin-turn", "school-admin-reset"):
        assert province.post(reverse(f"console:{name}", kwargs=counsellor)).status_code == 404
    with pytest.raises(DomainError) as refusal:
        staff_actions.reset_password(staff_id=counsellor["staff_id"], by=world.user(Role.PROVINCE))
    assert refusal.value.code == "role"


def test_an_admin_of_another_school_is_not_found(province: Client, world: World) -> None:
    other = make_world()
    kwargs = {"pk": world.school.pk, "staff_id": other.staff[Role.SCHOOL_ADMIN].pk}
    assert province.post(reverse("console:school-admin-reset", kwargs=kwargs)).status_code == 404


def test_the_list_counts_admins_and_can_be_searched(province: Client, world: World) -> None:
    make_world()
    page = province.get(reverse("console:schools"), {"q": world.school.code}).content.decode()
    assert world.school.name in page
    assert "共 1 所" in page
    codes = re.findall(
        r'class="mono">(\d{5})<', province.get(reverse("console:schools")).content.decode()
    )
    assert codes == sorted(codes)
    assert len(codes) >= 2
    assert (
        "没有符合条件" in province.get(reverse("console:schools"), {"q": "查无"}).content.decode()
    )


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN])
def test_staff_of_schools_may_not_open_these_pages(world: World, role: str) -> None:
    client, pk = world.client(role), world.school.pk
    admin = world.staff[Role.SCHOOL_ADMIN].pk
    addresses = [
        reverse("console:schools"),
        reverse("console:school-add"),
        reverse("console:school", args=[pk]),
        reverse("console:school-turn", args=[pk]),
        reverse("console:school-admin-turn", args=[pk, admin]),
        reverse("console:school-admin-reset", args=[pk, admin]),
    ]
    for address in addresses:
        assert client.post(address, {"login": "x", "password": PASSWORD}).status_code == 403
