"""Health check before everything else, domain errors after everything else."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.errors import DomainError

GetResponse = Callable[[HttpRequest], HttpResponse]


class HealthCheck:
    """`/healthz` answers without session, host check or redirect, so a prober needs nothing."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != "/healthz":
            return self.get_response(request)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return HttpResponse("ok", content_type="text/plain")


class DomainErrors:
    """A rule's refusal that no view caught becomes a page with its sentence and a way on."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if not isinstance(exc, DomainError):
            return None
        context = {"message": exc.message, "code": exc.code}
        return render(request, "core/refused.html", context, status=exc.status)
