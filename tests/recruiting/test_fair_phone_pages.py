"""The graduate's pages of fairs and talks."""

from __future__ import annotations

import datetime
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from employers.models import UnitMember
from graduates.models import Graduate
from recruiting import consent, visiting
from recruiting.models import Application, Booking, Booth, Fair, Posting
from recruiting.states import BookingState, BoothState, FairKind, FairState, PostingState
from recruiting.views import phone_fairs
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of
from tests.recruiting import booking_scene, scene

pytestmark = pytest.mark.django_db
S = BookingState


@pytest.fixture
def fair(world: World) -> Fair:
    return booking_scene.make_fair(world)


@pytest.fixture
def client(graduate: Graduate) -> Client:
    return client_of(scene.account_of(graduate))


def page(client: Client, name: str, *args: int, query: str = "") -> str:
    response = client.get(reverse(name, args=args) + query)
    assert response.status_code == 200
    return response.content.decode()


def press(client: Client, name: str, fair: Fair, **typed: str) -> str:
    """What the page says after a button was pressed."""
    response = client.post(reverse(name, args=[fair.pk]), typed, follow=True)
    assert response.redirect_chain == [(reverse("fair", args=[fair.pk]), 302)]
    return response.content.decode()


def cost(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


# --- the list -----------------------------------------------------------------------------------


def test_empty_lists_say_what_to_do(client: Client) -> None:
    assert reverse("fairs") in page(client, "services")
    assert "近期没有活动" in page(client, "fairs")
    assert "还没有预约" in page(client, "fairs", query="?show=mine")
    assert "没有以往活动" in page(client, "fairs", query="?show=earlier")
    assert "近期没有活动" in page(client, "fairs", query="?show=unknown&after=x")


def test_the_list_has_what_is_open_to_the_school(world: World, client: Client) -> None:
    other = factories.make_world()
    titles = {
        "全省双选会": booking_scene.make_fair(world, title="全省双选会", role=Role.PROVINCE),
        "本校双选会": booking_scene.make_fair(
            world, title="本校双选会", school_ids=[world.school.pk]
        ),
        "外校宣讲会": booking_scene.make_fair(
            other, title="外校宣讲会", school_ids=[other.school.pk]
        ),
        "未公布的": booking_scene.make_fair(world, title="未公布的", state=FairState.DRAFT),
        "待审批的": booking_scene.make_fair(world, title="待审批的", state=FairState.APPLIED),
        "取消的": booking_scene.make_fair(
            world, title="取消的", state=FairState.CANCELLED, reason="场地维修"
        ),
    }
    shown = page(client, "fairs") + page(client, "fairs", query="?show=earlier")
    seen = {title for title in titles if title in shown}
    assert seen == {"全省双选会", "本校双选会"}
    for title, fair in titles.items():
        status = client.get(reverse("fair", args=[fair.pk])).status_code
        assert status == (200 if title in seen else 404), title


def test_a_booked_event_stays_in_sight_after_it_is_cancelled(
    fair: Fair, graduate: Graduate, client: Client
) -> None:
    booking_scene.book(fair, graduate)
    assert "已预约" in page(client, "fairs", query="?show=mine")
    Fair.objects.update(state=FairState.CANCELLED, reason="场地维修")
    assert fair.title in page(client, "fairs", query="?show=mine")
    shown = page(client, "fair", fair.pk)
    assert "活动已取消：场地维修" in shown
    assert reverse("fair-book", args=[fair.pk]) not in shown


def test_events_are_sorted_by_their_start_and_paged(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_fairs, "_SIZE", 2)
    made = [booking_scene.make_fair(world, title=f"第{n}场", place=f"{n}号厅") for n in range(5)]
    first = made[0].starts_at
    for fair, days in zip(made, (3, 1, 1, 0, 2), strict=True):
        moved = first + datetime.timedelta(days=days)
        Fair.objects.filter(pk=fair.pk).update(
            starts_at=moved, ends_at=moved + datetime.timedelta(hours=1)
        )

    def walk(query: str) -> list[str]:
        seen: list[str] = []
        address: str | None = reverse("fairs") + query
        while address:
            shown = client.get(address).content.decode()
            seen += re.findall(r"<b>(第\d场)</b>", shown)
            found = re.search(r'href="([^"]*after=\d+[^"]*)"', shown)
            address = reverse("fairs") + found[1].replace("&amp;", "&") if found else None
        return seen

    assert walk("") == ["第3场", "第1场", "第2场", "第4场", "第0场"]
    Fair.objects.update(state=FairState.ENDED)
    assert walk("?show=earlier") == ["第0场", "第4场", "第2场", "第1场", "第3场"]


def test_the_list_costs_the_same_with_many_events(
    world: World, graduate: Graduate, client: Client
) -> None:
    def make(number: int) -> None:
        fair = booking_scene.make_fair(world, place=f"{number}号厅", slot_minutes=30, slot_cap=5)
        booking_scene.add_booking(fair, graduate)

    make(0)
    few = cost(client, reverse("fairs"))
    for number in range(1, 8):
        make(number)
    assert cost(client, reverse("fairs")) == few


# --- one event ----------------------------------------------------------------------------------


def test_the_page_has_the_facts_and_the_places_left(world: World, client: Client) -> None:
    start = timezone.make_aware(datetime.datetime(2031, 3, 5, 9))
    fair = booking_scene.make_fair(
        world, capacity=3, text="<b>请携带简历</b>\n准时到场", starts_at=start,
        ends_at=start + datetime.timedelta(hours=3), apply_until=start,
    )  # fmt: skip
    booking_scene.add_booking(fair, factories.make_graduate(world))
    shown = page(client, "fair", fair.pk)
    assert '2031年3月5日（周三） <span class="text-nowrap">09:00–12:00</span>' in shown
    assert "体育馆" in shown
    assert "余2个" in shown
    assert f"{world.school.name}" in shown
    assert "&lt;b&gt;请携带简历&lt;/b&gt;<br>准时到场" in shown


def test_who_books_reads_what_the_host_will_see(world: World, fair: Fair, client: Client) -> None:
    shown = page(client, "fair", fair.pk)
    assert f"主办方（{world.school.name}）会看到您的姓名、学校、班级、学号和预约、签到情况" in shown
    of_province = booking_scene.make_fair(world, role=Role.PROVINCE)
    shown = page(client, "fair", of_province.pk)
    assert "主办方（省级）会看到您的姓名、学校和预约、签到情况" in shown


def test_a_graduate_books_and_gives_the_place_back(fair: Fair, client: Client) -> None:
    assert "已预约，请按时到场" in press(client, "fair-book", fair)
    shown = page(client, "fair", fair.pk)
    assert "我的预约" in shown
    assert "扫描现场屏幕上的二维码签到" in shown
    assert "已取消预约" in press(client, "fair-cancel", fair)
    assert reverse("fair-book", args=[fair.pk]) in page(client, "fair", fair.pk)
    press(client, "fair-book", fair)
    assert Booking.objects.get().state == S.BOOKED


def test_a_slot_is_chosen_by_its_button_and_a_full_one_can_not_be_pressed(
    world: World, graduate: Graduate, client: Client
) -> None:
    fair = booking_scene.make_fair(world, slot_minutes=60, slot_cap=1)
    first, second, _ = visiting.occupancy(fair).slots
    booking_scene.book(fair, factories.make_graduate(world), first.start)
    shown = page(client, "fair", fair.pk)
    buttons = dict(re.findall(r'name="slot" value="(\d+)"( disabled)?>', shown))
    assert buttons[str(first.key)] == " disabled"
    assert buttons[str(second.key)] == ""
    assert "这个时段已满" in press(client, "fair-book", fair, slot=str(first.key))
    assert "请选择入场时段" in press(client, "fair-book", fair)
    for wrong in ("1", "x", "9" * 30, str(second.key + 1)):
        assert "请选择入场时段" in press(client, "fair-book", fair, slot=wrong)
    assert not Booking.objects.filter(graduate=graduate).exists()
    press(client, "fair-book", fair, slot=str(second.key))
    assert Booking.objects.get(graduate=graduate).slot == second.start
    assert "更改入场时段" in page(client, "fair", fair.pk)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": FairState.CLOSED}, "报名已截止"),
        ({"apply_until": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)}, "报名已截止"),
        ({"capacity": 1}, "名额已满"),
    ],
)
def test_why_nobody_books_any_more_is_said(
    world: World, client: Client, changes: dict[str, object], words: str
) -> None:
    fair = booking_scene.make_fair(world, **changes)
    booking_scene.add_booking(fair, factories.make_graduate(world))
    shown = page(client, "fair", fair.pk)
    assert words in shown
    assert reverse("fair-book", args=[fair.pk]) not in shown
    assert words in press(client, "fair-book", fair)


