"""Checking in by the code on the screen: the code, the graduate's page, the host's screen and list."""

from __future__ import annotations

import datetime
import io
import re
from urllib.parse import urlsplit

import openpyxl
import pytest
from django.core.signing import Signer
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.clock import database_now
from core.errors import Refused
from core.models import Event
from graduates.models import Graduate
from recruiting import check_in_code, visiting
from recruiting.actions import bookings
from recruiting.models import Booking, Fair
from recruiting.states import BookingState, FairKind, FairState
from recruiting.views import console_checkins
from schools.roles import Role
from tests import factories
from tests.factories import World, client_of
from tests.recruiting import booking_scene, scene

pytestmark = pytest.mark.django_db
S = BookingState
OLD = "请扫描现场屏幕上最新的二维码"


@pytest.fixture
def fair(world: World) -> Fair:
    """A fair that began half an hour ago."""
    return booking_scene.begin_now(booking_scene.make_fair(world))


@pytest.fixture
def client(graduate: Graduate) -> Client:
    return client_of(scene.account_of(graduate))


def address(fair: Fair, *, seconds: int = 0) -> str:
    """The address of the code that the screen showed so many seconds ago."""
    at = database_now() - datetime.timedelta(seconds=seconds)
    return reverse("check-in", args=[check_in_code.code_of(fair.pk, at)])


def press(client: Client, path: str) -> str:
    """What is shown after the button of the page was pressed."""
    return client.post(path, follow=True).content.decode()


def state_of(graduate: Graduate) -> str:
    return Booking.objects.get(graduate=graduate).state


# --- the code -----------------------------------------------------------------------------------


def test_a_code_is_fresh_in_its_half_minute_and_the_following_one() -> None:
    start = datetime.datetime(2031, 3, 5, 9, 0, tzinfo=datetime.UTC)
    code = check_in_code.code_of(7, start)

    def is_fresh(seconds: int) -> bool:
        scan = check_in_code.read(code, start + datetime.timedelta(seconds=seconds))
        assert scan is not None
        assert scan.fair_id == 7
        return scan.is_fresh

    assert [is_fresh(n) for n in (0, 29, 30, 59)] == [True] * 4
    assert [is_fresh(n) for n in (60, 3600, -1, -3600)] == [False] * 4
    assert check_in_code.code_of(7, start + datetime.timedelta(seconds=29)) == code
    assert check_in_code.code_of(7, start + datetime.timedelta(seconds=30)) != code


def test_what_no_screen_has_shown_is_no_code(fair: Fair, client: Client) -> None:
    now = database_now()
    good = check_in_code.code_of(fair.pk, now)
    content, signature = good.split(":")
    forged = [
        "x", "1-1", f"{content}:", f"{content}:{signature[:-1]}", f"{content}x:{signature}",
        f"{fair.pk + 1}{content[content.index('-'):]}:{signature}", Signer().sign(content),
        Signer(salt="recruiting.check_in_code").sign("１-１"),
        Signer(salt="recruiting.check_in_code").sign(f"{fair.pk}-x"),
    ]  # fmt: skip
    for code in forged:
        assert check_in_code.read(code, now) is None, code
        path = reverse("check-in", args=[code])
        assert client.get(path).status_code == 404
        assert client.post(path).status_code == 404
    assert not Booking.objects.exists()


def test_the_code_of_an_event_that_does_not_exist_is_404(client: Client) -> None:
    missing = check_in_code.code_of(2**40, database_now())
    assert client.get(reverse("check-in", args=[missing])).status_code == 404


# --- the graduate's page ------------------------------------------------------------------------


def test_a_graduate_scans_presses_and_is_checked_in_once(
    fair: Fair, graduate: Graduate, client: Client
) -> None:
    booking_scene.add_booking(fair, graduate)
    path = address(fair)
    shown = client.get(path).content.decode()
    assert fair.title in shown
    assert state_of(graduate) == S.BOOKED, "a GET changes nothing"
    assert "签到成功。" in press(client, path)
    assert state_of(graduate) == S.CHECKED_IN
    at = timezone.localtime(Booking.objects.get().checked_in_at)
    again = f"您已于{at.month}月{at.day}日 {at:%H:%M}签到"
    assert again in press(client, address(fair))
    shown = client.get(address(fair)).content.decode()
    assert again in shown
    assert "<button" not in shown
    assert Event.objects.filter(action="recruiting.check_in").count() == 1


