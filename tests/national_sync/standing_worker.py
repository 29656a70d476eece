"""A worker that stands still at a named step of a run, so that a test can kill it there."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from national_sync.actions import apply, send, upload  # noqa: E402
from national_sync.connection import open_transport  # noqa: E402
from national_sync.mapping import Mapped  # noqa: E402
from national_sync.transport.http import HttpTransport  # noqa: E402

STEP = os.environ.get("STAND_STILL_AT", "")


def stand(step: str) -> None:
    if step == STEP:
        sys.stdout.write(f"standing at {step}\n")
        sys.stdout.flush()
        time.sleep(float(os.environ.get("STAND_SECONDS", "60")))


def before(owner: Any, name: str, step: str) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def stopped(*args: Any, **values: Any) -> Any:
        stand(step)
        return original(*args, **values)

    setattr(owner, name, stopped)


def after(owner: Any, name: str, step: str) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def stopped(*args: Any, **values: Any) -> Any:
        made = original(*args, **values)
        stand(step)
        return made

    setattr(owner, name, stopped)


before(HttpTransport, "submit", "claimed")  # claimed, nothing sent
after(HttpTransport, "submit", "sent")  # taken there, not yet noted here
before(apply, "_apply", "answered")  # answers fetched, nothing applied
after(apply, "_move", "applying")  # applied, not yet committed
assert send is not None

with open_transport() as transport:
    upload.run(transport, Mapped.load(simulated=True), seconds=30)
