"""A number on the home page and in the figures opens exactly the list that it counts."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import resolve

from destinations.actions import dispute
from destinations.states import State
from graduates.actions import origin
from graduates.models import Graduate
from graduates.states import Standing
from recruiting.states import PostingState, RecommendationState
from schools.lists import StaffListPage
from schools.roles import Role
from tests import factories
from tests.esign import signing
from tests.factories import World, make_world, put_in_state
from tests.recruiting import scene

pytestmark = pytest.mark.django_db
ROLES = (Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN, Role.PROVINCE)


@pytest.fixture
def world() -> World:
    """Graduates of two departments in several states, one who left, and a dispute."""
    world = make_world()
    states = (
        State.SCHOOL_APPROVED,
        State.DEPARTMENT_APPROVED,
        State.PENDING,
        State.PENDING,
        State.REJECTED,
    )
    for n, state in enumerate(states):
        graduate = factories.make_graduate(world, department=n % 2)
        put_in_state(graduate, state, world, factories.activate(graduate))
    confirmed = factories.make_graduate(world)
    signing.confirm_origin(confirmed)
    origin.lock(graduate_id=factories.make_graduate(world).pk, by=world.school_admin)
    factories.make_graduate(world)
    gone = factories.make_graduate(world)
    put_in_state(gone, State.PENDING, world, factories.activate(gone))
    Graduate.objects.filter(pk=gone.pk).update(standing=Standing.WITHDRAWN)
    disputed = factories.make_graduate(world)
    user = factories.activate(disputed)
    put_in_state(disputed, State.SCHOOL_APPROVED, world, user)
    dispute.raise_dispute(graduate_id=disputed.pk, reason="我没有去这家单位", by=user)
    return world


def rows_of(client: Client, address: str) -> int:
    address = html.unescape(address)
    return client.get(f"{address}{'&' if '?' in address else '?'}size=200").content.count(
        b"<tr data-key"
    )


def tiles_of(client: Client) -> dict[str, int]:
    """Address → number of the home page's tiles that lead to lists."""
    home = client.get("/console/").content.decode()
    tiles = re.findall(r'<a class="tile" href="([^"]+)"><b>(\d+)</b>', home)
    kinds = {a: getattr(resolve(a.split("?")[0]).func, "view_class", object) for a, _ in tiles}
    return {a: int(n) for a, n in tiles if issubclass(kinds[a], StaffListPage)}


@pytest.mark.parametrize("role", ROLES)
def test_the_tiles_of_the_home_page(world: World, role: str) -> None:
    scene.make_posting(scene.make_recruiter(), PostingState.WAITING, school_ids=(world.school.pk,))
    scene.make_posting(scene.make_recruiter(), PostingState.PUBLISHED, by=world)
    scene.make_reported(world)
    scene.make_recommendation(world, RecommendationState.WAITING_DEPARTMENT)
    scene.make_recommendation(world, RecommendationState.WAITING_SCHOOL)
    client = world.client(role)
    tiles = tiles_of(client)
    assert sum(tiles.values()) > 0
    assert {a: rows_of(client, a) for a in tiles} == tiles


@pytest.mark.parametrize("role", ROLES)
def test_the_progress_of_the_home_page(world: World, role: str) -> None:
    client = world.client(role)
    home = client.get("/console/").content.decode()
    lines = re.findall(r'class="progress-line" href="([^"]+)">.*?<b class="num">(\d+) /', home)
    assert len(lines) == 4
    assert len({count for _, count in lines}) > 1
    assert [(a, rows_of(client, a)) for a, _ in lines] == [(a, int(n)) for a, n in lines]


@pytest.mark.parametrize("by", ["department", "major"])
@pytest.mark.parametrize("role", [Role.SCHOOL_ADMIN, Role.PROVINCE])
def test_the_figures(world: World, role: str, by: str) -> None:
    client = world.client(role)
    page = client.get(f"/console/figures/?by={by}").content.decode()
    cells = re.findall(
        r'<a\s+href="([^"]+)"\s*>([\d.]+)%?</a>(?:\s+<small class="soft">(\d+)</small>)?', page
    )
    assert len(cells) >= 8
    assert any(int(count or shown) for _, shown, count in cells)
    counted = [(address, int(count or shown)) for address, shown, count in cells]
    assert [(a, rows_of(client, a)) for a, _ in counted] == counted
