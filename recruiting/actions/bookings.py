"""Graduates book a place at a fair or a talk, check in on the spot, and are told if it is cancelled.

Every step locks the event first. So the number of places that are taken can't change between being
counted and the booking, and nobody checks in while the event ends.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import User
from core import audit, outbox
from core.clock import database_now
from core.errors import Refused
from core.models import Channel
from graduates.models import Graduate
from graduates.states import Standing
from recruiting import visiting
from recruiting.fair_steps import BOOKING, by_the_graduate, registration_open, time_to_check_in
from recruiting.models import Booking, Fair
from recruiting.rules.fairs import ON_SITE
from recruiting.states import BookingState
from recruiting.visiting import HAS_PLACE

_AT_ONCE = 500
_S = BookingState


@contextmanager
def _locked(fair_id: int, graduate_id: int) -> Iterator[tuple[Fair, Booking]]:
    """A transaction that holds the event, with the graduate's booking, which is a new one that is not
    saved yet if there is none."""
    with transaction.atomic():
        fair = Fair.objects.select_for_update(no_key=True, of=("self",)).get(pk=fair_id)
        graduate = Graduate.objects.select_related("person").get(pk=graduate_id)
        rows = Booking.objects.select_for_update(of=("self",))
        booking = rows.filter(fair=fair, graduate=graduate).first() or _new(fair, graduate)
        booking.fair, booking.graduate = fair, graduate
        yield fair, booking


def _new(fair: Fair, graduate: Graduate) -> Booking:
    return Booking(fair=fair, graduate=graduate, school_id=graduate.school_id)


def check_may_come(fair: Fair, graduate: Graduate) -> None:
    """Raise `Refused` for a graduate who is not invited, is not 在籍, or has a place under the record of
    another cohort."""
    if not visiting.is_invited(fair, graduate):
        raise Refused("not_invited", "活动不面向您所在的学校。")
    if graduate.standing != Standing.ENROLLED:
        raise Refused("standing", "学籍状态不是在籍，不能参加，请联系学校。")
    others = Booking.objects.filter(fair=fair, graduate__person=graduate.person_id)
    if others.filter(state__in=HAS_PLACE).exclude(graduate=graduate).exists():
        raise Refused("other_record", "您已用另一届的毕业生信息预约，不能重复预约。")


def why_not_book(
    fair: Fair, graduate: Graduate, booking: Booking | None, taken: visiting.Occupancy, by: User
) -> str:
    """The sentence that says why the graduate can't book a place now; "" if there is none. For the
    event's page, by the checks of `book`."""
    try:
        registration_open(booking or _new(fair, graduate), by)
        check_may_come(fair, graduate)
        _check_room(taken)
    except Refused as refusal:
        return refusal.message
    return ""


def book(
    *, fair_id: int, graduate: Graduate, slot: datetime.datetime | None = None, by: User
) -> Booking:
    """Book a place, again after a cancellation, or another slot of the place that is booked. The same
    request sent twice is carried out once."""
    with _locked(fair_id, graduate.pk) as (fair, booking):
        by_the_graduate(booking, by)
        if booking.pk is None:
            registration_open(booking, by)
        elif booking.state == _S.BOOKED:
            return _move(fair, booking, slot, by)
        else:
            BOOKING.check("book_again", booking, by)
        check_may_come(fair, booking.graduate)
        _take_place(fair, booking, slot)
        booking.state = _S.BOOKED
        booking.save()
        _record("book_event", booking, by)
    return booking


def _move(fair: Fair, booking: Booking, slot: datetime.datetime | None, by: User) -> Booking:
    if booking.slot == slot or not fair.slot_minutes:
        return booking
    BOOKING.check("move", booking, by)
    _check_slot(visiting.occupancy(fair), slot)
    booking.slot = slot
    booking.save(update_fields=["slot"])
    _record("move_booking", booking, by)
    return booking


def _take_place(fair: Fair, booking: Booking, slot: datetime.datetime | None) -> None:
    """Give a booking that has no place yet one in the slot, if there is room. Not saved yet."""
    taken = visiting.occupancy(fair)
    _check_room(taken)
    booking.slot = None
    if fair.slot_minutes:
        _check_slot(taken, slot)
        booking.slot = slot


def _check_room(taken: visiting.Occupancy) -> None:
    if taken.is_full:
        raise Refused("full", "名额已满。")


def _check_slot(taken: visiting.Occupancy, start: datetime.datetime | None) -> None:
    slot = taken.slot_at(start)
    if slot is None:
        raise Refused("no_slot", "请选择入场时段。")
    if slot.is_full:
        raise Refused("slot_full", "这个时段已满，请选择其他时段。")


def cancel(*, fair_id: int, graduate: Graduate, by: User) -> Booking:
    """Give the place back. A second request changes nothing."""
    with _locked(fair_id, graduate.pk) as (_, booking):
        by_the_graduate(booking, by)
        if booking.pk is None:
            raise Refused("not_booked", "您没有预约这个活动。")
        if booking.state != _S.CANCELLED:
            BOOKING.check("cancel", booking, by)
            booking.state = _S.CANCELLED
            booking.save(update_fields=["state"])
            _record("cancel_booking", booking, by)
    return booking


