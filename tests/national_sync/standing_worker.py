"""A process that runs one upload and stops at a named step, so that a test can kill it there."""

from __future__ import annotations

import django

django.setup()

from national_sync.actions import upload  # noqa: E402
from national_sync.connection import open_transport  # noqa: E402
from national_sync.mapping import Mapped  # noqa: E402
from tests.national_sync import standing  # noqa: E402

assert standing.STEP is not None

with open_transport() as transport:
    upload.run(transport, Mapped.load(simulated=True), seconds=30)
