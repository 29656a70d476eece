"""The console's menu marks one line on every page: that of the page or of the list it belongs to."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from config.urls import console
from core import frame
from core.frame import MenuItem
from core.menu import TOPBAR, line_of, menu_for
from schools.roles import Role
from tests import factories
from tests.factories import World, make_world

pytestmark = pytest.mark.django_db
# Pages of the frame, which belong to no line, and pictures, which show no menu.
OF_NO_LINE = {
    "home", "login", "second-step", "logout", "password", "sessions", "second-factor",
    "second-factor-qr", "counts", "bulk", "bulk-job", "remind", "year", "messages", "evidence",
}  # fmt: skip
SAMPLES = {"int": "7", "uuid": "9b2f1c9e-7d0f-4b34-8a51-0f3a1c1d2e3f", "slug": "a", "str": "01"}
# Pages whose address is not below that of their list.
ELSEWHERE = {
    "/console/setup/": "school-settings",
    "/console/setup/classes/7/": "departments",
    "/console/province/cohorts/7/unseal/": "schools",
    "/console/destinations/queue/": "review-queue",
    "/console/destinations/7/": "destinations",
    "/console/terminations/7/": "terminations",
    "/console/graduates/7/archive/": "origins",
    "/console/graduates/import/7/": "imports",
}


def lines() -> tuple[MenuItem, ...]:
    return tuple(i for i in frame.console_menu() if i.section != TOPBAR)


def marked(client: Client, path: str) -> list[tuple[str, str]]:
    """(address, aria-current) of the lines that are marked in the menu."""
    page = client.get(path).content.decode()
    menu = page[page.index('id="menu"') : page.index("</nav>")]
    return re.findall(r'href="([^"]+)" aria-current="(\w+)"', menu)


@pytest.mark.parametrize("role", [r for r in Role if r in factories.STAFF_ROLES])
def test_every_line_marks_itself(role: str) -> None:
    world = make_world()
    user = User.objects.get(pk=world.staff[role].pk)
    client = world.client(role)
    for _, items in menu_for(user):
        for item in items:
            address = reverse(item.url_name)
            assert marked(client, address) == [(address, "page")], item.label


def test_every_address_belongs_to_a_line() -> None:
    lost = []
    for pattern in console[0]:
        path = "/console/" + re.sub(r"<(\w+):\w+>", lambda m: SAMPLES[m[1]], str(pattern.pattern))
        if pattern.name not in OF_NO_LINE and not line_of(path, lines()):
            lost.append(path)
    assert lost == []


@pytest.mark.parametrize(("path", "name"), ELSEWHERE.items())
def test_a_page_belongs_to_the_line_with_the_longest_matching_address(path: str, name: str) -> None:
    assert line_of(path, lines()) == reverse(f"console:{name}")


def test_a_page_of_one_record_marks_the_line_of_its_list(world: World) -> None:
    client = world.client(Role.SCHOOL_ADMIN)
    graduate = factories.make_graduate(world)
    inside = {
        f"/console/graduates/{graduate.pk}/": "/console/graduates/",
        f"/console/destinations/{graduate.pk}/": "/console/destinations/",
        f"/console/setup/departments/{world.departments[0].pk}/": "/console/setup/departments/",
        f"/console/setup/classes/{world.classes[0][0].pk}/": "/console/setup/departments/",
    }
    assert {p: marked(client, p) for p in inside} == {p: [(s, "true")] for p, s in inside.items()}


def test_the_home_page_marks_no_line(world: World) -> None:
    assert marked(world.client(Role.SCHOOL_ADMIN), "/console/") == []


@pytest.fixture
def world() -> World:
    return make_world()
