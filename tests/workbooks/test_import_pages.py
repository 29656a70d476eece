"""The pages that every kind of import has."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import User
from core import files
from destinations.models import DestinationImport
from graduates.models import ArchiveImport, RosterImport
from schools.roles import Role
from tests.factories import World

pytestmark = pytest.mark.django_db
KINDS = {
    "console:import": RosterImport,
    "console:destination-import": DestinationImport,
    "console:archive-import": ArchiveImport,
}


@pytest.mark.parametrize("address", KINDS)
@pytest.mark.parametrize("step", ["confirm", "cancel"])
def test_an_import_is_confirmed_and_cancelled_by_post_only(
    address: str, step: str, world: World
) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    path = reverse(f"{address}-{step}", args=[1])
    assert client.get(path).status_code == 405
    assert client.post(path).status_code == 404
    assert world.client(Role.PROVINCE).post(path).status_code == 403


@pytest.mark.parametrize("address", ["console:destination-import", "console:archive-import"])
def test_a_department_sees_its_own_imports_and_a_school_admin_all(
    address: str, world: World
) -> None:
    def make_import(by: User) -> int:
        file = files.store(b"no", name="a.xlsx", content_type="a/b", purpose="destinations")
        return KINDS[address].objects.create(school=world.school, file=file, by=by).pk

    own, other = make_import(world.department_admin), make_import(world.school_admin)
    seen = {
        role: [row.pk for row in world.client(role).get(reverse(f"{address}s")).context["imports"]]
        for role in (Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN)
    }
    assert seen[Role.DEPARTMENT_ADMIN] == [own]
    assert sorted(seen[Role.SCHOOL_ADMIN]) == sorted([own, other])
