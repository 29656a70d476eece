"""各校进度: the figures, the lists they link to, and who may see them."""

import io
import re

import openpyxl
import pytest
from django.urls import reverse

from destinations import progress, reports
from destinations.states import State
from graduates.actions import origin
from graduates.models import Graduate
from graduates.states import Standing
from schools.roles import Role
from tests.factories import (
    World,
    activate,
    make_cohort,
    make_graduate,
    make_school,
    make_world,
    put_in_state,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Five enrolled graduates and one who left. Of the five, two are approved by the school, one by the
    department, and one is pending."""
    world = make_world()
    states = (
        State.SCHOOL_APPROVED,
        State.SCHOOL_APPROVED,
        State.DEPARTMENT_APPROVED,
        State.PENDING,
    )
    for state in states:
        graduate = make_graduate(world)
        put_in_state(graduate, state, world, activate(graduate))
    origin.lock(graduate_id=make_graduate(world).pk, by=world.school_admin)
    gone = make_graduate(world)
    Graduate.objects.filter(pk=gone.pk).update(standing=Standing.WITHDRAWN)
    return world


def test_a_school_is_counted_in_one_row(world: World) -> None:
    make_world()
    schools = progress.progress_by_school(world.user(Role.PROVINCE), world.cohort.year)
    school = next(x for x in schools if x.school_id == world.school.pk)
    assert school.counts == {
        "origins": 6,
        "confirmed": 0,
        "locked": 1,
        "total": 5,
        "registered": 4,
        "unregistered": 1,
        "approved": 2,
        "employed_rate": 3,
    }
    assert school.percent("locked") == 16.67
    assert school.percent("registered") == 80
    assert school.percent("approved") == 40
    assert school.percent("employed_rate") == 60
    assert progress.total_progress(schools).counts["total"] == 5


def test_every_figure_links_to_the_list_of_what_it_counts(world: World) -> None:
    """The number shown in a cell is the number of rows of the list it links to."""
    client = world.client(Role.PROVINCE)
    page = client.get(reverse("console:progress"), {"cohort": world.cohort.year}).content.decode()
    row = next(r for r in page.split("<tr")[1:] if f">{world.school.name}" in r)
    links = re.findall(
        r'<a\s+href="([^"]+)"\s*>([\d.]+)%?</a>(?:\s+<small class="soft">(\d+)</small>)?', row
    )
    assert len(links) == 8
    for address, shown, count in links:
        assert f"school={world.school.pk}" in address
        listing = client.get(address.replace("&amp;", "&")).content.decode()
        assert listing.count("<tr data-key") == int(count or shown), address


def test_the_workbook_has_the_table_and_what_it_means(world: World) -> None:
    client = world.client(Role.PROVINCE)
    answer = client.get(reverse("console:progress"), {"export": "1"})
    assert "no-store" in answer["Cache-Control"]
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = [[str(c.value if c.value is not None else "") for c in row] for row in sheet.iter_rows()]
    assert {c.data_type for row in sheet.iter_rows() for c in row} <= {"s", "n"}, "no formula"
    assert any(reports.BASE in cell for row in rows for cell in row)
    line = next(row for row in rows if row[0] == world.school.name)
    assert (line[1], line[2], line[-2:]) == ("6", "5", ["3", "60.00%"])


def test_the_queries_do_not_grow_with_schools(
    world: World, django_assert_num_queries: object
) -> None:
    for _ in range(5):
        make_cohort(make_school(), world.cohort.year)
    province = world.user(Role.PROVINCE)
    with django_assert_num_queries(5):  # type: ignore[operator]
        assert len(progress.progress_by_school(province, world.cohort.year)) >= 6


def test_a_school_without_the_cohort_is_marked(world: World) -> None:
    behind = make_school()
    page = world.client(Role.PROVINCE).get(reverse("console:progress")).content.decode()
    assert re.search(rf"{behind.name} <span[^>]*>未建届别", page)


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.DEPARTMENT_ADMIN, Role.SCHOOL_ADMIN])
def test_staff_of_schools_cannot_open_the_page(role: str) -> None:
    assert make_world().client(role).get(reverse("console:progress")).status_code == 403
