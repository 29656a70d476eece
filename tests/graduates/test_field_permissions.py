"""字段权限: the school's choice applies at once, on the page and in the action."""

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
    rights = actions.current_rights(cohort) | changes
    ticked: dict[str, object] = {
        column: [key for key, may_edit in rights.items() if may_edit[i]]
        for i, column in enumerate(actions.COLUMNS)
    }
    return ticked


def test_a_right_can_be_taken_from_graduates_and_given_to_counsellors(
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
    assert (
        FieldPermission.objects.count() == 2
    )  # only rights that differ from the default are stored
    event = Event.objects.get(action="graduates.field_permissions")
    assert event.data["changes"]["email"] == [[True, True, True], [False, True, True]]
    page = admin.get(f"{address}?cohort={world.cohort.year}").content.decode()
    assert page.count("与默认不同") == 2


def test_a_right_set_back_to_the_default_is_not_stored(admin: Client, world: World) -> None:
    address = reverse("console:field-permissions")
    admin.post(address, form_of(world.cohort, email=(False, False, False)))
    assert FieldPermission.objects.count() == 1
    admin.post(address, form_of(world.cohort, email=(True, True, True)))
    assert FieldPermission.objects.count() == 0
    admin.post(address, form_of(world.cohort))
    assert Event.objects.filter(action="graduates.field_permissions").count() == 2


def test_rights_of_a_sealed_cohort_cannot_be_changed(admin: Client, world: World) -> None:
    Cohort.objects.filter(pk=world.cohort.pk).update(sealed_at=timezone.now())
    form = form_of(world.cohort, email=(False, False, False))
    answer = admin.post(reverse("console:field-permissions"), form)
    assert answer.status_code == 422
    assert "已封存，不能修改" in answer.content.decode()
    with pytest.raises(DomainError) as refusal:
        actions.set_permissions(cohort_id=world.cohort.pk, rights={}, by=world.school_admin)
    assert refusal.value.code == "cohort_sealed"


def test_the_year_cannot_be_made_editable(world: World) -> None:
    rights = {"year": (True, True, True), "nonsense": (True, True, True)}
    changed = actions.set_permissions(
        cohort_id=world.cohort.pk, rights=rights, by=world.school_admin
    )
    assert changed == 0


def test_another_school_gets_404_and_other_roles_get_403(world: World) -> None:
    address = f"{reverse('console:field-permissions')}?cohort={world.cohort.year}"
    form = form_of(world.cohort)
    other = make_world()
    no_such_year = f"{reverse('console:field-permissions')}?cohort={world.cohort.year + 30}"
    assert other.client(Role.SCHOOL_ADMIN).post(no_such_year, form).status_code == 404
    before = actions.current_rights(world.cohort)
    other.client(Role.SCHOOL_ADMIN).post(address, form_of(other.cohort))
    assert actions.current_rights(world.cohort) == before, "a year names the own school's cohort"
    for role in (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.PROVINCE):
        assert world.client(role).get(address).status_code == 403
        assert world.client(role).post(address, form).status_code == 403
    with pytest.raises(DomainError) as refusal:
        actions.set_permissions(cohort_id=world.cohort.pk, rights={}, by=other.school_admin)
    assert refusal.value.code == "role"
