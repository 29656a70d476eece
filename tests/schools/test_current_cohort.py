"""The year that every page of the console is about."""

from __future__ import annotations

import datetime
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from destinations.models import Destination
from destinations.states import State
from graduates.models import Graduate
from schools import current_cohort
from schools.models import Cohort, Phase, StaffMember
from schools.roles import Role
from tests.factories import (
    World,
    client_of,
    make_classes,
    make_cohort,
    make_graduate,
    make_staff,
    make_world,
    school_year,
    today,
)

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


@pytest.fixture
def world() -> World:
    return make_world()


def kept(user: User) -> int | None:
    """The kept year in the next request: the account is read anew and has nothing cached."""
    found = current_cohort.kept_year(User.objects.get(pk=user.pk))
    return None if found is None else found.year


def shown(page: str) -> str:
    """The year that the top bar shows."""
    found = re.search(
        r'name="year" aria-label="当前届别">.*?<option value="(\w+)" selected', page, re.S
    )
    return found[1] if found else ""


def in_other_year(world: World, *, years_later: int, **dates: object) -> tuple[World, Graduate]:
    """A cohort of the same school in another year, with a graduate."""
    cohort = make_cohort(world.school, school_year() + years_later, **dates)
    other = World(world.school, cohort, world.departments, [], world.staff)
    other.classes = [make_classes(cohort, department) for department in world.departments]
    return other, make_graduate(other)


def prepare_next(world: World) -> Cohort:
    return make_cohort(
        world.school, school_year() + 1, opens_on=today() + 30 * DAY, ends_on=today() + 300 * DAY
    )


def test_preparing_the_next_year_moves_no_page(world: World) -> None:
    ours = make_graduate(world)
    admin = world.client(Role.SCHOOL_ADMIN)
    assert kept(world.school_admin) == world.cohort.year
    prepare_next(world)
    assert kept(world.school_admin) == world.cohort.year
    for name in ("origins", "destinations", "figures", "initial-codes", "signing-rules", "home"):
        page = admin.get(reverse(f"console:{name}")).content.decode()
        assert shown(page) == str(world.cohort.year), name
    assert ours.name in admin.get(reverse("console:origins")).content.decode()
    province = world.client(Role.PROVINCE)
    for name in ("origins", "progress", "figures", "recruiting-figures"):
        page = province.get(reverse(f"console:{name}")).content.decode()
        assert shown(page) == str(world.cohort.year), name


def test_without_an_open_year_it_is_the_newest(world: World) -> None:
    Cohort.objects.filter(pk=world.cohort.pk).update(ends_on=today() - DAY)
    assert kept(world.school_admin) == world.cohort.year
    prepare_next(world)
    assert kept(world.school_admin) == world.cohort.year + 1


def test_the_condition_of_being_open_agrees_with_the_phase(world: World) -> None:
    dates = [None, today() - DAY, today(), today() + DAY]
    for year, opens_on in enumerate(dates, start=2001):
        for more, ends_on in enumerate(dates[1:]):
            make_cohort(world.school, year + more * 10, opens_on=opens_on, ends_on=ends_on)
    every = Cohort.objects.filter(school=world.school)
    by_phase = {c.pk for c in every if c.phase() == Phase.OPEN}
    assert by_phase
    assert set(every.filter(Cohort.open_on(today())).values_list("pk", flat=True)) == by_phase


def test_the_chosen_year_is_kept_and_the_same_on_every_page(world: World) -> None:
    ours = make_graduate(world)
    _, theirs = in_other_year(world, years_later=-1)
    admin = world.client(Role.SCHOOL_ADMIN)
    origins = reverse("console:origins")
    typed = {"year": theirs.cohort.year, "next": f"{origins}?confirmation=unconfirmed&after=abc"}
    answer = admin.post(reverse("console:year"), typed)
    assert answer["Location"] == f"{origins}?confirmation=unconfirmed&cohort={theirs.cohort.year}"
    page = client_of(world.school_admin).get(origins).content.decode()
    assert theirs.name in page
    assert ours.name not in page
    for name in ("origins", "destinations", "figures", "home", "agreements"):
        page = admin.get(reverse(f"console:{name}")).content.decode()
        assert shown(page) == str(theirs.cohort.year), name
    assert kept(world.department_admin) == world.cohort.year, "a colleague's year stays"


def test_an_address_names_another_year_for_its_own_page(world: World) -> None:
    ours = make_graduate(world)
    other, theirs = in_other_year(world, years_later=-1)
    admin = world.client(Role.SCHOOL_ADMIN)
    origins = reverse("console:origins")
    page = admin.get(f"{origins}?cohort={other.cohort.year}").content.decode()
    assert theirs.name in page
    assert ours.name not in page
    assert f"本页显示{other.cohort.year}届，您的当前届别是{world.cohort.year}届。" in page
    assert kept(world.school_admin) == world.cohort.year
    every = admin.get(f"{origins}?cohort=all").content.decode()
    assert theirs.name in every
    assert ours.name in every
    assert shown(every) == "all"
    assert "本页显示全部届别" in every


