"""What else a destination's unit code, contact number and pictures appear on."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from destinations.actions import evidence
from graduates.models import Graduate
from schools.roles import Role
from tests import factories
from tests.factories import World, make_photo, make_world

pytestmark = pytest.mark.django_db


def registered(world: World, picture: bytes | None = None, **changes: Any) -> Graduate:
    """A graduate who registered a contract, with this picture besides the usual one."""
    unit = {k: changes.pop(k) for k in ("unit_name", "unit_code", "contact_mobile") if k in changes}
    graduate = factories.make_graduate(world, **changes)
    user = factories.activate(graduate)
    if picture is not None:
        evidence.add_evidence(
            graduate=graduate, content=picture, name="a.jpg", by=user, category="11"
        )
    factories.register_contract(graduate, user, **unit)
    return graduate


def section_of(world: World, graduate: Graduate, role: str = Role.SCHOOL_ADMIN) -> str:
    page = world.client(role).get(f"/console/destinations/{graduate.pk}/").content.decode()
    found = re.search(r'<section class="card-flat alike">.*?</section>', page, re.S)
    return found[0] if found else ""


def links_of(section: str) -> dict[str, tuple[str, int]]:
    """By label: the list's address and the count that links to it."""
    found = re.findall(r'<dt>([^<]+)</dt>\s*<dd><a href="([^"]+)">(\d+)', section)
    return {label: (unescape(address), int(count)) for label, address, count in found}


def test_each_count_opens_the_list_it_counts(world: World) -> None:
    picture = make_photo((300, 200))
    one = registered(world, picture, contact_mobile="13912345678")
    two = registered(world, picture, contact_mobile="13912345678", unit_name="另一家公司")
    away = registered(world, department=1, contact_mobile="13912345678")
    registered(make_world(), picture, contact_mobile="13912345678")  # another school
    found = links_of(section_of(world, one))
    assert set(found) == {"同一机构代码", "同一联系电话", "同一张材料"}
    assert found["同一联系电话"][1] == 2
    client = world.client(Role.SCHOOL_ADMIN)
    for address, count in found.values():
        page = client.get(address)
        assert page.context["page"].count == count
        assert one.student_no not in re.sub(r"<select.*?</select>", "", page.content.decode())
    page = client.get(found["同一联系电话"][0]).content.decode()
    assert two.student_no in page
    assert away.student_no in page
    assert "另一家公司" in section_of(world, one)


def test_a_counsellor_is_told_of_their_own_scope_only(world: World) -> None:
    one = registered(world, contact_mobile="13912345678")
    registered(world, department=1, contact_mobile="13912345678")
    assert "同一联系电话" not in links_of(section_of(world, one, Role.COUNSELLOR))


def test_what_appears_nowhere_else_is_not_mentioned(world: World) -> None:
    assert section_of(world, registered(world)) == ""


def test_the_filter_of_a_foreign_destination_finds_nothing_of_it(world: World) -> None:
    foreign = registered(make_world())
    own = registered(world)
    client = world.client(Role.SCHOOL_ADMIN)
    page = client.get(f"/console/destinations/?cohort=all&alike=unit-{foreign.pk}")
    assert foreign.name not in page.content.decode()
    assert own.student_no in page.content.decode()  # the filter is not known, so it is left out


@pytest.mark.parametrize("odd", ["x", "unit-", "unit-99999999", "name-1", "unit-²", "-1"])
def test_odd_values_of_the_filter_are_left_out(odd: str, world: World) -> None:
    registered(world)
    page = world.client(Role.SCHOOL_ADMIN).get("/console/destinations/", {"alike": odd})
    assert page.status_code == 200


def test_more_of_them_need_no_more_queries(world: World) -> None:
    one = registered(world, contact_mobile="13912345678")

    def cost() -> int:
        client = world.client(Role.SCHOOL_ADMIN)
        client.get(f"/console/destinations/{one.pk}/")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/console/destinations/{one.pk}/")
        return len(captured)

    registered(world, contact_mobile="13912345678")
    few = cost()
    for _ in range(4):
        registered(world, contact_mobile="13912345678")
    assert cost() == few
