"""Access to the graduate's pages: only signed in, and only to one's own records."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.encoding import escape_uri_path

from accounts.models import Realm, User
from accounts.throttle import client_address
from codes import lookup
from core import rate
from core.db.lookups import LookUp
from graduates.models import Graduate

_CHOSEN, _RETURN_TO = "graduate_id", "after_sign_in"
_RETURN_WITHIN = 900  # seconds
_MOST_SCANS = 600  # without an account, of one address in an hour: a school may have only one


class GraduateRequest(HttpRequest):
    """The request of a signed-in graduate. `graduate` is the record in use."""

    user: User
    graduate: Graduate


def graduate_view(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Give a view the graduate's record; who is not signed in as a graduate has to sign in first."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User) or user.realm != Realm.GRADUATE:
            return redirect("login")
        lookup.refresh()
        graduate = own_record(request, user)
        if graduate is None or not graduate.school.is_open:
            return redirect("login")
        request.graduate = graduate  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    guarded.required_permission = "graduate"  # type: ignore[attr-defined]
    return guarded


def return_after_sign_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Around a `graduate_view` that people reach by a scanned address: who has to sign in first is
    led back to it afterwards.

    The browser remembers the address in a signed cookie. A session would be a row for each visit of
    whoever opens the address.
    """

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        response = view(request, *args, **kwargs)
        if request.method == "GET" and not (
            isinstance(user, User) and user.realm == Realm.GRADUATE
        ):
            rate.limit(f"scan:{client_address(request)}", most=_MOST_SCANS, seconds=3600)
            lead_back(request, response)
        return response

    return guarded


def lead_back(request: HttpRequest, response: HttpResponseBase) -> None:
    """Let the browser remember the page's address, to which the next sign-in leads."""
    response.set_signed_cookie(
        _RETURN_TO, escape_uri_path(request.path), max_age=_RETURN_WITHIN, httponly=True, samesite="Lax",
        secure=request.is_secure(),
    )  # fmt: skip


def next_url(request: HttpRequest) -> str:
    """The address after a sign-in: the page that asked for it (`return_after_sign_in`), else home."""
    return request.get_signed_cookie(_RETURN_TO, default="/", max_age=_RETURN_WITHIN) or "/"


def forget_next_url(response: HttpResponseBase) -> None:
    """Called on the answer to a sign-in, so that the next one leads home."""
    response.delete_cookie(_RETURN_TO)


_RECORDS = Graduate.objects.select_related("school", "cohort", "person")
_NEWEST = LookUp(
    lambda user: Graduate.objects.filter(person__user=user).order_by("-cohort__year", "-id"),
    related=("school", "cohort", "person"),
)


def own_record(request: HttpRequest, user: User) -> Graduate | None:
    """The record that the person has chosen, else the newest one; None if there is none."""
    chosen = request.session.get(_CHOSEN)
    if chosen is not None:
        record = _RECORDS.filter(person__user=user, pk=chosen).first()
        if record is not None:
            return record
    return _NEWEST.first(user.pk)


def choose_record(request: HttpRequest, graduate_id: int) -> None:
    request.session[_CHOSEN] = graduate_id
