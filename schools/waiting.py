"""How many records wait for a member of staff at each line of the menu."""

from __future__ import annotations

from accounts.models import User
from core.frame import MenuItem
from core.menu import counted_items
from schools.current_cohort import has_cohort, kept_year, of_kept_year, years_of

# Counting stops here: nobody reads a larger number on a menu.
COUNT_CAP = 999


def waiting_count(item: MenuItem, user: User) -> int:
    """How many records wait at `item`, those of graduates only in the year that the user works with:
    as many as the list shows that the line leads to. At most one more than `COUNT_CAP`."""
    if item.waiting is None:
        return min(item.count(user), COUNT_CAP + 1) if item.count is not None else 0
    return of_kept_year(item.waiting(user), user).order_by()[: COUNT_CAP + 1].count()


def waiting_in_other_years(user: User) -> list[tuple[MenuItem, int]]:
    """The lines at which records of other years wait, with their number, so that choosing a year
    hides no work."""
    if len(years_of(user)) < 2:
        return []
    found = []
    for item in counted_items(user):
        rows = None if item.waiting is None else item.waiting(user)
        if rows is not None and has_cohort(rows):
            kept = kept_year(user)
            others = rows.exclude(cohort_id__in=kept.cohort_ids if kept else ())
            found.append((item, others.order_by()[: COUNT_CAP + 1].count()))
    return [(item, n) for item, n in found if n]
