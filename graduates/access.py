"""The door of the graduate's pages: signed in as a graduate, and only to one's own records."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from accounts.models import Realm, User
from codes import lookup
from core.db.lookups import LookUp
from graduates.models import Graduate

_CHOSEN, _BACK = "graduate_id", "after_sign_in"


class GraduateRequest(HttpRequest):
    """A request that passed the door: `graduate` is the record in use."""

    user: User
    graduate: Graduate


def graduate_view(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
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


def returning(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Around a graduate's view that is reached by a scanned address: whoever signs in first comes
    back to it."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if request.method == "GET" and not (
            isinstance(user, User) and user.realm == Realm.GRADUATE
        ):
            request.session[_BACK] = request.path
        return view(request, *args, **kwargs)

    return guarded


def next_url(request: HttpRequest) -> str:
    """Where a graduate who just signed in goes: back to where they came from, or home."""
    return request.session.pop(_BACK, "/")


_RECORDS = Graduate.objects.select_related("school", "cohort", "person")
_NEWEST = LookUp(
    lambda user: Graduate.objects.filter(person__user=user).order_by("-cohort__year", "-id"),
    related=("school", "cohort", "person"),
)


def own_record(request: HttpRequest, user: User) -> Graduate | None:
    """The chosen record of this person, by default the newest."""
    chosen = request.session.get(_CHOSEN)
    if chosen is not None:
        found = _RECORDS.filter(person__user=user, pk=chosen).first()
        if found is not None:
            return found
    return _NEWEST.first(user.pk)


def choose_record(request: HttpRequest, graduate_id: int) -> None:
    request.session[_CHOSEN] = graduate_id
