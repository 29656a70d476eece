"""The search for graduates by keyword, as people type names and numbers."""

from __future__ import annotations

import pytest
from django.db import connection

from graduates.filters import search_graduates
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import World

pytestmark = pytest.mark.django_db
NAME, PASSPORT, NUMBER = "Nguyen Van An", "C1234567", "S2027X0001"
LISTS = ("/console/graduates/", "/console/destinations/")


@pytest.fixture
def foreigner(world: World) -> Graduate:
    factories.make_graduate(world)
    return factories.make_graduate(
        world, name=NAME, id_type="护照", id_number=PASSPORT, student_no=NUMBER
    )


@pytest.mark.parametrize(
    "typed",
    ["NGUYEN", "nguyen", "nguyen van an", "NGUYEN VAN AN", "Ｎｇｕｙｅｎ", "  nguyen   van an",
     PASSPORT, "c1234567", "Ｃ１２３４５６７", "C 1234567", NUMBER, "Ｓ２０２７Ｘ０００１", "s2027x0001"],
)  # fmt: skip
def test_a_graduate_is_found_by_name_or_number_however_it_is_typed(
    typed: str, world: World, foreigner: Graduate
) -> None:
    for role in (Role.SCHOOL_ADMIN, Role.PROVINCE):
        found = search_graduates(Graduate.objects.all(), typed, world.user(role))
        assert list(found) == [foreigner], role
    client = world.client(Role.SCHOOL_ADMIN)
    for address in LISTS:
        assert NUMBER in client.get(address, {"q": typed}).content.decode(), address


@pytest.mark.parametrize("stored", ["NGUYEN VAN AN", "nguyen van an", "NGUYEN Van An"])
def test_capitals_of_a_stored_name_do_not_matter(stored: str, world: World) -> None:
    graduate = factories.make_graduate(world, name=stored)
    user = world.user(Role.SCHOOL_ADMIN)
    for typed in ("NGUYEN", "nguyen", "Nguyen Van An", "van an"):
        assert list(search_graduates(Graduate.objects.all(), typed, user)) == [graduate], typed
    assert not search_graduates(Graduate.objects.all(), "Nguyen Van Binh", user)


def test_capitals_of_a_name_with_accents_do_not_matter(world: World) -> None:
    graduate = factories.make_graduate(world, name="NGUYỄN Văn An")
    user = world.user(Role.SCHOOL_ADMIN)
    for typed in ("Nguyễn", "nguyễn văn an", "NGUYỄN VĂN AN"):
        assert list(search_graduates(Graduate.objects.all(), typed, user)) == [graduate], typed


@pytest.mark.parametrize("stored", ["Nguyễn Đình An", "NGUYỄN ĐÌNH AN", "Nguyen Dinh An"])
def test_accents_are_folded_on_both_sides(stored: str, world: World) -> None:
    factories.make_graduate(world, name="Ngo Yun")
    graduate = factories.make_graduate(world, name=stored)
    for role in (Role.SCHOOL_ADMIN, Role.PROVINCE):
        user = world.user(role)
        for typed in ("Nguyen", "nguyễn", "NGUYEN DINH", "đinh an", "Nguyèn", "e\u0302\u0303n"):
            found = search_graduates(Graduate.objects.all(), typed, user)
            assert list(found) == [graduate], (role, typed)
        assert not search_graduates(Graduate.objects.all(), "Nguyenn", user)
        assert not search_graduates(Graduate.objects.all(), "neyugn", user)


def test_signs_in_a_name_are_looked_for_as_they_are(world: World) -> None:
    graduate = factories.make_graduate(world, name="Anne-Zoé O'Hara")
    user = world.user(Role.SCHOOL_ADMIN)
    for typed in ("Anne-Zoe", "O'Hara", "anne-zoe o'hara"):
        assert list(search_graduates(Graduate.objects.all(), typed, user)) == [graduate], typed
    for typed in ("Anne.Zoe", "A-Z", "[a", "^An", "Zoe\\"):
        assert not search_graduates(Graduate.objects.all(), typed, user), typed


def test_a_search_for_a_latin_name_asks_the_index(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    # A student number can't be "Nguyễn", so only the name is looked for.
    found = search_graduates(Graduate.objects.all(), "Nguyễn", world.user(Role.PROVINCE))
    assert "graduate_name_codes" in found.explain()
