"""Changing one's own password needs the old one, counts tries and ends other sessions."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from graduates.models import Graduate
from schools.roles import Role
from tests.factories import PASSWORD, World, activate, client_of
from tests.removal import clear_own_cache

pytestmark = pytest.mark.django_db
NEW = {"new_password": "another-Pass-2", "repeated": "another-Pass-2"}
# Address of the form, and a page that needs a session, for each realm.
PLACES = {"staff": ("/console/password/", "/console/"), "graduate": ("/me/password/", "/me/")}


@pytest.fixture(params=PLACES)
def somebody(request: pytest.FixtureRequest, world: World, graduate: Graduate) -> tuple[str, User]:
    clear_own_cache()
    staff = request.param == "staff"
    return request.param, world.user(Role.COUNSELLOR) if staff else activate(graduate)


def test_changing_the_password_ends_every_other_session(somebody: tuple[str, User]) -> None:
    realm, user = somebody
    form, page = PLACES[realm]
    here, elsewhere = client_of(user), client_of(user)
    assert here.post(form, NEW | {"old_password": PASSWORD}).status_code == 302
    assert here.get(page).status_code == 200
    assert "login" in elsewhere.get(page)["Location"]
    user.refresh_from_db()
    assert user.check_password(NEW["new_password"])


def test_a_wrong_old_password_changes_nothing_and_is_counted(
    somebody: tuple[str, User],
) -> None:
    realm, user = somebody
    form, _ = PLACES[realm]
    here: Client = client_of(user)
    for _ in range(10):
        answer = here.post(form, NEW | {"old_password": "guessed"})
        assert (answer.status_code, "原密码不正确" in answer.content.decode()) == (422, True)
    answer = here.post(form, NEW | {"old_password": PASSWORD})
    assert answer.status_code == 429
    assert "操作过于频繁" in answer.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"repeated": "something-Else-3"}, "repeated"), ({"new_password": "1234567"}, "new_password")],
)
def test_a_bad_new_password_is_refused_beside_its_field(
    somebody: tuple[str, User], typed: dict[str, str], field: str
) -> None:
    realm, user = somebody
    answer = client_of(user).post(PLACES[realm][0], NEW | {"old_password": PASSWORD} | typed)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_a_password_that_was_handed_over_cannot_be_kept(world: World) -> None:
    user = world.user(Role.COUNSELLOR)
    User.objects.filter(pk=user.pk).update(must_change_password=True)
    client = client_of(user)
    same = {"old_password": PASSWORD, "new_password": PASSWORD, "repeated": PASSWORD}
    answer = client.post("/console/password/", same)
    assert answer.status_code == 422
    assert "不能与现在的密码相同" in answer.content.decode()
    user.refresh_from_db()
    assert user.must_change_password
    assert client.get("/console/")["Location"] == "/console/password/"
