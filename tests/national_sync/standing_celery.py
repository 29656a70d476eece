"""The platform's Celery application with a quick beat, whose upload runs stop at the step that
`STAND_STILL_AT` names."""

from __future__ import annotations

import django
from celery.signals import import_modules

django.setup()

from config.celery import app  # noqa: E402
from tests.national_sync import standing  # noqa: E402

assert standing.STEP is not None

NAMES = ("upload-changes", "sweep-comparisons")


def hurry(**_: object) -> None:
    """Keep two of the periodic tasks and start them every second."""
    app.conf.beat_schedule = {
        name: entry | {"schedule": 1.0}
        for name, entry in app.conf.beat_schedule.items()
        if name in NAMES
    }


# Receivers are called in the order in which they are connected: this one after the platform's.
import_modules.connect(hurry, weak=False)
