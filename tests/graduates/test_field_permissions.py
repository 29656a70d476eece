"""字段权限: the school's choice holds on the page and on the server at once."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.errors import DomainError
from core.models import Event
from graduates.actions import field_permissions as actions
from graduates.actions import origin
from graduates.permissions import editable_keys
from schools.models import Cohort, FieldPermission
from schools.roles import Role
from tests.factories import World, activate, make_graduate, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(world: World) -> Client:
    return world.client(Role.SCHOOL_ADMIN)


def form_of(cohort: Cohort, **changes: tuple[bool, bool, bool]) -> dict[str, object]:
    marks = actions.standing(cohort) | changes
    ticked: dict[str, object] = {
        column: [key for key, mark in marks.items() if mark[i]]
        for i, column in enumerate(actions.COLUMNS)
    }
    return ticked


def test_a_field_is_taken_from_graduates_and_given_to_counsellors(
    admin: Client, world: World
) -> None:
    graduate = make_graduate(world)
    user = activate(graduate)
    assert "email" in editable_keys(graduate, user)
    assert "name" not in editable_keys(graduate, world.counsellor)
    form = form_of(world.cohort, email=(False, True, True), name=(False, True, False))
    address = reverse("console:field-permissions")
    answer = admin.post(address, form)
    assert answer.status_code == 302
    assert "email" not in editable_keys(graduate, user)
    assert "name" in editable_keys(graduate, world.counsellor)
    assert "name" not in editable_keys(graduate, world.department_admin)
    with pytest.raises(DomainError) as refusal:
        origin.edit(graduate_id=graduate.pk, typed={"email": "a@example.com"}, by=user)
    assert refusal.value.code == "grey_field"
    assert FieldPermission.objects.count() == 2  # only what differs is kept
    event = Event.objects.get(action="graduates.field_permissions")
    assert event.data["changes"]["email"] == [[True, True, True], [False, True, True]]
    page = admin.get(f"{address}?cohort={world.cohort.pk}").content.decode()
    assert page.count("与默认不同") == 2


def test_back_to_the_default_leaves_no_row(admin: Client, world: World) -> None:
    address = reverse("console:field-permissions")
    admin.post(address, form_of(world.cohort, email=(False, False, False)))
    assert FieldPermission.objects.count() == 1
    admin.post(address, form_of(world.cohort, email=(True, True, True)))
    assert FieldPermission.objects.count() == 0
    admin.post(address, form_of(world.cohort))
    assert Event.objects.filter(action="graduates.field_permissions").count() == 2


def test_a_sealed_cohort_refuses(admin: Client, world: World) -> None:
    Cohort.objects.filter(pk=world.cohort.pk).update(sealed_at=timezone.now())
    form = form_of(world.cohort, email=(False, False, False))
    answer = admin.post(reverse("console:field-permissions"), form)
    assert answer.status_code == 422
    assert "已封存, 不能修改" in answer.content.decode()
    with pytest.raises(DomainError) as refusal:
        actions.set_permissions(cohort_id=world.cohort.pk, marks={}, by=world.school_admin)
    assert refusal.value.code == "cohort_sealed"


def test_the_year_is_never_given_away(world: World) -> None:
    marks = {"year": (True, True, True), "nonsense": (True, True, True)}
    changed = actions.set_permissions(cohort_id=world.cohort.pk, marks=marks, by=world.school_admin)
    assert changed == 0


def test_another_school_404_and_others_403(world: World) -> None:
    address = f"{reverse('console:field-permissions')}?cohort={world.cohort.pk}"
    form = form_of(world.cohort)
    other = make_world()
    assert other.client(Role.SCHOOL_ADMIN).post(address, form).status_code == 404
    for role in (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.PROVINCE):
        assert world.client(role).get(address).status_code == 403
        assert world.client(role).post(address, form).status_code == 403
    with pytest.raises(DomainError) as refusal:
        actions.set_permissions(cohort_id=world.cohort.pk, marks={}, by=other.school_admin)
    assert refusal.value.code == "role"
