"""Figures for monitoring, in the text form that Prometheus reads.

Apps contribute their own; only who knows METRICS_TOKEN may read the page.
"""

from __future__ import annotations

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse

from core import frame, jobs


def metrics(request: HttpRequest) -> HttpResponse:
    """404 without the token: a stranger does not learn that there is such a page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    wanted = settings.METRICS_TOKEN
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Http404
    figures = frame.metrics() | _job_figures()
    lines = [f"platform_{name} {value}" for name, value in sorted(figures.items())]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


def _job_figures() -> dict[str, float]:
    """How many jobs of each kind wait, run and are parked; the oldest waiting one in seconds."""
    names = ("waiting", "running", "parked", "oldest")
    return {
        f"jobs_{found.name}_{name}": getattr(found, name)
        for found in map(jobs.figures, frame.job_kinds())
        for name in names
    }
