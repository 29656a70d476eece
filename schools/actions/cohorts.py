"""Adding a cohort (届), changing its dates, sealing it.

The phases follow one another: 准备 → 开放 → 截止 → 封存. The school seals a cohort that has ended.
Only the province can unseal it or reopen a record, because the figures may have been reported.
"""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import audit
from core.errors import Invalid, Refused
from schools import hooks
from schools.actions.base import locked_school, require, required_text, set_values
from schools.models import Cohort, Phase, School


def default_end(year: int) -> datetime.date:
    return datetime.date(year, 8, 31)


def add(
    *,
    school: School,
    year: int | None,
    opens_on: datetime.date | None,
    ends_on: datetime.date | None,
    by: User,
) -> Cohort:
    require(by, "schools.set_up", school.pk)
    if year is None or not 2000 <= year <= 2100:
        raise Invalid({"year": ["请填写四位数的年份，如 2027。"]})
    ends_on = ends_on or default_end(year)
    _check_order(opens_on, ends_on)
    if ends_on.year not in (year, year + 1):
        raise Invalid({"ends_on": [f"{year}届的截止日期应在{year}年或{year + 1}年。"]})
    with transaction.atomic():
        locked_school(school.pk)
        if Cohort.objects.filter(school=school, year=year).exists():
            raise Invalid({"year": [f"本校已经建立{year}届。"]}, code="duplicate")
        made = Cohort.objects.create(school=school, year=year, opens_on=opens_on, ends_on=ends_on)
        data = {"opens_on": str(opens_on or ""), "ends_on": str(ends_on)}
        audit.record("schools.cohort_add", by=by, obj=made, data=data)
    return made


def edit(
    *,
    cohort_id: int,
    opens_on: datetime.date | None,
    ends_on: datetime.date | None,
    count_incomplete: bool,
    by: User,
) -> Cohort:
    """Raise `Refused` if the cohort has ended: the province may reopen single records only."""
    with transaction.atomic():
        cohort = Cohort.objects.select_for_update(no_key=True).get(pk=cohort_id)
        require(by, "schools.set_up", cohort.school_id)
        locked_school(cohort.school_id)
        if cohort.phase() == Phase.SEALED:
            raise Refused("cohort_sealed", f"{cohort}已封存，不能修改。")
        if ends_on is None:
            raise Invalid({"ends_on": ["请填写截止日期。"]})
        _check_dates(cohort, opens_on, ends_on)
        values = {"opens_on": opens_on, "ends_on": ends_on, "count_incomplete": count_incomplete}
        changes = set_values(cohort, values)
        if changes:
            cohort.save(update_fields=list(changes))
            audit.record("schools.cohort_edit", by=by, obj=cohort, data={"changes": changes})
    return cohort


def check_sealing(cohort: Cohort, by: User) -> list[tuple[str, str]]:
    """What would be left unfinished, as (sentence, address of the list). Raises `NotPermitted`, or
    `Refused` if the cohort cannot be sealed now. Both the page and `seal` ask here."""
    require(by, "schools.set_up", cohort.school_id)
    phase = cohort.phase()
    if phase == Phase.SEALED:
        raise Refused("cohort_sealed", f"{cohort}已经封存。")
    if phase != Phase.ENDED:
        raise Refused("cohort_not_ended", f"{cohort}尚未截止，截止以后才能封存。")
    return [line for found in hooks.before_sealing.run(cohort=cohort) for line in found]


def seal(*, cohort_id: int, by: User) -> Cohort:
    """Seal a cohort: nothing in it changes until the province unseals it."""
    with transaction.atomic():
        cohort = _locked(cohort_id)
        left = check_sealing(cohort, by)
        cohort.sealed_at = timezone.now()
        cohort.save(update_fields=["sealed_at"])
        data = {"unfinished": [sentence for sentence, _ in left]}
        audit.record("schools.cohort_seal", by=by, obj=cohort, data=data)
    return cohort


def unseal(*, cohort_id: int, reason: str, by: User) -> Cohort:
    """Unseal a cohort: corrections and review are possible again; registrations still need a
    reopening of the record."""
    with transaction.atomic():
        cohort = _locked(cohort_id)
        require(by, "province.schools", cohort.school_id)
        if cohort.sealed_at is None:
            raise Refused("cohort_not_sealed", f"{cohort}没有封存。")
        reason = required_text(reason, "reason", "原因", 200)
        cohort.sealed_at = None
        cohort.save(update_fields=["sealed_at"])
        audit.record("schools.cohort_unseal", by=by, obj=cohort, reason=reason)
    return cohort


def _locked(cohort_id: int) -> Cohort:
    school_id = Cohort.objects.values_list("school_id", flat=True).get(pk=cohort_id)
    locked_school(school_id)
    return Cohort.objects.select_for_update(no_key=True).get(pk=cohort_id)


def _check_dates(cohort: Cohort, opens_on: datetime.date | None, ends_on: datetime.date) -> None:
    if (opens_on, ends_on) == (cohort.opens_on, cohort.ends_on):
        return
    if cohort.phase() == Phase.ENDED:
        sentence = f"{cohort}已截止，日期不能再改；个别毕业生请向省级申请重新开放。"
        raise Invalid({"ends_on": [sentence]}, code="cohort_ended")
    if ends_on < timezone.localdate():
        raise Invalid({"ends_on": ["截止日期不能早于今天，否则本届随即截止。"]})
    _check_order(opens_on, ends_on)


def _check_order(opens_on: datetime.date | None, ends_on: datetime.date) -> None:
    if opens_on is not None and opens_on >= ends_on:
        raise Invalid({"ends_on": ["截止日期应晚于开放日期。"]})
