"""URLs of the `pages` benchmark: those of the platform, and a page that needs no work."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

import config.urls

_PAGE = ("<!doctype html><title>.</title>" + "0123456789abcdef" * 2048)[: 30 * 1024]


def floor(request: HttpRequest) -> HttpResponse:
    """30 KB for a signed-in person, behind the platform's middleware."""
    if not request.user.is_authenticated:
        return HttpResponse(status=403)
    return HttpResponse(_PAGE)


urlpatterns = [path("floor/", floor), path("", include(config.urls))]
