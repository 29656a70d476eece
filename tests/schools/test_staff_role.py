"""Changing a staff member's role: who may do it, for whom, and what is kept."""

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import DomainError
from core.models import Event
from schools.actions import staff as actions
from schools.models import StaffMember
from schools.roles import Role
from tests.factories import World, make_graduate, make_staff, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(world: World) -> Client:
    return world.client(Role.SCHOOL_ADMIN)


def page_of(staff_id: int) -> str:
    return reverse("console:staff-role", args=[staff_id])


def role_of(staff_id: int) -> str:
    return StaffMember.objects.get(pk=staff_id).role


def test_a_counsellor_becomes_admin_and_counsellor_again(admin: Client, world: World) -> None:
    staff = world.staff[Role.COUNSELLOR]
    hidden = make_graduate(world, department=1)
    own = reverse("console:staff-member", args=[staff.pk])
    before = actions.scope_words(StaffMember.objects.get(pk=staff.pk))
    client, origin = world.client(Role.COUNSELLOR), f"/console/graduates/{hidden.pk}/"
    assert page_of(staff.pk) in admin.get(own).content.decode()
    assert admin.get(page_of(staff.pk)).status_code == 200
    assert client.get(origin).status_code == 404
    assert admin.post(page_of(staff.pk), {"role": Role.SCHOOL_ADMIN})["Location"] == own
    assert client.get(origin).status_code == 200  # the same sign-in, from the next click on
    event = Event.objects.get(action="schools.staff_role")
    assert event.data["changes"] == {"role": ["counsellor", "school_admin"]}
    assert (event.object_id, event.school_id) == (staff.pk, world.school.pk)
    assert event.actor_id == world.staff[Role.SCHOOL_ADMIN].pk
    admin.post(page_of(staff.pk), {"role": Role.COUNSELLOR})
    assert client.get(origin).status_code == 404
    assert actions.scope_words(StaffMember.objects.get(pk=staff.pk)) == before


def test_nobody_changes_their_own_role(admin: Client, world: World) -> None:
    make_staff(Role.SCHOOL_ADMIN, world)
    mine = world.staff[Role.SCHOOL_ADMIN].pk
    assert (
        page_of(mine)
        not in admin.get(reverse("console:staff-member", args=[mine])).content.decode()
    )
    answer = admin.post(page_of(mine), {"role": Role.COUNSELLOR})
    assert (answer.status_code, "不能修改自己的角色" in answer.content.decode()) == (409, True)
    assert role_of(mine) == Role.SCHOOL_ADMIN


def test_the_last_admin_cannot_lose_the_role(world: World) -> None:
    """The acting admin loses the role between opening the page and pressing the button."""
    last, second = world.school_admin, make_staff(Role.SCHOOL_ADMIN, world)
    assert second.staff.role == Role.SCHOOL_ADMIN  # cached, as in a request under way
    actions.set_role(staff_id=second.pk, role=Role.COUNSELLOR, by=last)
    with pytest.raises(DomainError) as refusal:
        actions.set_role(staff_id=last.pk, role=Role.COUNSELLOR, by=second)
    assert refusal.value.code in ("last_admin", "role")
    assert role_of(last.pk) == Role.SCHOOL_ADMIN


def test_a_deactivated_admin_does_not_count(world: World) -> None:
    off = make_staff(Role.SCHOOL_ADMIN, world)
    actions.set_active(staff_id=off.pk, active=False, by=world.school_admin)
    actions.set_role(staff_id=off.pk, role=Role.COUNSELLOR, by=world.school_admin)
    assert role_of(off.pk) == Role.COUNSELLOR


@pytest.mark.parametrize("role", ["", "province", "nonsense", Role.COUNSELLOR])
def test_an_unknown_role_or_the_provinces_is_refused(
    role: str, admin: Client, world: World
) -> None:
    staff = world.staff[Role.COUNSELLOR]
    answer = admin.post(page_of(staff.pk), {"role": role})
    assert answer.status_code in (409, 422)
    assert role_of(staff.pk) == Role.COUNSELLOR
    assert not Event.objects.filter(action="schools.staff_role").exists()


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.PROVINCE])
def test_other_roles_may_not_open_these_pages(role: str, world: World) -> None:
    second = make_staff(Role.SCHOOL_ADMIN, world)
    assert world.client(role).post(page_of(second.pk), {"role": "counsellor"}).status_code == 403
    with pytest.raises(DomainError) as refusal:
        actions.set_role(staff_id=second.pk, role=Role.COUNSELLOR, by=world.user(role))
    assert refusal.value.code == "role"
    assert role_of(second.pk) == Role.SCHOOL_ADMIN


def test_staff_of_another_school_are_not_found(admin: Client) -> None:
    theirs = make_world().staff[Role.COUNSELLOR]
    assert admin.post(page_of(theirs.pk), {"role": Role.SCHOOL_ADMIN}).status_code == 404
    assert role_of(theirs.pk) == Role.COUNSELLOR
