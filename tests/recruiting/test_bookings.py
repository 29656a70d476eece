"""Booking a place at a fair or a talk, by the actions that the pages call."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Message
from core.errors import DomainError, Refused
from core.models import Event, OutboxMessage
from graduates.models import Graduate
from graduates.states import Standing
from recruiting import visiting
from recruiting.actions import bookings
from recruiting.models import Booking, Fair
from recruiting.states import BookingState, FairKind, FairState
from schools.models import SchoolClass
from schools.roles import Role
from tests import factories
from tests.factories import World
from tests.recruiting import booking_scene, scene

pytestmark = pytest.mark.django_db
S = BookingState
HALF_HOUR = datetime.timedelta(minutes=30)


@pytest.fixture
def fair(world: World) -> Fair:
    return booking_scene.make_fair(world, capacity=2)


@pytest.fixture
def slotted(world: World) -> Fair:
    """A fair of six slots with one place each."""
    return booking_scene.make_fair(world, slot_minutes=30, slot_cap=1)


def refused(fair: Fair, graduate: Graduate, slot: datetime.datetime | None = None) -> str:
    """The code of the refusal to book."""
    with pytest.raises(Refused) as refusal:
        booking_scene.book(fair, graduate, slot)
    return refusal.value.code


def cancel(fair: Fair, graduate: Graduate) -> Booking:
    return bookings.cancel(fair_id=fair.pk, graduate=graduate, by=scene.account_of(graduate))


def events(action: str) -> int:
    return Event.objects.filter(action=f"recruiting.{action}").count()


# --- booking ------------------------------------------------------------------------------------


def test_a_place_is_booked_once(fair: Fair, graduate: Graduate) -> None:
    first = booking_scene.book(fair, graduate)
    second = booking_scene.book(fair, graduate)
    assert (first.pk, first.state, first.school_id) == (second.pk, S.BOOKED, graduate.school_id)
    assert events("book_event") == 1
    assert Event.objects.get(action="recruiting.book_event").data == {"fair": fair.pk, "slot": ""}


def test_a_full_event_takes_nobody_until_somebody_cancels(world: World, fair: Fair) -> None:
    first, second, third = (factories.make_graduate(world) for _ in range(3))
    booking_scene.book(fair, first)
    booking_scene.book(fair, second)
    assert refused(fair, third) == "full"
    cancel(fair, first)
    booking_scene.book(fair, third)
    assert refused(fair, first) == "full"


def test_a_cancelled_place_is_booked_again_in_the_same_row(fair: Fair, graduate: Graduate) -> None:
    made = booking_scene.book(fair, graduate)
    for _ in range(2):
        assert cancel(fair, graduate).state == S.CANCELLED
    assert events("cancel_booking") == 1
    assert booking_scene.book(fair, graduate).pk == made.pk
    assert Booking.objects.get().state == S.BOOKED
    assert events("book_event") == 2


def test_who_has_not_booked_cancels_nothing(fair: Fair, graduate: Graduate) -> None:
    with pytest.raises(Refused) as refusal:
        cancel(fair, graduate)
    assert refusal.value.code == "not_booked"


def test_registration_ends(fair: Fair, graduate: Graduate) -> None:
    Fair.objects.update(apply_until=timezone.now() - datetime.timedelta(minutes=1))
    assert refused(fair, graduate) == "closed"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (FairState.DRAFT, "closed"), (FairState.APPLIED, "closed"), (FairState.CLOSED, "closed"),
        (FairState.RUNNING, "closed"), (FairState.ENDED, "closed"), (FairState.CANCELLED, "cancelled"),
    ],
)  # fmt: skip
def test_only_an_open_event_is_booked(
    fair: Fair, graduate: Graduate, state: str, code: str
) -> None:
    Fair.objects.update(state=state, reason="场地维修")
    assert refused(fair, graduate) == code
    assert not Booking.objects.exists()


def test_a_place_is_given_back_until_the_start(fair: Fair, graduate: Graduate) -> None:
    booking_scene.book(fair, graduate)
    Fair.objects.update(state=FairState.CLOSED)  # registration is over, the start is not there
    cancel(fair, graduate)
    Booking.objects.update(state=S.BOOKED)
    booking_scene.begin_now(fair, state=FairState.CLOSED)
    with pytest.raises(Refused) as refusal:
        cancel(fair, graduate)
    assert refusal.value.code == "begun"


def test_an_event_for_other_schools_is_not_booked(world: World) -> None:
    other = factories.make_world()
    fair = booking_scene.make_fair(world, school_ids=[world.school.pk])
    assert refused(fair, factories.make_graduate(other)) == "not_invited"
    booking_scene.book(fair, factories.make_graduate(world))
    for_all = booking_scene.make_fair(world, role=Role.PROVINCE)
    booking_scene.book(for_all, factories.make_graduate(other))


def test_who_is_not_enrolled_books_nothing(fair: Fair, graduate: Graduate) -> None:
    Graduate.objects.filter(pk=graduate.pk).update(standing=Standing.WITHDRAWN)
    graduate.refresh_from_db()
    assert refused(fair, graduate) == "standing"


def test_nobody_books_or_cancels_for_another_person(world: World, fair: Fair) -> None:
    graduate, other = factories.make_graduate(world), factories.make_graduate(world)
    with pytest.raises(Refused) as refusal:
        bookings.book(fair_id=fair.pk, graduate=graduate, by=scene.account_of(other))
    assert refusal.value.code == "not_yours"
    booking_scene.book(fair, graduate)
    for step in (bookings.cancel, bookings.book, bookings.check_in):
        with pytest.raises(Refused) as refusal:
            step(fair_id=fair.pk, graduate=graduate, by=scene.account_of(other))
        assert refusal.value.code == "not_yours"
    assert Booking.objects.get().state == S.BOOKED


def record_of_another_cohort(world: World, graduate: Graduate) -> Graduate:
    """A second record of the same person."""
    other = factories.make_graduate(world)
    cohort = factories.make_cohort(world.school, year=2031)
    taught = SchoolClass.objects.get(pk=other.school_class_id)
    taught.pk, taught.cohort = None, cohort
    taught.save()
    Graduate.objects.filter(pk=other.pk).update(
        person=graduate.person_id, cohort=cohort, school_class=taught
    )
    other.refresh_from_db()
    return other


def test_a_person_with_two_records_has_one_place(world: World, fair: Fair) -> None:
    graduate = factories.make_graduate(world)
    other = record_of_another_cohort(world, graduate)
    booking_scene.book(fair, graduate)
    assert refused(fair, other) == "other_record"
    cancel(fair, graduate)
    booking_scene.book(fair, other)


# --- slots --------------------------------------------------------------------------------------


def test_slots_lie_between_start_and_end(slotted: Fair) -> None:
    times = visiting.slot_times(slotted)
    assert [start for start, _ in times] == [slotted.starts_at + n * HALF_HOUR for n in range(6)]
    assert times[-1][1] == slotted.ends_at
    slotted.slot_minutes = 50
    last = visiting.slot_times(slotted)[-1]
    assert last == (slotted.starts_at + datetime.timedelta(minutes=150), slotted.ends_at)
    slotted.slot_minutes = None
    assert visiting.slot_times(slotted) == []


def test_a_slot_is_full_and_another_one_is_chosen(world: World, slotted: Fair) -> None:
    first, second = (factories.make_graduate(world) for _ in range(2))
    start = slotted.starts_at
    booking_scene.book(slotted, first, start)
    assert refused(slotted, second, start) == "slot_full"
    booking_scene.book(slotted, second, start + HALF_HOUR)
    # Moving gives the first slot free and takes the other one.
    assert refused(slotted, first, start + HALF_HOUR) == "slot_full"
    booking_scene.book(slotted, first, start + 2 * HALF_HOUR)
    assert events("move_booking") == 1
    taken = visiting.occupancy(slotted)
    assert [slot.taken for slot in taken.slots] == [0, 1, 1, 0, 0, 0]
    assert (taken.taken, taken.left) == (2, 4)


@pytest.mark.parametrize("minutes", [None, -30, 1, 180, 60 * 24])
def test_what_is_no_slot_is_not_booked(
    slotted: Fair, graduate: Graduate, minutes: int | None
) -> None:
    slot = None
    if minutes is not None:
        slot = slotted.starts_at + datetime.timedelta(minutes=minutes)
    assert refused(slotted, graduate, slot) == "no_slot"


def test_a_slot_is_not_changed_after_registration(slotted: Fair, graduate: Graduate) -> None:
    booking_scene.book(slotted, graduate, slotted.starts_at)
    Fair.objects.update(state=FairState.CLOSED)
    assert refused(slotted, graduate, slotted.starts_at + HALF_HOUR) == "closed"
    assert Booking.objects.get().slot == slotted.starts_at


def test_all_slots_full_is_a_full_event(world: World) -> None:
    fair = booking_scene.make_fair(world, slot_minutes=180, slot_cap=1, capacity=50)
    booking_scene.book(fair, factories.make_graduate(world), fair.starts_at)
    assert refused(fair, factories.make_graduate(world), fair.starts_at) == "full"


# --- the end and the cancellation of an event ---------------------------------------------------


def _three(world: World, fair: Fair) -> None:
    for state in (S.BOOKED, S.CHECKED_IN, S.CANCELLED):
        booking_scene.add_booking(fair, factories.make_graduate(world), state)


def states_of(fair: Fair) -> list[str]:
    return sorted(Booking.objects.filter(fair=fair).values_list("state", flat=True))


def test_who_booked_and_did_not_come_is_absent(world: World, fair: Fair) -> None:
    other = booking_scene.make_fair(world, title="另一场", place="报告厅")
    _three(world, fair)
    _three(world, other)
    assert bookings.mark_absent(fair) == 1
    assert states_of(fair) == [S.ABSENT, S.CANCELLED, S.CHECKED_IN]
    assert states_of(other) == [S.BOOKED, S.CANCELLED, S.CHECKED_IN]


def test_nobody_is_absent_without_a_check_in_or_online(world: World, fair: Fair) -> None:
    booking_scene.add_booking(fair, factories.make_graduate(world))
    assert bookings.mark_absent(fair) == 0
    assert states_of(fair) == [S.BOOKED]
    online = booking_scene.make_fair(world, kind=FairKind.ONLINE_TALK, link="https://example.com")
    _three(world, online)
    assert bookings.mark_absent(online) == 0
    assert S.ABSENT not in states_of(online)


def test_marking_many_absent_costs_no_more(world: World, fair: Fair) -> None:
    def cost(count: int) -> int:
        Booking.objects.all().delete()
        for state in [S.CHECKED_IN, *[S.BOOKED] * count]:
            booking_scene.add_booking(fair, factories.make_graduate(world), state)
        with CaptureQueriesContext(connection) as captured:
            assert bookings.mark_absent(fair) == count
        return len(captured)

    assert cost(2) == cost(12)


def _cancelled(fair: Fair) -> Fair:
    Fair.objects.filter(pk=fair.pk).update(state=FairState.CANCELLED, reason="场地维修")
    fair.refresh_from_db()
    return fair


def test_those_with_a_place_are_told_of_the_cancellation_once(world: World, fair: Fair) -> None:
    _three(world, fair)
    _cancelled(fair)
    assert bookings.tell_cancelled(fair) == 2
    assert bookings.tell_cancelled(fair) == 0
    messages = Message.objects.filter(title="“春季双选会”已取消")
    having = Booking.objects.filter(state__in=[S.BOOKED, S.CHECKED_IN])
    people = {f"person:{b.graduate.person_id}" for b in having.select_related("graduate")}
    assert {m.to for m in messages} == people
    assert all(m.text.endswith("原因：场地维修") for m in messages)
    assert {m.link for m in messages} == {f"/fairs/{fair.pk}/"}


def test_mails_about_a_cancellation_say_no_more_than_that(
    world: World, fair: Fair, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bookings, "_AT_ONCE", 2)
    monkeypatch.setattr("core.outbox.can_send", lambda channel="sms": True)
    for number in range(5):
        graduate = factories.make_graduate(world)
        Graduate.objects.filter(pk=graduate.pk).update(
            email=f"a{number}@example.com" if number else ""
        )
        booking_scene.add_booking(fair, graduate)
    bookings.tell_cancelled(_cancelled(fair))
    mails = OutboxMessage.objects.filter(dedupe_key__contains=f"fair:{fair.pk}:cancelled")
    assert sorted(mail.address for mail in mails) == [f"a{n}@example.com" for n in range(1, 5)]
    for mail in mails:
        assert mail.subject == "您预约的线下双选会已取消"
        assert "场地维修" not in mail.text


def test_every_refusal_is_a_sentence(fair: Fair, graduate: Graduate) -> None:
    taken = visiting.occupancy(fair)
    user = scene.account_of(graduate)
    assert bookings.why_not_book(fair, graduate, None, taken, user) == ""
    for state in FairState.values:
        fair.state = state
        words = bookings.why_not_book(fair, graduate, None, taken, user)
        assert words.endswith("。") or state == FairState.OPEN
    assert issubclass(Refused, DomainError)
