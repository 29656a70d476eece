"""Which year's graduates (届别) a member of staff works with.

Every page of the console is about the same year: the one that the person chose in the top bar, else
the newest that is open, else the newest there is. The choice is kept with the person. An address may
name another year (`cohort=2026`) for its own page, and a list also every year (`cohort=all`).
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.postgres.aggregates import ArrayAgg, BoolOr
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from core.forms import read_number
from schools.models import Cohort
from schools.scope import Scope, scope_of, staff_of

M = TypeVar("M", bound=Model)

EVERY_YEAR = "all"


@dataclass(frozen=True)
class Year:
    """A year in a person's scope: the ids of its cohorts (of each school, for the province), and
    whether one of them is open."""

    year: int
    cohort_ids: tuple[int, ...]
    is_open: bool

    def __str__(self) -> str:
        return f"{self.year}届"


def years_of(user: User) -> Sequence[Year]:
    """The years in the user's scope, newest first; read once a request."""
    if not hasattr(user, "_years"):
        user._years = _years_in(scope_of(user), user)  # type: ignore[attr-defined]
    return user._years  # type: ignore[attr-defined]


def _years_in(scope: Scope | None, user: User) -> Sequence[Year]:
    today = timezone.localdate()
    if scope is None:
        return ()
    if scope.everything:
        return _read(Cohort.objects.all(), today)
    staff = staff_of(user)
    if staff is None or staff.school is None:
        return ()
    return _of_school(staff.school.structure_stamp, scope, today)


@functools.lru_cache(maxsize=512)
def _of_school(stamp: int, scope: Scope, today: datetime.date) -> Sequence[Year]:
    """Cached in the process as long as the school's structure has this `stamp`."""
    rows = Cohort.objects.filter(school_id=scope.own_school)
    if scope.cohorts is not None:
        rows = rows.filter(pk__in=scope.cohorts)
    return _read(rows, today)


def _read(rows: QuerySet[Cohort], today: datetime.date) -> Sequence[Year]:
    found = rows.order_by("-year").values_list("year").annotate(
        ids=ArrayAgg("pk"), is_open=BoolOr(Cohort.open_on(today))
    )  # fmt: skip
    return tuple(Year(year, tuple(ids), bool(is_open)) for year, ids, is_open in found)


def kept_year(user: User) -> Year | None:
    """The year that the user works with: the chosen one, else the newest that is open, else the
    newest. None if there is no cohort in the user's scope."""
    years = years_of(user)
    staff = staff_of(user)
    chosen = staff.current_year if staff is not None else None
    for year in years:
        if year.year == chosen:
            return year
    return next((year for year in years if year.is_open), years[0] if years else None)


def year_of(request: HttpRequest) -> Year | None:
    """The year that a page is about: the one its address names, if the user has it, else the kept
    one. None if there is no cohort in the user's scope."""
    user = request.user
    assert isinstance(user, User)
    asked = read_number(request.GET.get("cohort", ""))
    return next((y for y in years_of(user) if y.year == asked), None) or kept_year(user)


def of_every_year(request: HttpRequest) -> bool:
    """Whether the address of a list asks for the rows of every year."""
    return request.GET.get("cohort") == EVERY_YEAR


def cohort_ids(user: User, year: int) -> Sequence[int]:
    """Ids of the cohorts of `year` in the user's scope."""
    return next((found.cohort_ids for found in years_of(user) if found.year == year), ())


def has_cohort(rows: QuerySet[Any]) -> bool:
    return any(field.name == "cohort" for field in rows.model._meta.fields)


def of_kept_year(rows: QuerySet[M], user: User) -> QuerySet[M]:
    """Those of `rows` that belong to the kept year. Rows without a cohort are left as they are."""
    if not has_cohort(rows):
        return rows
    year = kept_year(user)
    return rows.none() if year is None else rows.filter(cohort_id__in=year.cohort_ids)


def switch(request: HttpRequest) -> dict[str, Any]:
    """What the top bar's choice of the year shows: the years, the page's own, and the kept one. The
    choice of every year is there only on a list that shows every year."""
    user = request.user
    assert isinstance(user, User)
    every = of_every_year(request)
    return {
        "years": years_of(user),
        "shown": None if every else year_of(request),
        "kept": kept_year(user),
        "every": every,
    }
