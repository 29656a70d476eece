"""The choices of filters are cached until the school's structure changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from schools.models import Department, Major, School, SchoolClass
from schools.options import Choices, list_options
from schools.roles import Role
from tests.factories import World, make_classes, make_cohort, make_world

pytestmark = pytest.mark.django_db


def offered(user: User, department: int | None = None) -> dict[str, Choices]:
    """The choices in the next request: the account is read anew and has nothing cached."""
    return list_options(User.objects.get(pk=user.pk), department, None)


def names(user: User, kind: str, department: int | None = None) -> list[str]:
    return [label for _, label in offered(user, department)[kind]]


def test_the_second_request_needs_no_query() -> None:
    user = make_world().user(Role.SCHOOL_ADMIN)
    first = offered(user)
    again = User.objects.get(pk=user.pk)
    with CaptureQueriesContext(connection) as asked:
        assert list_options(again, None, None) == first
    assert len(asked) == 1, "who this is, and no more"


def rename(world: World) -> None:
    Department.objects.filter(pk=world.departments[0].pk).update(name="改名学院")


def by_sql(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO schools_department (school_id, name, is_active) VALUES (%s, '新学院', true)",
            [world.school.pk],
        )


CHANGES: dict[str, Callable[[World], object]] = {
    "department": lambda w: Department.objects.create(school=w.school, name="新学院"),
    "department by SQL": by_sql,
    "department renamed": rename,
    "major": lambda w: Major.objects.create(school=w.school, code="999999", name="新专业"),
    "majors gone": lambda w: Major.objects.filter(school=w.school).delete(),
    "class": lambda w: SchoolClass.objects.create(
        school=w.school, cohort=w.cohort, department=w.departments[0], name="新班"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_the_structure_shows_at_once(change: str) -> None:
    world = make_world()
    Major.objects.get_or_create(school=world.school, code="080901", name="某专业")
    user = world.user(Role.SCHOOL_ADMIN)
    before = offered(user, world.departments[0].pk)
    CHANGES[change](world)
    assert offered(user, world.departments[0].pk) != before


def test_a_school_written_back_keeps_its_newer_stamp() -> None:
    world = make_world()
    user = world.user(Role.SCHOOL_ADMIN)
    stale = School.objects.get(pk=world.school.pk)
    Department.objects.create(school=world.school, name="新学院")
    offered(user)
    stale.save()
    Department.objects.filter(school=world.school, name="新学院").update(name="又一学院")
    assert "又一学院" in names(user, "department")
    fresh = School.objects.get(pk=world.school.pk)
    assert fresh.structure_stamp > stale.structure_stamp


def test_a_change_of_another_school_does_not_empty_the_cache() -> None:
    ours, other = make_world(), make_world()
    before = School.objects.get(pk=ours.school.pk).structure_stamp
    Department.objects.create(school=other.school, name="新学院")
    assert School.objects.get(pk=ours.school.pk).structure_stamp == before


def test_choices_cached_for_one_scope_are_not_shown_to_another() -> None:
    world = make_world()
    elsewhere = Department.objects.create(school=world.school, name="别的学院")
    assert elsewhere.name in names(world.user(Role.SCHOOL_ADMIN), "department")
    assert elsewhere.name not in names(world.user(Role.COUNSELLOR), "department")


def test_a_class_is_chosen_without_a_department(world: World) -> None:
    year = world.cohort.year
    later = make_cohort(world.school, year + 1)
    make_classes(later, world.departments[0], "明年的班")
    found = list_options(world.school_admin, None, year)["school_class"]
    assert [label for _, label in found] == [
        "乙学院一班（乙学院）", "乙学院二班（乙学院）", "甲学院一班（甲学院）", "甲学院二班（甲学院）",
    ]  # fmt: skip
    of_one = list_options(world.school_admin, world.departments[0].pk, year)["school_class"]
    assert [label for _, label in of_one] == ["甲学院一班", "甲学院二班"]
    own = list_options(world.counsellor, None, year)["school_class"]
    assert [label for _, label in own] == ["甲学院一班（甲学院）", "甲学院二班（甲学院）"]
    one = world.classes[1][0]
    address = f"/console/graduates/?cohort={year}"
    page = world.client(Role.SCHOOL_ADMIN).get(address).content.decode()
    assert f'<option value="{one.pk}">乙学院一班（乙学院）</option>' in page


@pytest.fixture
def world() -> World:
    return make_world()
