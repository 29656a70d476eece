"""Template variables of the console's frame that need to know schools and cohorts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from schools import current_cohort


def console(request: HttpRequest) -> dict[str, Any]:
    """The choice of the year in the top bar; worked out only if a page shows it."""
    return {"cohort_switch": SimpleLazyObject(lambda: current_cohort.switch(request))}