def test_guessed_ids_and_other_schools_events_are_404(world: World, client: Client) -> None:
    other = factories.make_world()
    foreign = booking_scene.make_fair(other, school_ids=[other.school.pk])
    for pk in (foreign.pk, 2**40):
        for name in ("fair", "fair-units"):
            assert client.get(reverse(name, args=[pk])).status_code == 404
        for name in ("fair-book", "fair-cancel"):
            assert client.post(reverse(name, args=[pk])).status_code == 404
    assert not Booking.objects.exists()


def test_booking_and_cancelling_are_posts(fair: Fair, client: Client) -> None:
    for name in ("fair-book", "fair-cancel"):
        assert client.get(reverse(name, args=[fair.pk])).status_code == 405


def test_an_online_event_shows_its_address_and_asks_for_no_check_in(
    world: World, client: Client
) -> None:
    fair = booking_scene.make_fair(
        world, kind=FairKind.ONLINE_TALK, place="", link="https://example.com/live"
    )
    press(client, "fair-book", fair)
    shown = page(client, "fair", fair.pk)
    assert "https://example.com/live" in shown
    assert 'href="https://example.com/live' not in shown
    assert "二维码" not in shown


# --- units and postings -------------------------------------------------------------------------


@pytest.fixture
def member() -> UnitMember:
    return scene.make_recruiter()