@dataclass(frozen=True)
class Arrival:
    """What came of checking in: `again` if the graduate had checked in before, `unbooked` if the place
    was given on the spot."""

    booking: Booking
    again: bool = False
    unbooked: bool = False


def check_in(*, fair_id: int, graduate: Graduate, by: User) -> Arrival:
    """Check in at the event, once. The caller has read the code of the screen on the spot.

    A graduate without a booking gets a place if there is room.
    """
    with _locked(fair_id, _who_booked(fair_id, graduate).pk) as (fair, booking):
        by_the_graduate(booking, by)
        if booking.state == _S.CHECKED_IN:
            return Arrival(booking, again=True)
        unbooked = _check_arrival(fair, booking, by)
        booking.state, booking.checked_in_at = _S.CHECKED_IN, database_now()
        booking.save()
        _record("check_in", booking, by, unbooked=unbooked)
    return Arrival(booking, unbooked=unbooked)


def look_at_check_in(fair: Fair, graduate: Graduate, by: User) -> tuple[Booking, bool, str]:
    """For the page with the button: the graduate's booking, a new one that is not saved if there is
    none; whether checking in would give a place; and why it would be refused, "" if it would not."""
    who = _who_booked(fair.pk, graduate)
    rows = Booking.objects.filter(fair=fair, graduate=who)
    booking = rows.first() or _new(fair, who)
    booking.fair, booking.graduate = fair, who
    if booking.state == _S.CHECKED_IN:
        return booking, False, ""
    try:
        return booking, _check_arrival(fair, booking, by), ""
    except Refused as refusal:
        return booking, False, refusal.message


def _check_arrival(fair: Fair, booking: Booking, by: User) -> bool:
    """Raise `Refused` unless the graduate may check in now. Returns whether the booking has no place yet,
    and gives it a slot then. Not saved yet."""
    if booking.pk is not None and booking.state != _S.CANCELLED:
        BOOKING.check("check_in", booking, by)
        return False
    time_to_check_in(booking, by)
    check_may_come(fair, booking.graduate)
    taken = visiting.occupancy(fair)
    _check_room(taken)
    slot = taken.slot_now(database_now())
    if slot is not None and slot.is_full:
        raise Refused("slot_full", "现在的入场时段已满，请在下一个时段再扫码。")
    booking.slot = slot.start if slot is not None else None
    return True


def _who_booked(fair_id: int, graduate: Graduate) -> Graduate:
    """The graduate's record, or that of another cohort under which the same person has a place."""
    rows = Booking.objects.filter(fair=fair_id, graduate__person=graduate.person_id)
    booked = rows.filter(state__in=HAS_PLACE).select_related("graduate__person").first()
    return graduate if booked is None else booked.graduate


def _record(action: str, booking: Booking, by: User, **more: bool) -> None:
    slot = timezone.localtime(booking.slot).isoformat() if booking.slot else ""
    data = {"fair": booking.fair_id, "slot": slot, **more}
    audit.record(f"recruiting.{action}", by=by, obj=booking, data=data)


# --- what happens to all bookings of an event -----------------------------------------------------


def mark_absent(fair: Fair) -> int:
    """Mark those who booked and did not check in, by one statement; returns how many. Called in the
    transaction that ends the event, which holds its lock and logs the number. Nobody is marked if the event was online or
    nobody checked in, since then it had no check-in at all."""
    rows = Booking.objects.filter(fair=fair)
    if fair.kind not in ON_SITE or not rows.filter(state=_S.CHECKED_IN).exists():
        return 0
    return rows.filter(state=_S.BOOKED).update(state=_S.ABSENT)


def tell_cancelled(fair: Fair) -> int:
    """Tell everybody who has a place that the event is cancelled, by message and mail; returns how many
    people. Called in the transaction that cancels it, with the reason in `fair.reason`."""
    when = f"{timezone.localtime(fair.starts_at):%Y年%m月%d日 %H:%M}"
    return tell_booked(
        fair, f"“{fair.title}”已取消", text=f"原定{when}。原因：{fair.reason}", key="cancelled",
        mail_title=f"您预约的{fair.get_kind_display()}已取消",
    )  # fmt: skip


def tell_booked(fair: Fair, title: str, *, text: str, key: str, mail_title: str) -> int:
    """Messages for all who have a place by one statement, then their mails, some hundred at a time; returns
    how many people. A mail has `mail_title`, without words that somebody typed."""
    key, link = f"fair:{fair.pk}:{key}", reverse("fair", args=[fair.pk])
    people = Booking.objects.filter(fair=fair, state__in=HAS_PLACE).order_by()
    name = Concat(Value("person:"), Cast("graduate__person_id", CharField()))
    told = inbox.tell_each(
        people.values_list(name, Value(key)).distinct(), title, text=text, link=link
    )
    if not outbox.can_send(Channel.EMAIL):
        return told
    with_mail, last = people.exclude(graduate__email="").order_by("pk"), 0
    columns = ("pk", "graduate__person_id", "graduate__email")
    while chunk := list(with_mail.filter(pk__gt=last).values_list(*columns)[:_AT_ONCE]):
        addressed = [
            (inbox.message(f"person:{person}", mail_title, key=key, link=link), address)
            for _, person, address in chunk
        ]
        outbox.post_each(inbox.mails(*addressed))
        last = chunk[-1][0]
    return told
