"""The way across that the settings choose."""

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
    """A new client; close it when done. Retries beyond a few seconds are the ledger's to make."""
    return HttpTransport(
        endpoint(), backoff=Backoff(attempts=3), connections=settings.NATIONAL_IN_FLIGHT + 2
    )


def mapping() -> Mapped:
    """The codes that may go to where we send. 模拟 ones never leave this machine."""
    return Mapped.load(simulated=is_configured() and endpoint().is_local)
