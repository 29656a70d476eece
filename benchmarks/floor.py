"""Settings and addresses of the `pages` benchmark: the platform as it is served, and beside it a
page that only a signed-in person gets and that costs nothing to make."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

import config.urls

_PAGE = ("<!doctype html><title>.</title>" + "0123456789abcdef" * 2048)[: 30 * 1024]


def floor(request: HttpRequest) -> HttpResponse:
    """30 KB, behind the same middleware, with the session and the user read."""
    if not request.user.is_authenticated:
        return HttpResponse(status=403)
    return HttpResponse(_PAGE)


urlpatterns = [path("floor/", floor), path("", include(config.urls))]
