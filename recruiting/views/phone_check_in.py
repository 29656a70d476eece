"""The page that the code on the screen at an event leads to: one button, by which a graduate checks in."""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.models import Realm, User
from core.clock import database_now
from core.errors import DomainError
from graduates.access import GraduateRequest, graduate_view, lead_back
from recruiting import check_in_code, visiting
from recruiting.actions import bookings
from recruiting.actions.bookings import Arrival
from recruiting.models import Fair

_TAB = "services"
_SCANNED, _SCANNED_WITHIN = "check_in_scan", 600  # seconds
_PATH = "/check-in/"


def _after_scan(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Around the page of a code. An old code is refused before anybody has to sign in.

    A fresh one is remembered by the browser for ten minutes in a signed cookie, so that who has to sign
    in first, or presses the button late, need not scan again. After signing in they are led back.
    """

    @functools.wraps(view)
    def guarded(request: HttpRequest, code: str) -> HttpResponseBase:
        scan = check_in_code.read(code, database_now())
        if scan is not None and not scan.is_fresh and _remembered(request) != scan.fair_id:
            refusal = check_in_code.refuse_old()
            context = {"message": refusal.message, "code": refusal.code}
            return render(request, "recruiting/phone/fair_old_code.html", context, status=409)
        response = view(request, scan.fair_id if scan is not None else None)
        if scan is None:
            return response
        if scan.is_fresh and request.method == "GET":
            response.set_signed_cookie(
                _SCANNED, str(scan.fair_id), max_age=_SCANNED_WITHIN, path=_PATH, httponly=True,
                samesite="Lax", secure=request.is_secure(),
            )  # fmt: skip
        if not isinstance(request.user, User) or request.user.realm != Realm.GRADUATE:
            lead_back(request, response)
        return response

    return guarded


def _remembered(request: HttpRequest) -> int | None:
    """The event whose fresh code this browser scanned in the last ten minutes."""
    found = request.get_signed_cookie(_SCANNED, default="", max_age=_SCANNED_WITHIN)
    return int(found) if found else None


@_after_scan
@graduate_view
def check_in(request: GraduateRequest, fair_id: int | None) -> HttpResponse:
    """The event and the button. Only the button checks in."""
    fair = Fair.objects.select_related("school", "unit").filter(pk=fair_id or 0).first()
    if fair is None:
        raise Http404
    error, status = "", 200
    if request.method == "POST":
        try:
            arrival = bookings.check_in(fair_id=fair.pk, graduate=request.graduate, by=request.user)
        except DomainError as refusal:
            error, status = refusal.message, refusal.status
        else:
            return _done(request, arrival)
    booking, unbooked, why_not = bookings.look_at_check_in(fair, request.graduate, request.user)
    context = {
        "fair": fair,
        "words": visiting.words_of(fair),
        "booking": booking,
        "unbooked": unbooked,
        "error": error or why_not,
        "tab": _TAB,
    }
    return render(request, "recruiting/phone/fair_check_in.html", context, status=status)


def _done(request: GraduateRequest, arrival: Arrival) -> HttpResponse:
    booking = arrival.booking
    at = timezone.localtime(booking.checked_in_at)
    if arrival.again:
        messages.info(request, f"您已于{at.month}月{at.day}日 {at:%H:%M}签到，不用再次签到。")
    elif arrival.unbooked:
        messages.success(request, "签到成功。您没有预约，已在现场为您登记。")
    else:
        messages.success(request, "签到成功。")
    response = redirect("fair", pk=booking.fair_id)
    response.delete_cookie(_SCANNED, path=_PATH)
    return response
