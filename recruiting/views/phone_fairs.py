"""Fairs and talks as a graduate sees them: the list, one event with its units, booking and cancelling."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Length
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from codes import readers
from core.errors import DomainError
from core.forms import pressed, read_number
from graduates.access import GraduateRequest, graduate_view
from recruiting import queries, visiting
from recruiting.actions import bookings
from recruiting.fair_queries import exhibitors
from recruiting.fair_steps import BOOKING
from recruiting.models import Booking, Booth, Fair, Posting
from recruiting.models.postings import LONG_TEXTS
from recruiting.rules.fairs import ON_SITE, WITH_BOOTHS
from recruiting.states import BookingState, FairState
from recruiting.views.fair_paging import page_by_start
from recruiting.words import place_words

_TAB = "services"
_SIZE = 20
_FIRST_UNITS = 5
_MOST_POSTINGS = 10  # of one unit
_COMING, _MINE, _EARLIER = "coming", "mine", "earlier"
_TABS = ((_COMING, "即将举行"), (_MINE, "我的预约"), (_EARLIER, "以往活动"))


@graduate_view
def listing(request: GraduateRequest) -> HttpResponse:
    here = request.GET.get("show", _COMING)
    if here not in dict(_TABS):
        here = _COMING
    page, following = page_by_start(_rows(request, here), request, rising=here == _COMING)
    booked = Booking.objects.filter(graduate=request.graduate, fair__in=[f.pk for f in page])
    mine = {booking.fair_id: booking for booking in booked}
    taken = visiting.occupancies(page)
    context = {
        "cards": [(f, visiting.words_of(f), taken[f.pk], mine.get(f.pk)) for f in page],
        "following": following,
        "tabs": _TABS,
        "here": here,
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/fairs.html", context)


def _rows(request: GraduateRequest, here: str) -> QuerySet[Fair]:
    rows = visiting.events_for(request.graduate).select_related("school", "unit")
    over = Q(ends_at__lte=timezone.now()) | Q(state__in=[FairState.ENDED, FairState.CANCELLED])
    if here == _MINE:
        booked = Booking.objects.filter(graduate=request.graduate)
        return rows.filter(pk__in=booked.exclude(state=BookingState.CANCELLED).values("fair"))
    return rows.filter(over) if here == _EARLIER else rows.exclude(over)


def _fair(request: GraduateRequest, pk: int) -> Fair:
    """An event that the graduate may see; otherwise a 404."""
    rows = visiting.events_for(request.graduate).select_related("school", "unit")
    return get_object_or_404(rows, pk=pk)


@graduate_view
def fair(request: GraduateRequest, pk: int) -> HttpResponse:
    fair, graduate = _fair(request, pk), request.graduate
    booking = Booking.objects.filter(fair=fair, graduate=graduate).first()
    if booking is not None:
        booking.fair, booking.graduate = fair, graduate
    taken = visiting.occupancy(fair)
    units = _units(request, fair)
    live = booking is not None and booking.state != BookingState.CANCELLED
    context = {
        "fair": fair,
        "with_booths": fair.kind in WITH_BOOTHS,
        "words": visiting.words_of(fair),
        "online": fair.kind not in ON_SITE,
        "booking": booking if live else None,
        "taken": taken,
        "slots": taken.slots,
        "slot": taken.slot_at(booking.slot) if booking is not None else None,
        "why_not": bookings.why_not_book(fair, graduate, booking, taken, request.user),
        "may": {step.action for step in BOOKING.available(booking, request.user)}
        if live
        else set(),
        "units": _with_words(units[:_FIRST_UNITS]),
        "postings": _of_talk(request, fair),
        "unit_count": units.count(),
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/fair.html", context)


def _units(request: GraduateRequest, fair: Fair) -> QuerySet[Booth]:
    """The approved units with those of their postings that the graduate may see."""
    open_postings = queries.open_to(request.graduate).defer(*LONG_TEXTS).order_by("pk")
    shown = Prefetch("postings", open_postings[:_MOST_POSTINGS], to_attr="shown_postings")
    rows = exhibitors(fair).annotate(digits=Length("number")).prefetch_related(shown)
    return rows.order_by("digits", "number", "pk")  # as the numbers rise


def _with_words(booths: QuerySet[Booth]) -> list[tuple[Booth, list[tuple[Posting, str]]]]:
    return [(b, [(p, place_words(p)) for p in b.shown_postings]) for b in booths]  # type: ignore[attr-defined]


def _of_talk(request: GraduateRequest, fair: Fair) -> list[tuple[Posting, str]]:
    """The postings of the unit that gives the talk, the newest first."""
    if fair.unit_id is None:
        return []
    rows = queries.open_to(request.graduate).filter(unit=fair.unit_id).defer(*LONG_TEXTS)
    return [(p, place_words(p)) for p in rows.order_by("-published_at", "-pk")[:_MOST_POSTINGS]]


@graduate_view
def units(request: GraduateRequest, pk: int) -> HttpResponse:
    """All units of an event, by the number of their booths, narrowed to what is searched for."""
    fair = _fair(request, pk)
    rows, words = _units(request, fair), readers.search_words(request.GET.get("q", ""))
    if words:
        titled = queries.open_to(request.graduate).filter(
            booths=OuterRef("pk"), title__icontains=words
        )
        rows = rows.filter(Q(unit__name__icontains=words) | Exists(titled))
    after = read_number(request.GET.get("after", ""))
    last = Booth.objects.filter(fair=fair, pk=after).first() if after is not None else None
    if last is not None:
        digits = len(last.number)
        same = Q(number__gt=last.number) | Q(number=last.number, pk__gt=last.pk)
        rows = rows.filter(Q(digits__gt=digits) | Q(same, digits=digits))
    page = _with_words(rows[: _SIZE + 1])
    context = {
        "fair": fair,
        "units": page[:_SIZE],
        "following": page[_SIZE - 1][0].pk if len(page) > _SIZE else None,
        "q": words,
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/fair_units.html", context)


@graduate_view
@require_POST
def book(request: GraduateRequest, pk: int) -> HttpResponse:
    """Book a place, or another slot. The pressed button names the slot."""
    slot = visiting.start_of_key(_fair(request, pk), read_number(pressed(request, "slot")))
    return _try(
        request, pk, "已预约，请按时到场。",
        lambda: bookings.book(fair_id=pk, graduate=request.graduate, slot=slot, by=request.user),
    )  # fmt: skip


@graduate_view
@require_POST
def cancel(request: GraduateRequest, pk: int) -> HttpResponse:
    _fair(request, pk)
    return _try(
        request, pk, "已取消预约。",
        lambda: bookings.cancel(fair_id=pk, graduate=request.graduate, by=request.user),
    )  # fmt: skip


def _try(request: GraduateRequest, pk: int, done: str, step: Callable[[], Booking]) -> HttpResponse:
    try:
        step()
        messages.success(request, done)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    return redirect("fair", pk=pk)
