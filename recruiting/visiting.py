"""Fairs and talks as the graduates see them: which ones, their slots, and how full they are."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from graduates.hooks import HomeCard, Rank
from graduates.models import Graduate
from recruiting.fair_queries import ANNOUNCED, COMING, ON_THE_LIST, slots_of
from recruiting.models import Booking, Fair, Posting
from recruiting.rules.fairs import ON_SITE
from recruiting.states import BookingState, FairState

# A graduate in one of these states has a place.
HAS_PLACE = (BookingState.BOOKED, BookingState.CHECKED_IN)
# Graduates may check in so long before the start.
CHECK_IN_BEFORE = datetime.timedelta(hours=1)


def is_invited(fair: Fair, graduate: Graduate) -> bool:
    """Whether the graduate's school belongs to the audience."""
    return not fair.school_ids or graduate.school_id in fair.school_ids


def events_for(graduate: Graduate) -> QuerySet[Fair]:
    """The events that a graduate sees: published ones for the graduate's school, and every one that the
    graduate has ever booked, also after it was cancelled."""
    audience = Q(school_ids=[]) | Q(school_ids__contains=[graduate.school_id])
    published = Q(state__in=ANNOUNCED) & audience
    mine = Booking.objects.filter(graduate=graduate).values("fair")
    return Fair.objects.filter(
        published | Q(pk__in=mine, state__in=[*ANNOUNCED, FairState.CANCELLED])
    )


@dataclass(frozen=True)
class Slot:
    """One slot of an event and how many have a place in it. `cap` is None if there is no limit."""

    start: datetime.datetime
    end: datetime.datetime
    cap: int | None
    taken: int = 0
    checked_in: int = 0

    @property
    def key(self) -> int:
        return key_of(self.start)

    @property
    def left(self) -> int | None:
        return None if self.cap is None else max(self.cap - self.taken, 0)

    @property
    def is_full(self) -> bool:
        return self.left == 0


@dataclass(frozen=True)
class Occupancy:
    """How many have a place at an event, and how many of them have checked in."""

    capacity: int | None
    taken: int
    checked_in: int
    slots: tuple[Slot, ...]

    @property
    def left(self) -> int | None:
        """How many places are left; None if there is no limit."""
        lefts = [] if self.capacity is None else [max(self.capacity - self.taken, 0)]
        of_slots = [slot.left for slot in self.slots]
        if of_slots and None not in of_slots:
            lefts.append(sum(left or 0 for left in of_slots))
        return min(lefts, default=None)

    @property
    def is_full(self) -> bool:
        return self.left == 0

    def slot_at(self, start: datetime.datetime | None) -> Slot | None:
        """The slot that begins then; None if there is none."""
        return next((slot for slot in self.slots if slot.start == start), None)

    def slot_now(self, now: datetime.datetime) -> Slot | None:
        """The slot that is going on, or the first one before the start."""
        return next((slot for slot in self.slots if now < slot.end), None)


def slot_times(fair: Fair) -> list[tuple[datetime.datetime, datetime.datetime]]:
    """Start and end of each slot; the last one ends with the event."""
    length = datetime.timedelta(minutes=fair.slot_minutes or 0)
    return [(start, min(start + length, fair.ends_at)) for start in slots_of(fair)]


def start_of_key(fair: Fair, key: int | None) -> datetime.datetime | None:
    """The start of the slot with this `Slot.key`; None if there is none."""
    return next((start for start in slots_of(fair) if key_of(start) == key), None)


def key_of(start: datetime.datetime) -> int:
    """A slot's start in minutes, for the buttons of a page."""
    return int(start.timestamp() // 60)


def fair_of_delivery(graduate: Graduate, posting: Posting, number: int | None) -> Fair | None:
    """The event through whose page the graduate applies for a posting; None if the number in the
    address names no event that the graduate sees, that is not over, and that the unit comes to."""
    if number is None:
        return None
    rows = events_for(graduate).filter(pk=number, state__in=COMING)
    brought = Q(booths__state__in=ON_THE_LIST, booths__postings=posting)
    return rows.filter(brought | Q(unit=posting.unit_id)).distinct().first()


def occupancy(fair: Fair) -> Occupancy:
    """How full the event is, by one query."""
    return occupancies([fair])[fair.pk]


def occupancies(fairs: Iterable[Fair]) -> dict[int, Occupancy]:
    """How full several events are, by one query; by the event's id."""
    listed = list(fairs)
    rows = Booking.objects.filter(fair__in=[f.pk for f in listed], state__in=HAS_PLACE)
    came = Count("pk", filter=Q(state=BookingState.CHECKED_IN))
    counted = rows.order_by().values_list("fair", "slot").annotate(taken=Count("pk"), came=came)
    by_slot = {(fair, slot): (taken, came) for fair, slot, taken, came in counted}
    found = {}
    for fair in listed:
        mine = [numbers for (pk, _), numbers in by_slot.items() if pk == fair.pk]
        slots = tuple(
            Slot(start, end, fair.slot_cap, *by_slot.get((fair.pk, start), (0, 0)))
            for start, end in slot_times(fair)
        )
        taken, checked_in = (sum(numbers[n] for numbers in mine) for n in (0, 1))
        found[fair.pk] = Occupancy(fair.capacity, taken, checked_in, slots)
    return found


_WEEKDAYS = "一二三四五六日"


def _day_words(moment: datetime.datetime) -> str:
    return f"{moment.year}年{moment.month}月{moment.day}日（周{_WEEKDAYS[moment.weekday()]}）"


@dataclass(frozen=True)
class Words:
    """When and where an event is, and who holds it, as pages say it. A line may end behind `day`, but not
    inside `hours`."""

    day: str
    hours: str
    place: str
    host: str


def words_of(fair: Fair) -> Words:
    """The event in words; the time such as 2027年3月5日（周五） 09:00–12:00."""
    start, end = timezone.localtime(fair.starts_at), timezone.localtime(fair.ends_at)
    if start.date() == end.date():
        time = _day_words(start), f"{start:%H:%M}–{end:%H:%M}"
    else:
        time = f"{_day_words(start)} {start:%H:%M}至", f"{_day_words(end)} {end:%H:%M}"
    return Words(
        *time,
        "线上" if fair.kind not in ON_SITE else fair.place,
        fair.school.name if fair.school is not None else "省级",
    )


def home_cards(graduate: Graduate) -> list[HomeCard]:
    """Cards for the events of today and tomorrow that the graduate has booked."""
    now = timezone.localtime()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Booking.objects.filter(
        graduate=graduate, state__in=HAS_PLACE, fair__state__in=COMING, fair__ends_at__gt=now,
        fair__starts_at__lt=today + datetime.timedelta(days=2),
    )  # fmt: skip
    rows = rows.select_related("fair__school").order_by("fair__starts_at", "pk")
    return [_card(booking, now) for booking in rows[:_MOST_CARDS]]


_MOST_CARDS = 3


def _card(booking: Booking, now: datetime.datetime) -> HomeCard:
    fair, words = booking.fair, words_of(booking.fair)
    begins_today = timezone.localtime(fair.starts_at).date() <= now.date()
    day = "今天" if begins_today else "明天"
    if booking.state == BookingState.CHECKED_IN:
        state = "，已签到"
    elif booking.slot is not None:
        state = f"，{timezone.localtime(booking.slot):%H:%M}入场"
    else:
        state = ""
    return HomeCard(
        label=f"{day}的{fair.get_kind_display()}", title=fair.title,
        text=f"{words.hours}，{words.place}{state}", address=reverse("fair", args=[fair.pk]),
        rank=Rank.TODAY,
    )  # fmt: skip
