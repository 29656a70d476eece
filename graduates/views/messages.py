"""The pages of the message centre, for graduates and for staff."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import inbox
from accounts.models import User
from core.forms import pressed, read_number
from graduates.access import GraduateRequest, graduate_view
from schools.access import StaffRequest, staff_view

_PAGE = 30


@graduate_view
def messages(request: GraduateRequest) -> HttpResponse:
    page = "graduates/phone/messages.html"
    return _mark_read(request, request.user, "messages") or _page(request, request.user, page)


@staff_view("messages.view")
def console_messages(request: StaffRequest) -> HttpResponse:
    page = "graduates/console/messages.html"
    return _mark_read(request, request.user, "console:messages") or _page(
        request, request.user, page
    )


def _mark_read(request: HttpRequest, user: User, back: str) -> HttpResponse | None:
    """The answer to a POST, which marks one message as read and follows its link, or marks all of
    them. None for a GET."""
    if request.method != "POST":
        return None
    wanted = read_number(pressed(request, "open"))
    if wanted is None:
        inbox.mark_read(user)
        return redirect(back)
    message = inbox.messages_of(user).filter(pk=wanted).first()
    if message is None:
        return redirect(back)
    inbox.mark_read(user, message.pk)
    safe = message.link and url_has_allowed_host_and_scheme(message.link, allowed_hosts=None)
    return redirect(message.link if safe else back)


def _page(request: HttpRequest, user: User, page: str) -> HttpResponse:
    rows = inbox.messages_of(user)
    before = read_number(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    # One more than is shown, to know whether there are older ones.
    newest = list(rows[: _PAGE + 1])
    context = {
        "rows": newest[:_PAGE],
        "older": newest[_PAGE - 1].pk if len(newest) > _PAGE else None,
        "unread": inbox.unread(user),
        "tab": "home",
    }
    return render(request, page, context)
