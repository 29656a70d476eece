"""Who reads which notice."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from accounts.models import User
from notices import queries
from notices.actions import notices
from notices.models import Notice
from notices.states import Readers
from schools.roles import Level, Role
from tests import factories
from tests.factories import World, make_world
from tests.notices import scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def test_graduates_read_what_is_addressed_to_them(world: World) -> None:
    graduate, other = factories.make_graduate(world), make_world()
    year, own = world.cohort.year, world.departments[0].pk
    read = [
        scene.publish_as(world, Role.PROVINCE),
        scene.publish_as(world, Role.PROVINCE, school_ids=[world.school.pk]),
        scene.publish_as(world),
        scene.publish_as(world, years=[year]),
        scene.publish_as(world, levels=[graduate.level]),
        scene.publish_as(world, department_ids=[own]),
        scene.publish_as(world, Role.DEPARTMENT_ADMIN, department_ids=[own]),
    ]
    scene.publish_as(world, Role.PROVINCE, school_ids=[other.school.pk])
    scene.publish_as(other)
    scene.publish_as(world, years=[year - 1])
    scene.publish_as(world, levels=["11"] if graduate.level != "11" else ["31"])
    scene.publish_as(world, department_ids=[world.departments[1].pk])
    scene.publish_as(world, readers=Readers.STAFF)
    scene.write(world.school_admin)
    withdrawn = scene.publish_as(world)
    notices.withdraw(notice_id=withdrawn.pk, reason="更正", by=world.school_admin)
    assert set(queries.shown_to(graduate)) == set(read)


def test_nobody_reads_a_notice_after_its_last_day(world: World) -> None:
    graduate, shown = factories.make_graduate(world), scene.publish_as(world)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Notice.objects.filter(pk=shown.pk).update(expires_on=yesterday)
    assert not queries.shown_to(graduate).exists()


def _reads(user: User) -> set[int]:
    return set(queries.shown_to_staff(user).values_list("pk", flat=True))


def test_staff_read_what_is_addressed_to_them(world: World) -> None:
    other = make_world()
    everybody = scene.publish_as(world, readers=Readers.STAFF).pk
    counsellors = scene.publish_as(world, readers=Readers.STAFF, roles=[Level.CLASS]).pk
    second = scene.publish_as(
        world, readers=Readers.STAFF, department_ids=[world.departments[1].pk]
    ).pk
    of_province = scene.publish_as(world, Role.PROVINCE, readers=Readers.STAFF).pk
    scene.publish_as(other, readers=Readers.STAFF)
    scene.publish_as(world)
    assert _reads(world.counsellor) == {everybody, counsellors, of_province}
    assert _reads(world.department_admin) == {everybody, of_province}
    assert _reads(world.school_admin) == {everybody, second, of_province}
    assert _reads(world.user(Role.PROVINCE)) == {of_province}
    assert _reads(factories.activate(factories.make_graduate(world))) == set()


def test_the_menu_counts_what_is_to_be_confirmed(world: World) -> None:
    first = scene.publish_as(world, readers=Readers.STAFF, must_read=True)
    scene.publish_as(world, readers=Readers.STAFF)
    assert list(queries.unconfirmed_by(world.counsellor)) == [first]
    client = world.client(Role.COUNSELLOR)
    assert client.post(f"/console/notices/{first.pk}/confirm/").status_code == 302
    assert not queries.unconfirmed_by(world.counsellor).exists()


def test_counts_are_those_of_the_own_scope(world: World) -> None:
    inside = [factories.make_graduate(world) for _ in range(3)]
    factories.make_graduate(world, department=1)
    shown = scene.publish_as(world, must_read=True)
    readers = [factories.activate(g) for g in inside[:2]]
    factories.client_of(readers[0]).get(f"/notices/{shown.pk}/")
    factories.client_of(readers[1]).post(f"/notices/{shown.pk}/confirm/")
    assert queries.reading_counts(shown, world.school_admin) == {
        "addressed": 4, "unread": 2, "read_only": 1, "confirmed": 1,
    }  # fmt: skip
    assert queries.reading_counts(shown, world.department_admin)["addressed"] == 3