def test_an_old_code_asks_for_the_latest_one(fair: Fair, graduate: Graduate) -> None:
    booking_scene.add_booking(fair, graduate)
    for visitor in (Client(), client_of(scene.account_of(graduate))):
        for send in (visitor.get, visitor.post):
            response = send(address(fair, seconds=90))
            assert response.status_code == 409
            assert OLD in response.content.decode()
            assert "check_in_scan" not in response.cookies
    assert state_of(graduate) == S.BOOKED


def test_who_presses_late_need_not_scan_again(
    fair: Fair, graduate: Graduate, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_scene.add_booking(fair, graduate)
    path = address(fair)
    client.get(path)
    later = database_now() + datetime.timedelta(minutes=5)
    monkeypatch.setattr("recruiting.views.phone_check_in.database_now", lambda: later)
    assert "签到成功。" in press(client, path)
    # The scan is used up: the next person at this phone scans anew.
    assert client.get(path).status_code == 409


def test_a_scan_is_good_for_its_own_event_alone(
    world: World, fair: Fair, graduate: Graduate, client: Client
) -> None:
    other = booking_scene.begin_now(booking_scene.make_fair(world, place="报告厅"))
    booking_scene.add_booking(other, graduate)
    client.get(address(fair))
    assert client.post(address(other, seconds=90)).status_code == 409
    assert state_of(graduate) == S.BOOKED


def test_a_made_up_scan_is_not_believed(fair: Fair, graduate: Graduate, client: Client) -> None:
    booking_scene.add_booking(fair, graduate)
    client.cookies["check_in_scan"] = f"{fair.pk}:x:y"
    assert client.post(address(fair, seconds=90)).status_code == 409
    assert state_of(graduate) == S.BOOKED


def test_who_has_to_sign_in_first_is_led_back(world: World, fair: Fair) -> None:
    graduate = factories.make_graduate(world)
    booking_scene.add_booking(fair, graduate)
    visitor, path = Client(), address(fair)
    response = visitor.get(path)
    assert response.headers["Location"] == reverse("login")
    assert visitor.cookies["check_in_scan"]["httponly"]
    factories.activate(graduate)
    typed = {
        "school": graduate.school.name, "student_no": graduate.student_no,
        "password": factories.PASSWORD,
    }  # fmt: skip
    assert visitor.post(reverse("login"), typed).headers["Location"] == path
    assert "签到成功。" in press(visitor, path)
    assert state_of(graduate) == S.CHECKED_IN


def test_a_session_that_ends_before_the_button_leads_back_to_it(
    fair: Fair, graduate: Graduate, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    booking_scene.add_booking(fair, graduate)
    path = address(fair)
    client.get(path)
    del client.cookies[next(name for name in client.cookies if "session" in name)]
    response = client.post(path)
    assert response.headers["Location"] == reverse("login")
    assert client.cookies["after_sign_in"].value
    assert state_of(graduate) == S.BOOKED
    # Signing in took longer than the code was good.
    later = database_now() + datetime.timedelta(minutes=3)
    monkeypatch.setattr("recruiting.views.phone_check_in.database_now", lambda: later)
    client.force_login(scene.account_of(graduate))
    assert "签到成功。" in press(client, path)


def test_neither_address_nor_cookie_names_a_person(
    fair: Fair, graduate: Graduate, client: Client
) -> None:
    booking_scene.add_booking(fair, graduate)
    path = address(fair)
    client.get(path)
    content = path.removeprefix("/check-in/").partition(":")[0]
    assert re.fullmatch(rf"{fair.pk}-\d+", content)
    assert client.cookies["check_in_scan"].value.startswith(f"{fair.pk}:")


@pytest.mark.parametrize(
    ("minutes", "changes", "words"),
    [
        (-61, {}, "活动开始前1小时起可以签到"),
        (181, {}, "活动已结束，不能签到"),
        (30, {"state": FairState.ENDED}, "活动已结束，不能签到"),
        (30, {"state": FairState.CANCELLED, "reason": "维修"}, "活动已取消，不能签到"),
        (30, {"state": FairState.DRAFT}, "活动没有开放，不能签到"),
        (30, {"kind": FairKind.ONLINE_FAIR}, "网络活动不用签到"),
    ],
)
@pytest.mark.parametrize("booked", [True, False])
def test_an_event_at_another_time_says_so(
    world: World, graduate: Graduate, client: Client, minutes: int, changes: dict[str, str],
    words: str, booked: bool,
) -> None:  # fmt: skip
    fair = booking_scene.begin_now(booking_scene.make_fair(world), minutes=minutes)
    Fair.objects.filter(pk=fair.pk).update(**changes)
    if booked:
        booking_scene.add_booking(fair, graduate)
    shown = client.get(address(fair))
    assert shown.status_code == 200
    assert words in shown.content.decode()
    response = client.post(address(fair))
    assert response.status_code == 409
    assert words in response.content.decode()
    assert not Booking.objects.filter(state=S.CHECKED_IN).exists()


@pytest.mark.parametrize("minutes", [-59, 0, 179])
def test_one_checks_in_from_an_hour_before_until_the_end(
    world: World, graduate: Graduate, client: Client, minutes: int
) -> None:
    fair = booking_scene.make_fair(world)
    booking_scene.add_booking(fair, graduate)
    booking_scene.begin_now(fair, minutes=minutes, state=FairState.OPEN)
    assert "签到成功。" in press(client, address(fair))


# --- without a booking --------------------------------------------------------------------------


def test_who_has_not_booked_gets_a_place_on_the_spot(
    fair: Fair, graduate: Graduate, client: Client
) -> None:
    shown = client.get(address(fair)).content.decode()
    assert "您没有预约，现场还有名额" in shown
    assert "会看到您的姓名、学校、班级、学号和预约、签到情况" in shown
    assert not Booking.objects.exists()
    assert "已在现场为您登记" in press(client, address(fair))
    assert state_of(graduate) == S.CHECKED_IN
    assert Event.objects.get(action="recruiting.check_in").data["unbooked"] is True


def test_a_cancelled_booking_comes_back_on_the_spot(
    fair: Fair, graduate: Graduate, client: Client
) -> None:
    booking_scene.add_booking(fair, graduate, S.CANCELLED)
    assert "已在现场为您登记" in press(client, address(fair))
    assert state_of(graduate) == S.CHECKED_IN


def test_a_full_event_has_no_place_on_the_spot(
    world: World, graduate: Graduate, client: Client
) -> None:
    fair = booking_scene.begin_now(booking_scene.make_fair(world, capacity=1))
    booking_scene.add_booking(fair, factories.make_graduate(world))
    assert "名额已满" in client.get(address(fair)).content.decode()
    assert client.post(address(fair)).status_code == 409
    assert not Booking.objects.filter(graduate=graduate).exists()


def test_on_the_spot_one_comes_into_the_present_slot(world: World) -> None:
    fair = booking_scene.make_fair(world, slot_minutes=60, slot_cap=1)
    booking_scene.begin_now(fair, minutes=70)
    first, second = factories.make_graduate(world), factories.make_graduate(world)
    client = client_of(scene.account_of(first))
    assert "已在现场为您登记" in press(client, address(fair))
    assert Booking.objects.get().slot == visiting.occupancy(fair).slots[1].start
    with pytest.raises(Refused) as refusal:
        bookings.check_in(fair_id=fair.pk, graduate=second, by=scene.account_of(second))
    assert refusal.value.code == "slot_full"


def test_other_schools_graduates_are_not_taken_on_the_spot(world: World) -> None:
    fair = booking_scene.begin_now(booking_scene.make_fair(world, school_ids=[world.school.pk]))
    stranger = factories.make_graduate(factories.make_world())
    client = client_of(scene.account_of(stranger))
    assert "活动不面向您所在的学校" in client.get(address(fair)).content.decode()
    assert client.post(address(fair)).status_code == 409
    assert not Booking.objects.exists()


def test_staff_and_units_do_not_check_in(world: World, fair: Fair) -> None:
    for visitor in (world.client(Role.SCHOOL_ADMIN), client_of(scene.make_recruiter().user)):
        response = visitor.post(address(fair))
        assert response.headers["Location"] == reverse("login")
    assert not Booking.objects.exists()


# --- the screen ---------------------------------------------------------------------------------


def screen(client: Client, fair: Fair, **headers: str) -> str:
    response = client.get(reverse("console:fair-check-in", args=[fair.pk]), headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_the_screen_shows_a_code_that_leads_to_the_page(
    world: World, fair: Fair, graduate: Graduate, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    def draw(text: str) -> str:
        drawn.append(text)
        return "<svg></svg>"

    monkeypatch.setattr(console_checkins.pdf, "qr_svg", draw)
    staff = world.client(Role.SCHOOL_ADMIN)
    for headers in ({}, {"hx-request": "true"}):
        assert "用手机扫码签到" in screen(staff, fair, **headers)
    booking_scene.add_booking(fair, graduate)
    client = client_of(scene.account_of(graduate))
    assert "签到成功。" in press(client, urlsplit(drawn[-1]).path)


def test_the_screen_asks_for_itself_and_runs_no_script_of_its_own(world: World, fair: Fair) -> None:
    shown = screen(world.client(Role.SCHOOL_ADMIN), fair)
    assert "<svg" in shown
    assert f'hx-get="{reverse("console:fair-check-in", args=[fair.pk])}"' in shown
    assert "<script>" not in shown
    assert "<html" not in screen(world.client(Role.SCHOOL_ADMIN), fair, **{"hx-request": "true"})


def test_the_screen_counts_live_by_slot(world: World) -> None:
    fair = booking_scene.make_fair(world, slot_minutes=60, slot_cap=2, capacity=5)
    for state, hours in ((S.BOOKED, 0), (S.CHECKED_IN, 0), (S.CHECKED_IN, 1), (S.CANCELLED, 2)):
        made = booking_scene.add_booking(fair, factories.make_graduate(world), state)
        start = fair.starts_at + datetime.timedelta(hours=hours)
        Booking.objects.filter(pk=made.pk).update(slot=start)
    booking_scene.begin_now(fair)
    shown = screen(world.client(Role.SCHOOL_ADMIN), fair)
    assert "<dt>已签到</dt><dd>2</dd>" in shown
    assert "<dt>预约</dt><dd>3</dd>" in shown
    assert "<dt>余名额</dt><dd>2</dd>" in shown
    cells = [
        re.findall(r"<td>([^<]*)</td>", row) for row in re.findall(r"<tr.*?</tr>", shown, re.S)[1:]
    ]
    assert cells == [["2", "1", "已满"], ["1", "1", "1"], ["0", "0", "2"]]


@pytest.mark.parametrize(
    ("minutes", "state", "words"),
    [
        (-120, FairState.OPEN, "起显示签到二维码"), (30, FairState.ENDED, "活动已结束"),
        (181, FairState.RUNNING, "活动已结束"), (30, FairState.CANCELLED, "活动已取消"),
        (30, FairState.DRAFT, "还没有开放报名"),
    ],
)  # fmt: skip
def test_the_screen_has_no_code_at_other_times(
    world: World, minutes: int, state: str, words: str
) -> None:
    fair = booking_scene.begin_now(booking_scene.make_fair(world), minutes=minutes)
    Fair.objects.filter(pk=fair.pk).update(state=state, reason="维修")
    shown = screen(world.client(Role.SCHOOL_ADMIN), fair)
    assert words in shown
    assert "用手机扫码签到" not in shown


def test_an_online_event_has_no_code(world: World) -> None:
    fair = booking_scene.make_fair(world, kind=FairKind.ONLINE_TALK, link="https://example.com")
    booking_scene.begin_now(fair)
    assert "网络活动不用签到" in screen(world.client(Role.SCHOOL_ADMIN), fair)
    online = booking_list(world.client(Role.SCHOOL_ADMIN), fair)
    assert reverse("console:fair-check-in", args=[fair.pk]) not in online
    on_site = booking_scene.make_fair(world)
    shown = booking_list(world.client(Role.SCHOOL_ADMIN), on_site)
    assert reverse("console:fair-check-in", args=[on_site.pk]) in shown


def test_only_the_host_opens_screen_and_list(world: World, fair: Fair) -> None:
    other = factories.make_world()
    province = booking_scene.make_fair(world, role=Role.PROVINCE)
    for name in ("console:fair-check-in", "console:fair-bookings"):
        path = reverse(name, args=[fair.pk])
        assert world.client(Role.SCHOOL_ADMIN).get(path).status_code == 200
        assert world.client(Role.PROVINCE).get(path).status_code == 200
        assert other.client(Role.SCHOOL_ADMIN).get(path).status_code == 404
        assert world.client(Role.COUNSELLOR).get(path).status_code == 403
        assert client_of(scene.make_recruiter().user).get(path).status_code == 403
        for pk in (province.pk, 2**40):
            hidden = world.client(Role.SCHOOL_ADMIN).get(reverse(name, args=[pk]))
            assert hidden.status_code == 404


def test_the_screen_costs_the_same_with_many_bookings(world: World, fair: Fair) -> None:
    staff = world.client(Role.SCHOOL_ADMIN)

    def cost() -> int:
        screen(staff, fair)
        with CaptureQueriesContext(connection) as captured:
            screen(staff, fair)
        return len(captured)

    booking_scene.add_booking(fair, factories.make_graduate(world))
    few = cost()
    for state in (S.BOOKED, S.CHECKED_IN, S.CHECKED_IN, S.ABSENT):
        booking_scene.add_booking(fair, factories.make_graduate(world), state)
    assert cost() == few


# --- the list and its export --------------------------------------------------------------------


def booking_list(client: Client, fair: Fair, query: str = "") -> str:
    response = client.get(reverse("console:fair-bookings", args=[fair.pk]) + query)
    assert response.status_code == 200
    return response.content.decode()


def exported(client: Client, fair: Fair, query: str = "") -> list[tuple[object, ...]]:
    response = client.get(reverse("console:fair-bookings", args=[fair.pk]) + f"?export=1{query}")
    assert response.headers["Cache-Control"] == "private, no-store"
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    assert sheet is not None
    return list(sheet.iter_rows(values_only=True))


def test_of_other_schools_graduates_the_host_gets_name_and_school_alone(
    world: World, fair: Fair
) -> None:
    own, guest = factories.make_graduate(world), factories.make_graduate(factories.make_world())
    came = booking_scene.add_booking(fair, own, S.CHECKED_IN)
    booking_scene.add_booking(fair, guest)
    assert came.checked_in_at is not None
    at = timezone.localtime(came.checked_in_at).strftime("%Y-%m-%d %H:%M")
    staff = world.client(Role.SCHOOL_ADMIN)
    assert exported(staff, fair) == [
        ("姓名", "学校", "班级", "学号", "入场时段", "状态", "签到时间"),
        (guest.name, guest.school.name, None, None, None, "已预约", None),
        (own.name, own.school.name, own.school_class.name, own.student_no, None, "已签到", at),
    ]
    shown = booking_list(staff, fair)
    assert own.student_no in shown
    assert guest.student_no not in shown
    assert guest.name in shown
    # The province is no school: it gets names and schools.
    rows = exported(world.client(Role.PROVINCE), fair)
    assert {row[2:4] for row in rows[1:]} == {(None, None)}


def test_an_export_is_logged_with_its_event(world: World, fair: Fair) -> None:
    booking_scene.add_booking(fair, factories.make_graduate(world))
    exported(world.client(Role.SCHOOL_ADMIN), fair, "&state=booked")
    event = Event.objects.get(action="core.export", object_type="check-ins")
    assert (event.object_id, event.school_id) == (fair.pk, world.school.pk)
    assert event.data["query"] == "export=1&state=booked"


def test_an_export_has_no_formulas(world: World, fair: Fair) -> None:
    graduate = factories.make_graduate(world)
    Graduate.objects.filter(pk=graduate.pk).update(name="=1+1")
    booking_scene.add_booking(fair, graduate)
    name = exported(world.client(Role.SCHOOL_ADMIN), fair)[1][0]
    assert name == "'=1+1"


def test_the_list_has_the_own_event_alone_and_is_narrowed(world: World, fair: Fair) -> None:
    other = booking_scene.make_fair(world, place="报告厅", title="另一场")
    here, there = factories.make_graduate(world), factories.make_graduate(world)
    staff = world.client(Role.SCHOOL_ADMIN)
    assert "没有符合条件的预约" in booking_list(staff, fair)
    booking_scene.add_booking(fair, here, S.CHECKED_IN)
    booking_scene.add_booking(other, there)
    shown = booking_list(staff, fair)
    assert here.name in shown
    assert there.name not in shown
    assert "预约1人，已签到1人" in shown
    assert here.name in booking_list(staff, fair, "?state=checked_in&order=name")
    assert here.name not in booking_list(staff, fair, "?state=absent")


def test_the_list_costs_the_same_with_many_bookings(world: World, fair: Fair) -> None:
    staff = world.client(Role.SCHOOL_ADMIN)

    def cost() -> int:
        booking_list(staff, fair)
        with CaptureQueriesContext(connection) as captured:
            booking_list(staff, fair)
        return len(captured)

    booking_scene.add_booking(fair, factories.make_graduate(world))
    few = cost()
    for _ in range(6):
        booking_scene.add_booking(fair, factories.make_graduate(world))
    assert cost() == few
