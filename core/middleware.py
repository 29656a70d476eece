"""Health check, removal of NUL characters, and a page for refusals that no view caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from core.errors import DomainError

GetResponse = Callable[[HttpRequest], HttpResponse]


class HealthCheck:
    """Answers `/healthz` before sessions, host check and redirects, so that a probe needs none."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != "/healthz":
            return self.get_response(request)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return HttpResponse("ok", content_type="text/plain")


class NoStore:
    """Keeps pages and files out of every cache, because they show data of people. After somebody has
    signed out, the next person at the same computer finds nothing in the browser."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers["Cache-Control"] = "private, no-store"
        return response


class SentByScript:
    """Tells a script that sent a form where to go on, instead of sending it there: `js/uploads.js` sends
    forms with files itself, to show how far they are, and then opens that page like a person."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 302 and request.headers.get("X-Sent-By") == "script":
            response.status_code = 204
            response.headers["X-Go-To"] = response.headers["Location"]
            del response.headers["Location"]
        return response


class NoNull:
    """Removes NUL characters from queries and forms, because PostgreSQL stores no NUL in text and
    nobody types one. An address that contains one does not exist."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        if "\0" in request.path:
            raise Http404
        if "%00" in request.META.get("QUERY_STRING", ""):
            request.GET = _without_null(request.GET)  # type: ignore[assignment]
        if request.method == "POST" and any(
            "\0" in v for _, vs in request.POST.lists() for v in vs
        ):
            request.POST = _without_null(request.POST)  # type: ignore[assignment]


def _without_null(typed: QueryDict) -> QueryDict:
    plain = QueryDict(mutable=True)
    for key, values in typed.lists():
        plain.setlist(key.replace("\0", ""), [v.replace("\0", "") for v in values])
    return plain


class DomainErrors:
    """Shows a `DomainError` that no view caught as a page with its sentence and a link onwards."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if not isinstance(exc, DomainError):
            return None
        context = {"message": exc.message, "code": exc.code}
        return render(request, "core/refused.html", context, status=exc.status)
