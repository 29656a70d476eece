"""Start one upload run with the configured connection and codes, as tasks and commands do."""

from __future__ import annotations

from django.conf import settings

from codes import lookup
from national_sync import demo
from national_sync.actions import upload
from national_sync.actions.upload import Report
from national_sync.connection import mapping, open_transport


def start_run(*, seconds: float) -> Report:
    # A worker lives for weeks: what was loaded into the code tables since is seen by each run.
    lookup.refresh()
    with open_transport() as transport:
        if settings.NATIONAL_DEMO and transport.endpoint.is_local:
            demo.share_new(transport)
        return upload.run(transport, mapping(), seconds=seconds)
