"""What other apps ask about schools and their cohorts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from schools.models import Cohort


def ends_of(cohorts: Iterable[int]) -> Mapping[int, datetime.date]:
    """The last day of each of these cohorts' registration, by primary key."""
    return dict(Cohort.objects.filter(pk__in=list(cohorts)).values_list("pk", "ends_on"))