def test_the_links_of_a_list_name_its_year(world: World) -> None:
    make_graduate(world)
    page = world.client(Role.SCHOOL_ADMIN).get(reverse("console:origins")).content.decode()
    assert f"?cohort={world.cohort.year}&amp;export=1" in page
    assert f'<input type="hidden" name="cohort" value="{world.cohort.year}">' in page


def test_an_empty_list_leads_to_every_year(world: World) -> None:
    in_other_year(world, years_later=-1)
    page = world.client(Role.SCHOOL_ADMIN).get(reverse("console:origins")).content.decode()
    assert 'href="?cohort=all">在全部届别中查找' in page


def test_a_year_outside_the_scope_is_not_kept(world: World) -> None:
    other, _ = in_other_year(world, years_later=-1)
    counsellor = world.client(Role.COUNSELLOR)
    typed = {"year": other.cohort.year, "next": reverse("console:origins")}
    answer = counsellor.post(reverse("console:year"), typed, follow=True)
    assert "您的管理范围内没有这个届别" in answer.content.decode()
    assert StaffMember.objects.get(user=world.counsellor).current_year is None
    for wrong in ("", "abc", "99999999999999", str(school_year() + 50)):
        assert counsellor.post(reverse("console:year"), {"year": wrong}).status_code == 302
    page = counsellor.get(f"{reverse('console:origins')}?cohort={other.cohort.year}")
    assert shown(page.content.decode()) == str(world.cohort.year)


@pytest.mark.parametrize(
    "address", ["https://example.com/console/", "//example.com", "/login/", ""]
)
def test_choosing_leads_nowhere_but_to_the_console(world: World, address: str) -> None:
    typed = {"year": world.cohort.year, "next": address}
    answer = world.client(Role.SCHOOL_ADMIN).post(reverse("console:year"), typed)
    assert answer["Location"] == f"{reverse('console:home')}?cohort={world.cohort.year}"


def test_a_kept_year_that_left_the_scope_is_forgotten(world: World) -> None:
    other, _ = in_other_year(world, years_later=-1)
    staff = StaffMember.objects.get(user=world.counsellor)
    staff.cohorts.add(other.cohort)
    StaffMember.objects.filter(pk=staff.pk).update(current_year=other.cohort.year)
    assert kept(world.counsellor) == other.cohort.year
    staff.cohorts.remove(other.cohort)
    assert kept(world.counsellor) == world.cohort.year


def test_numbers_of_the_menu_count_what_their_list_shows(world: World) -> None:
    other, theirs = in_other_year(world, years_later=-1)
    waiting = [theirs, make_graduate(world), make_graduate(world)]
    Destination.objects.filter(graduate__in=waiting).update(
        state=State.PENDING, submitted_at=timezone.now(), category="10"
    )
    admin = world.client(Role.SCHOOL_ADMIN)
    counted = admin.get(reverse("console:counts")).content.decode()
    assert re.search(r'id="count-consolereview-queue"[^>]*>2<', counted)
    queue = admin.get(reverse("console:review-queue")).content.decode()
    assert queue.count("<tr data-key") == 2
    home = admin.get(reverse("console:home")).content.decode()
    link = f'<a href="{reverse("console:review-queue")}?cohort=all">待审核去向 1</a>'
    assert link in home, "work of another year is not hidden"
    every = admin.get(f"{reverse('console:review-queue')}?cohort=all").content.decode()
    assert every.count("<tr data-key") == 3
    assert other.cohort.year != world.cohort.year


def test_nobody_has_a_year_without_a_cohort(world: World) -> None:
    newcomer = make_staff(Role.COUNSELLOR, world, departments=world.departments)
    assert kept(newcomer) is None
    assert client_of(newcomer).get(reverse("console:origins")).status_code == 200
    assert client_of(newcomer).get(reverse("console:figures")).status_code == 200


def test_a_new_year_gets_its_own_dates(world: World) -> None:
    admin = world.client(Role.SCHOOL_ADMIN)
    page = reverse("console:cohorts")
    suggested = admin.get(page).context["form"].initial["year"]
    assert suggested not in (world.cohort.year, None)
    assert admin.post(page, {"year": "2040"}).status_code == 302
    made = Cohort.objects.get(school=world.school, year=2040)
    assert made.ends_on == datetime.date(2040, 8, 31)
    wrong = admin.post(page, {"year": "2041", "ends_on": "2040-08-31"})
    assert wrong.status_code == 422
    assert "2041届的截止日期应在2041年或2042年" in wrong.content.decode()
