"""工作人员: accounts, one-time passwords, scopes, and who cannot be deactivated."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core.errors import DomainError
from core.models import Event
from graduates.models import Graduate
from schools.actions import staff as actions
from schools.models import StaffMember
from schools.roles import Role
from schools.scope import visible_to
from tests.factories import (
    PASSWORD,
    World,
    client_of,
    make_classes,
    make_cohort,
    make_graduate,
    make_staff,
    make_world,
)

pytestmark = pytest.mark.django_db
NEW = {"login": "wang.li", "name": "试王丽", "mobile": "13812345678", "role": "counsellor"}


@pytest.fixture
def admin(world: World) -> Client:
    return world.client(Role.SCHOOL_ADMIN)


def shown_password(page: str) -> str:
    found = re.search(r"data-password>([^<]+)<", page)
    assert found is not None
    return found[1]


def sign_in(login: str, password: str) -> Client:
    client = Client()
    client.post(reverse("console:login"), {"login": login, "password": password})
    return client


def test_a_new_account_signs_in_once_and_must_choose_a_password(
    admin: Client, world: World
) -> None:
    answer = admin.post(reverse("console:staff-add"), NEW)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    password = shown_password(answer.content.decode())
    made = StaffMember.objects.select_related("user").get(user__login="wang.li")
    assert (made.school, made.role) == (world.school, Role.COUNSELLOR)
    assert made.user.must_change_password
    client = sign_in("wang.li", password)
    stopped = client.get(reverse("console:origins"))
    assert (stopped.status_code, stopped["Location"]) == (302, reverse("console:password"))
    chosen = {"old_password": password, "new_password": PASSWORD, "repeated": PASSWORD}
    assert client.post(reverse("console:password"), chosen).status_code == 302
    assert client.get(reverse("console:origins")).status_code == 200
    event = Event.objects.get(action="schools.staff_add")
    assert event.school_id == world.school.pk
    assert password not in str(event.data)
    # The password is not shown on any page afterwards.
    own = reverse("console:staff-member", args=[made.pk])
    assert password not in admin.get(own).content.decode()


def test_a_form_with_errors_keeps_the_typed_values(admin: Client, world: World) -> None:
    taken = world.staff[Role.COUNSELLOR].login
    typed = {"login": taken, "name": "试王丽", "mobile": "123", "role": ""}
    answer = admin.post(reverse("console:staff-add"), typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"用户名“{taken}”已被使用" in page
    assert "手机号码应为11位" in page
    assert "请选择角色" in page
    assert "试王丽" in page
    assert not User.objects.filter(label="试王丽").exists()


@pytest.mark.parametrize("role", ["", "province", "root"])
def test_no_other_role_can_be_given(admin: Client, role: str) -> None:
    answer = admin.post(reverse("console:staff-add"), {**NEW, "role": role})
    assert answer.status_code == 422
    assert "请选择角色" in answer.content.decode()


def test_the_list_shows_the_school_and_filters(admin: Client, world: World) -> None:
    other = make_world()
    page = admin.get(reverse("console:staff")).content.decode()
    assert world.staff[Role.COUNSELLOR].label in page
    assert other.staff[Role.COUNSELLOR].label not in page
    assert f"{world.cohort.year}届 · 甲学院" in page
    assert "全校" in page
    found = admin.get(reverse("console:staff"), {"role": "department_admin"}).content.decode()
    assert world.staff[Role.DEPARTMENT_ADMIN].label in found
    assert world.staff[Role.COUNSELLOR].label not in found
    typed = {"q": world.staff[Role.COUNSELLOR].login}
    assert admin.get(reverse("console:staff"), typed).content.decode().count("<tr data-key") == 1


def test_name_and_number_are_edited(admin: Client, world: World) -> None:
    pk = world.staff[Role.COUNSELLOR].pk
    address = reverse("console:staff-member", args=[pk])
    assert (
        admin.post(
            address, {"name": "试新名", "mobile": "13987654321", "password": PASSWORD}
        ).status_code
        == 302
    )
    user = User.objects.get(pk=pk)
    assert (user.label, user.mobile) == ("试新名", "13987654321")
    event = Event.objects.get(action="schools.staff_edit")
    assert "13987654321" not in str(event.data)
    assert admin.post(address, {"name": "", "mobile": "13987654321"}).status_code == 422


def test_a_new_mobile_number_takes_the_admins_password(admin: Client, world: World) -> None:
    """Also for the own account. A new name alone takes none."""
    for role in (Role.COUNSELLOR, Role.SCHOOL_ADMIN):
        user = world.staff[role]
        address = reverse("console:staff-member", args=[user.pk])
        typed = {"name": "试新名", "mobile": "13987654321"}
        for password in ("", "wrong-secret-1"):
            answer = admin.post(address, typed | {"password": password})
            assert answer.status_code == 422
            assert answer.context["form"].errors["password"]
        assert User.objects.get(pk=user.pk).mobile == user.mobile
        assert admin.post(address, typed | {"password": PASSWORD}).status_code == 302
        assert admin.post(address, typed | {"name": "试再新"}).status_code == 302


def scope_form(world: World, **changes: object) -> dict[str, object]:
    return {
        "of": world.cohort.pk,
        "cohorts": [world.cohort.pk],
        "levels": [],
        "departments": [],
        "classes": [],
    } | changes


def visible(user: User) -> set[int]:
    fresh = User.objects.get(pk=user.pk)
    return set(visible_to(Graduate.objects.all(), fresh).values_list("pk", flat=True))


def test_a_changed_scope_takes_effect_at_once(admin: Client, world: World) -> None:
    first = make_graduate(world)
    second = make_graduate(world, department=1, school_class=1)
    counsellor = world.staff[Role.COUNSELLOR]
    assert visible(counsellor) == {first.pk}
    address = reverse("console:staff-scope", args=[counsellor.pk])
    assert admin.get(address).status_code == 200
    form = scope_form(world, classes=[world.classes[1][1].pk])
    assert admin.post(address, form).status_code == 302
    assert visible(counsellor) == {second.pk}
    signed_in = client_of(counsellor)
    page = signed_in.get(reverse("console:origins")).content.decode()
    assert second.student_no in page
    assert first.student_no not in page
    changes = Event.objects.get(action="schools.staff_scope").data["changes"]
    assert changes["departments"] == [["甲学院"], []]
    assert changes["classes"] == [[], [f"{world.cohort} 乙学院二班"]]
    admin.post(address, scope_form(world, departments=[d.pk for d in world.departments]))
    assert visible(counsellor) == {first.pk, second.pk}
    both = [d.pk for d in world.departments]
    admin.post(address, scope_form(world, departments=both, levels=["硕士研究生"]))
    assert visible(counsellor) == set()


def test_classes_of_a_cohort_that_is_not_shown_are_kept(admin: Client, world: World) -> None:
    older = make_cohort(world.school, world.cohort.year - 1)
    (kept,) = make_classes(older, world.departments[0], "往届一班")
    counsellor = world.staff[Role.COUNSELLOR]
    address = reverse("console:staff-scope", args=[counsellor.pk])
    both = [world.cohort.pk, older.pk]
    form = scope_form(world, of=older.pk, cohorts=both, classes=[kept.pk])
    assert admin.post(address, form).status_code == 302
    mine = world.classes[0][0]
    assert (
        admin.post(address, scope_form(world, cohorts=both, classes=[mine.pk])).status_code == 302
    )
    staff = StaffMember.objects.get(pk=counsellor.pk)
    assert set(staff.classes.all()) == {kept, mine}
    assert (
        "另有 1 个其他届别的班级" in admin.get(f"{address}?of={world.cohort.pk}").content.decode()
    )


def test_a_class_without_its_cohort_is_refused(admin: Client, world: World) -> None:
    mine = world.classes[0][0]
    address = reverse("console:staff-scope", args=[world.staff[Role.COUNSELLOR].pk])
    answer = admin.post(address, scope_form(world, cohorts=[], classes=[mine.pk]))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"所选班级属于{world.cohort}，请同时勾选该届别" in page
    assert re.search(rf'name="classes"\s+value="{mine.pk}"\s+checked', page)


def test_a_scope_with_rows_of_another_school_is_refused(admin: Client, world: World) -> None:
    other = make_world()
    address = reverse("console:staff-scope", args=[world.staff[Role.COUNSELLOR].pk])
    for changes in (
        {"cohorts": [other.cohort.pk]},
        {"departments": [other.departments[0].pk]},
        {"classes": [other.classes[0][0].pk]},
        {"levels": ["学龄前"]},
    ):
        answer = admin.post(address, scope_form(world, **changes))
        assert "不属于本校" in answer.content.decode(), changes


def test_four_hundred_classes_fit_on_the_page(
    admin: Client, world: World, django_assert_max_num_queries: object
) -> None:
    names = [f"大班{i:03}" for i in range(200)]
    for department in world.departments:
        make_classes(world.cohort, department, *names)
    address = reverse("console:staff-scope", args=[world.staff[Role.COUNSELLOR].pk])
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        page = admin.get(address).content.decode()
    assert page.count('name="classes"') == 404
    assert page.count('<div class="pick-group"') == 2


def test_a_school_admin_has_no_scope_page(admin: Client, world: World) -> None:
    second = make_staff(Role.SCHOOL_ADMIN, world)
    answer = admin.post(reverse("console:staff-scope", args=[second.pk]), scope_form(world))
    assert answer.status_code == 422
    assert "学校系统管理员管理全校" in answer.content.decode()


def test_a_deactivated_account_is_signed_out_at_once(admin: Client, world: World) -> None:
    counsellor = world.staff[Role.COUNSELLOR]
    theirs = client_of(counsellor)
    assert theirs.get(reverse("console:origins")).status_code == 200
    turn = reverse("console:staff-turn", args=[counsellor.pk])
    admin.post(turn, {"active": "0"})
    assert theirs.get(reverse("console:origins")).status_code == 302
    assert sign_in(counsellor.login, PASSWORD).get(reverse("console:home")).status_code == 302
    admin.post(turn, {"active": "1"})
    assert sign_in(counsellor.login, PASSWORD).get(reverse("console:home")).status_code == 200
    for step in ("activate", "deactivate"):
        assert Event.objects.get(action=f"schools.staff_{step}").object_id == counsellor.pk


def test_nobody_deactivates_themselves_or_the_last_admin(admin: Client, world: World) -> None:
    me = world.staff[Role.SCHOOL_ADMIN]
    answer = admin.post(reverse("console:staff-turn", args=[me.pk]), {"active": "0"}, follow=True)
    assert "不能停用自己的帐号" in answer.content.decode()
    second = make_staff(Role.SCHOOL_ADMIN, world)
    actions.set_active(staff_id=me.pk, active=False, by=second)
    with pytest.raises(DomainError) as refusal:
        actions.set_active(staff_id=second.pk, active=False, by=world.user(Role.PROVINCE))
    assert refusal.value.code == "last_admin"
    assert User.objects.get(pk=second.pk).is_active


def test_a_reset_password_works_once_and_ends_sessions(admin: Client, world: World) -> None:
    counsellor = world.staff[Role.COUNSELLOR]
    theirs = client_of(counsellor)
    answer = admin.post(reverse("console:staff-reset", args=[counsellor.pk]))
    password = shown_password(answer.content.decode())
    assert theirs.get(reverse("console:origins"))["Location"].startswith(reverse("console:login"))
    assert User.objects.get(pk=counsellor.pk).must_change_password
    client = sign_in(counsellor.login, password)
    assert client.get(reverse("console:origins"))["Location"] == reverse("console:password")
    assert Event.objects.get(action="schools.staff_reset_password").object_id == counsellor.pk


def test_nobody_resets_their_own_password(admin: Client, world: World) -> None:
    me = world.staff[Role.SCHOOL_ADMIN]
    assert admin.post(reverse("console:staff-reset", args=[me.pk])).status_code == 409
    assert not User.objects.get(pk=me.pk).must_change_password


def addresses(pk: int) -> list[str]:
    names = ("staff-member", "staff-scope", "staff-turn", "staff-reset")
    return [reverse(f"console:{name}", args=[pk]) for name in names]


def test_staff_of_another_school_are_not_found(world: World) -> None:
    other = make_world().client(Role.SCHOOL_ADMIN)
    for address in addresses(world.staff[Role.COUNSELLOR].pk):
        assert other.post(address, {"active": "0"}).status_code == 404, address


def test_a_province_account_is_not_found(admin: Client, world: World) -> None:
    for address in addresses(world.staff[Role.PROVINCE].pk):
        assert admin.post(address, {"active": "0"}).status_code == 404, address


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.PROVINCE])
def test_other_roles_may_not_open_these_pages(world: World, role: str) -> None:
    client = world.client(role)
    general = [reverse("console:staff"), reverse("console:staff-add")]
    for address in general + addresses(world.staff[Role.SCHOOL_ADMIN].pk):
        assert client.get(address).status_code == 403, address
        assert client.post(address, {"active": "0"}).status_code == 403, address


def test_one_time_passwords_differ_and_satisfy_the_password_rules() -> None:
    made = {actions.one_time_password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"[a-z]{4}-[2-9]{4}-[a-z]{4}", p) for p in made)
