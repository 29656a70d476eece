"""Figures for monitoring, in the text form that Prometheus reads.

Apps plug in their own; the address answers only who knows METRICS_TOKEN.
"""

from __future__ import annotations

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from core.hooks import Hook

gauges = Hook("core.metrics", "Figures for monitoring. Return a dict of name → number.")


def metrics(request: HttpRequest) -> HttpResponse:
    """404 without the token: a stranger does not learn that there is such a page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    wanted = settings.METRICS_TOKEN
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Http404
    lines = [
        f"platform_{name} {value}"
        for found in gauges.run()
        for name, value in sorted(found.items())
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")