@pytest.fixture
def posting(world: World, member: UnitMember) -> Posting:
    return scene.make_posting(member, PostingState.PUBLISHED, by=world)


def test_the_page_lists_approved_units_with_postings_that_the_graduate_may_see(
    world: World, fair: Fair, member: UnitMember, posting: Posting, client: Client
) -> None:
    assert "单位报名通过后会出现在这里" in page(client, "fair", fair.pk)
    elsewhere = scene.make_posting(
        member, PostingState.PUBLISHED, by=world, title="外校岗位",
        school_ids=(factories.make_school().pk,),
    )  # fmt: skip
    draft = scene.make_posting(member, title="草稿岗位")
    booking_scene.add_booth(fair, member, posting, elsewhere, draft, number="7")
    waiting = scene.make_recruiter(unit={"name": "虚构待审核公司"})
    Booth.objects.filter(pk=booking_scene.add_booth(fair, waiting).pk).update(
        state=BoothState.WAITING
    )
    for name in ("fair", "fair-units"):
        shown = page(client, name, fair.pk)
        assert member.unit.name in shown
        assert "展位7" in shown
        assert f'href="{reverse("job", args=[posting.pk])}?fair={fair.pk}"' in shown
        for hidden in (elsewhere.title, draft.title, waiting.unit.name):
            assert hidden not in shown


def test_a_talk_lists_the_postings_of_its_unit(
    world: World, member: UnitMember, posting: Posting, client: Client
) -> None:
    talk = booking_scene.make_fair(world, kind=FairKind.TALK, unit=member.unit, member=member)
    shown = page(client, "fair", talk.pk)
    assert f"{member.unit.name}的职位" in shown
    assert f'href="{reverse("job", args=[posting.pk])}?fair={talk.pk}"' in shown


