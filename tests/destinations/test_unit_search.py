"""Two characters of a unit's name find its destinations within a school."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from destinations.models import Destination
from destinations.states import State
from schools.roles import Role
from tests import factories
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


def found(client: Client, **query: str) -> int:
    answer = client.get(reverse("console:destinations"), query)
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
