"""How many records wait for a member of staff at each line of the menu."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from core import frame
from core.frame import MenuItem
from core.menu import counted_items
from schools.current_cohort import EVERY_YEAR, has_cohort, kept_year, of_kept_year, years_of

# Counting stops here: nobody reads a larger number on a menu.
COUNT_CAP = 999


def waiting_count(item: MenuItem, user: User) -> int:
    """How many records wait at `item`, those of graduates only in the year that the user works with:
    as many as the list shows that the line leads to. At most one more than `COUNT_CAP`."""
    if item.waiting is None:
        return min(item.count(user), COUNT_CAP + 1) if item.count is not None else 0
    return _count(of_kept_year(item.waiting(user), user))


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[: COUNT_CAP + 1].count()


@dataclass(frozen=True)
class Work:
    """What the home page says of one kind of records that need something done."""

    label: str
    count: int
    address: str

    @property
    def shown(self) -> str:
        return f"{COUNT_CAP}+" if self.count > COUNT_CAP else str(self.count)


def worklist(user: User) -> list[Work]:
    """What there is to do in the year that the user works with, in the order of the home page. Nothing
    in it is zero."""
    found = [
        (
            line.home_order,
            Work(line.label, _count(of_kept_year(line.rows(user), user)), line.address),
        )
        for line in frame.work_lines()
        if user.has_perm(line.permission)
    ]
    found += [
        (item.home_order, Work(item.label, waiting_count(item, user), item.waiting_address))
        for item in counted_items(user)
    ]
    found.sort(key=lambda pair: pair[0])
    return [work for _, work in found if work.count]


def waiting_in_other_years(user: User) -> list[Work]:
    """What the menu would count in the other years, so that choosing a year hides no work."""
    if len(years_of(user)) < 2:
        return []
    found = []
    for item in counted_items(user):
        rows = None if item.waiting is None else item.waiting(user)
        if rows is not None and has_cohort(rows):
            kept = kept_year(user)
            others = rows.exclude(cohort_id__in=kept.cohort_ids if kept else ())
            mark = "&" if item.waiting_query else "?"
            address = f"{item.waiting_address}{mark}cohort={EVERY_YEAR}"
            found.append(Work(item.label, _count(others), address))
    return [work for work in found if work.count]