def test_units_are_searched_and_paged(
    world: World, fair: Fair, posting: Posting, member: UnitMember, client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(phone_fairs, "_SIZE", 2)
    booking_scene.add_booth(fair, member, posting, number="12")
    others = [scene.make_recruiter(unit={"name": f"虚构第{n}公司"}) for n in range(4)]
    for other, number in zip(others, ("9", "100", "", "10"), strict=True):
        booking_scene.add_booth(fair, other, number=number)
    seen: list[str] = []
    query: str | None = ""
    while query is not None:
        shown = page(client, "fair-units", fair.pk, query=query)
        seen += re.findall(r'<p class="row-top"><b>([^<]+)</b>', shown)
        found = re.search(r'href="(\?after=\d+)"', shown)
        query = found[1] if found else None
    by_number = [others[2], others[0], others[3], member, others[1]]
    assert seen == [m.unit.name for m in by_number]
    for word in (member.unit.name, "软件开发"):
        shown = page(client, "fair-units", fair.pk, query=f"?q={word}")
        assert member.unit.name in shown
    assert others[0].unit.name not in page(client, "fair-units", fair.pk, query="?q=软件开发")
    assert "没有符合条件的单位" in page(client, "fair-units", fair.pk, query="?q=厨师")


def test_pages_cost_the_same_with_many_units_postings_and_bookings(
    world: World, fair: Fair, client: Client
) -> None:
    addresses = [reverse(name, args=[fair.pk]) for name in ("fair", "fair-units")]

    def grow(number: int) -> None:
        for place in range(number):
            member = scene.make_recruiter()
            rows = [scene.make_posting(member, PostingState.PUBLISHED, by=world) for _ in range(2)]
            booking_scene.add_booth(fair, member, *rows, number=f"{place}{number}")
            booking_scene.add_booking(fair, factories.make_graduate(world))

    grow(1)
    few = [cost(client, address) for address in addresses]
    grow(5)
    assert [cost(client, address) for address in addresses] == few


def test_what_is_delivered_from_an_events_page_is_tagged_with_it(
    world: World, fair: Fair, member: UnitMember, posting: Posting
) -> None:
    graduate = scene.make_applicant(world)
    client = client_of(scene.account_of(graduate))
    booking_scene.add_booth(fair, member, posting)
    apply = f"{reverse('job-apply', args=[posting.pk])}?fair={fair.pk}"
    assert f'href="{apply}"' in page(client, "job", posting.pk, query=f"?fair={fair.pk}")
    assert f"来自“{fair.title}”" in client.get(apply).content.decode()
    agreed = {"consent": "on", "version": str(consent.CURRENT.version)}
    assert client.post(apply, agreed).status_code == 302
    made = Application.objects.get()
    assert made.fair == fair
    assert fair.title in page(client, "application", made.pk)
    received = page(client_of(member.user), "employer-application", made.pk)
    assert f"<dt>来自</dt><dd>{fair.title}</dd>" in received


@pytest.mark.parametrize("change", ["guessed", "no_booth", "not_invited", "over", "none", "words"])
def test_an_event_that_is_not_the_postings_tags_nothing(
    world: World, fair: Fair, member: UnitMember, posting: Posting, change: str
) -> None:
    graduate = scene.make_applicant(world)
    client = client_of(scene.account_of(graduate))
    if change != "no_booth":
        booking_scene.add_booth(fair, member, posting)
    if change == "not_invited":
        Fair.objects.update(school_ids=[factories.make_school().pk])
    if change == "over":
        Fair.objects.update(state=FairState.ENDED)
    query = {"guessed": f"?fair={2**29}", "none": "", "words": "?fair=x"}.get(
        change, f"?fair={fair.pk}"
    )
    agreed = {"consent": "on", "version": str(consent.CURRENT.version)}
    client.post(reverse("job-apply", args=[posting.pk]) + query, agreed)
    assert Application.objects.get().fair is None


# --- the home page ------------------------------------------------------------------------------


def at_noon(fair: Fair, days: int) -> None:
    """Move the event to 12–13 o'clock in so many days."""
    start = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    start += datetime.timedelta(days=days)
    Fair.objects.filter(pk=fair.pk).update(
        starts_at=start, ends_at=start + datetime.timedelta(hours=1), apply_until=start
    )


def test_the_home_page_has_booked_events_of_today_and_tomorrow(
    world: World, graduate: Graduate, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    morning = timezone.localtime().replace(hour=8, minute=0)
    monkeypatch.setattr(visiting.timezone, "now", lambda: morning)
    wanted = {
        "昨天": (-1, S.BOOKED), "今天": (0, S.BOOKED), "明天": (1, S.CHECKED_IN), "后天": (2, S.BOOKED),
        "取消的": (0, S.CANCELLED),
    }  # fmt: skip
    made = {}
    for title, (days, state) in wanted.items():
        made[title] = booking_scene.make_fair(world, title=f"{title}的活动", place=f"{title}厅")
        booking_scene.add_booking(made[title], graduate, state)
        at_noon(made[title], days)
    for title, more in (
        ("没有预约的", {}),
        ("停办的", {"state": FairState.CANCELLED, "reason": "维修"}),
    ):
        made[title] = booking_scene.make_fair(
            world, title=f"{title}活动", place=f"{title}厅", **more
        )
        at_noon(made[title], 0)
    booking_scene.add_booking(made["停办的"], graduate)
    shown = page(client, "home")
    assert [title for title, fair in made.items() if fair.title in shown] == ["今天", "明天"]
    assert "今天的线下双选会" in shown
    assert "12:00–13:00，今天厅" in shown
    assert "明天的线下双选会" in shown
    assert "12:00–13:00，明天厅，已签到" in shown
    assert f'href="{reverse("fair", args=[made["今天"].pk])}"' in shown


def test_the_card_names_the_slot(world: World, graduate: Graduate, client: Client) -> None:
    fair = booking_scene.make_fair(world, slot_minutes=30, slot_cap=5)
    booking_scene.book(fair, graduate, fair.starts_at)
    assert fair.title not in page(client, "home")
    booking_scene.begin_now(fair, minutes=10)
    slot = timezone.localtime(Booking.objects.get().slot)
    assert f"{slot:%H:%M}入场" in page(client, "home")


def test_the_home_page_costs_the_same_with_many_bookings(
    world: World, graduate: Graduate, client: Client
) -> None:
    def add(number: int) -> None:
        fair = booking_scene.make_fair(world, place=f"{number}号厅")
        booking_scene.add_booking(fair, graduate)
        booking_scene.begin_now(fair)

    add(0)
    few = cost(client, reverse("home"))
    for number in range(1, 5):
        add(number)
    assert cost(client, reverse("home")) == few
