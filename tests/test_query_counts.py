"""How many queries the main pages need. More rows must not need more queries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from schools.roles import Role
from tests import factories
from tests.factories import World, client_of, make_world

pytestmark = pytest.mark.django_db

# Session and user are two of each. Raise a number only with a reason.
MOST = {
    "/console/graduates/": 17,
    "/console/destinations/": 17,
    "/console/destinations/queue/": 17,
    "/console/figures/": 12,
    "/console/resumes/": 17,
    "/console/reminders/": 15,
    "/console/resumes/classes/": 12,
    "/console/recruiting-figures/": 14,
    "/console/support/": 18,
    "/console/support-proposals/": 17,
    "/console/support-figures/": 13,
    # One for each line of the menu that has a number.
    "/console/counts/": 20,
    "workspace": 18,
    "origin": 16,
    "/": 14,  # one for the events that are booked, one for the final confirmation
    "/origin/": 12,
    "/destination/": 10,
}


def cost(client: Client, path: str) -> int:
    client.get(path)  # code tables and the catalogue are read once a process
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def waiting(world: World, number: int) -> list[int]:
    made = []
    for _ in range(number):
        graduate = factories.make_graduate(world)
        factories.register_contract(graduate, factories.activate(graduate))
        made.append(graduate.pk)
    return made


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.SCHOOL_ADMIN])
def test_console_pages(role: str) -> None:
    world = make_world()
    first = waiting(world, 2)[0]
    paths: dict[str, Callable[[], str]] = {
        key: str(key).__str__ for key in MOST if key.startswith("/console/")
    }
    paths["workspace"] = lambda: f"/console/destinations/{first}/"
    paths["origin"] = lambda: f"/console/graduates/{first}/"
    client = world.client(role)
    few = {key: cost(client, path()) for key, path in paths.items()}
    waiting(world, 6)
    many = {key: cost(client, path()) for key, path in paths.items()}
    assert {k: (n, few[k]) for k, n in many.items() if n > few[k]} == {}, "grows with the rows"
    assert {k: n for k, n in many.items() if n > MOST[k]} == {}


def test_phone_pages() -> None:
    world = make_world()
    graduate = factories.make_graduate(world)
    user = factories.activate(graduate)
    factories.register_contract(graduate, user)
    client = client_of(user)
    costs = {key: cost(client, key) for key in ("/", "/origin/", "/destination/")}
    assert {k: n for k, n in costs.items() if n > MOST[k]} == {}
