"""The year that a member of staff works with."""

from __future__ import annotations

from accounts.models import User
from core.errors import Refused
from schools.current_cohort import years_of
from schools.models import StaffMember


def choose_year(*, year: int, by: User) -> None:
    """Keep `year` as the one that the pages of `by` are about. Raises `Refused` for a year without a
    cohort in the scope of `by`."""
    if all(found.year != year for found in years_of(by)):
        raise Refused("no_such_year", "您的管理范围内没有这个届别。")
    StaffMember.objects.filter(user=by).update(current_year=year)
