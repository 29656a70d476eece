"""Two characters of a unit's name find its rows within a school, in every list that names units."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from destinations.models import Destination
from destinations.states import State
from graduates.models import ArchiveTransfer
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import World, make_world, put_in_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = make_world()
    for name in ("江淮虚构汽车公司", "合肥虚构电子公司"):
        graduate = factories.make_graduate(world)
        put_in_state(graduate, State.PENDING, world, factories.activate(graduate))
        Destination.objects.filter(pk=graduate.pk).update(unit_name=name)
    return world


def found(client: Client, name: str = "destinations", **query: str) -> int:
    answer = client.get(reverse(f"console:{name}"), query)
    assert answer.status_code == 200
    return answer.content.count(b"<tr data-key")


def test_two_characters_find_a_unit_within_a_school(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    assert found(client) == 2
    assert found(client, q="汽车") == 1
    assert found(client, q="虚构") == 2
    assert found(client, q="车") == 0, "one character is a name's"


def test_the_province_names_a_school_or_types_more(world: World) -> None:
    province = world.client(Role.PROVINCE)
    assert found(province, q="汽车") == 0
    assert found(province, q="汽车", school=str(world.school.pk)) == 1
    assert found(province, q="虚构汽车") == 1


# The lists that name a unit: the destination's, the receiver's of the archive, or the agreement's.
LISTS = ("destinations", "review-queue", "releases", "disputes", "feedback", "ledger",
         "national-confirmations", "archives", "agreements", "terminations", "prints")  # fmt: skip


def test_the_lists_about_a_graduates_unit_find_it(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    of_unit = Destination.objects.get(unit_name__contains="汽车")
    ArchiveTransfer.objects.create(
        graduate_id=of_unit.pk, school=world.school, cohort=world.cohort,
        transfer_type="1", unit_name="江淮档案中心",
    )  # fmt: skip
    assert (found(client, "review-queue", q="汽车"), found(client, "review-queue", q="无此")) == (
        1,
        0,
    )
    assert (found(client, "archives", q="档案"), found(client, "archives", q="汽车")) == (1, 0)
    assert (found(client, "ledger", q="江淮"), found(client, "ledger", q="无此")) == (1, 0)


def test_an_agreement_is_found_by_two_characters_of_its_unit(world: World) -> None:
    agreement = signing.sign_agreement(factories.make_graduate(world))
    client, name = world.client(Role.SCHOOL_ADMIN), agreement.unit.name
    assert found(client, "agreements", q=name[2:4]) == 1
    assert found(client, "agreements", q="无此") == 0


@pytest.mark.parametrize("name", LISTS)
def test_an_index_narrows_the_search_to_the_school(world: World, name: str) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    with CaptureQueriesContext(connection) as captured:
        found(client, name, q="汽车")
    searches = [q["sql"] for q in captured if "%汽车%" in (q["sql"] or "")]
    assert searches
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql in searches:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan" not in plan, plan
