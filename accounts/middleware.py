"""Ends sessions: those of staff after 30 idle minutes, all after 12 hours."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from accounts import own_sessions
from accounts.models import Realm, User

_STARTED, _SEEN = own_sessions.STARTED, own_sessions.SEEN
# Seconds. The session row is written at most this often, not at every request.
_RESOLUTION = 60


class SessionLimits:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and isinstance(request.user, User):
            self._limit(request, request.user)
        return self.get_response(request)

    def _limit(self, request: HttpRequest, user: User) -> None:
        now, session = int(time.time()), request.session
        started = session.setdefault(_STARTED, now)
        seen = session.setdefault(_SEEN, now)
        idle = settings.STAFF_IDLE_LIMIT.total_seconds() + _RESOLUTION
        staff_idle = user.realm == Realm.STAFF and now - seen > idle
        if staff_idle or now - started > settings.SESSION_LIMIT.total_seconds():
            request.ended_for = user.pk  # type: ignore[attr-defined]
            logout(request)
            request.session_ended = True  # type: ignore[attr-defined]
        elif now - seen >= _RESOLUTION:
            session[_SEEN] = now


def session_ended_notice(request: HttpRequest) -> None:
    """Tell a person who was sent to the sign-in page that the session has ended."""
    if getattr(request, "session_ended", False):
        messages.info(request, "登录已过期，请重新登录。")
