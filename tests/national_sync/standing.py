"""Makes an upload run stop at a named step, so that a test can interfere there. A process imports
it after django.setup(); `STAND_STILL_AT` names the step."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from national_sync.actions import apply
from national_sync.transport.http import HttpTransport

STEP = os.environ.get("STAND_STILL_AT", "")


def stand(step: str) -> None:
    if step == STEP:
        # Past sys.stdout, which a Celery worker takes for its log.
        os.write(1, f"standing at {step}\n".encode())
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
