"""The transport that the settings choose."""

from __future__ import annotations

from django.conf import settings

from national_sync.mapping import Mapped
from national_sync.transport.http import Endpoint, HttpTransport
from national_sync.transport.pace import Backoff


def is_configured() -> bool:
    return bool(settings.NATIONAL_URL and settings.NATIONAL_CLIENT and settings.NATIONAL_SECRET)


def endpoint() -> Endpoint:
    return Endpoint(settings.NATIONAL_URL, settings.NATIONAL_CLIENT, settings.NATIONAL_SECRET)


def open_transport() -> HttpTransport:
    """A new transport; the caller closes it. Retries that take longer than seconds are left to
    the ledger."""
    return HttpTransport(
        endpoint(), backoff=Backoff(attempts=3), connections=settings.NATIONAL_IN_FLIGHT + 2
    )


def mapping() -> Mapped:
    """The codes that may be sent to the configured endpoint. Those marked 模拟 never leave this
    machine."""
    return Mapped.load(simulated=is_configured() and endpoint().is_local)
