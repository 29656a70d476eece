"""逾期重新开放: after a cohort's end the province opens single records again until a date."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from codes import text
from core import audit
from core.errors import Invalid, NotPermitted, Refused
from graduates.actions.origin import locked_graduate
from graduates.models import Graduate
from graduates.states import Standing
from schools.models import Phase

MOST_DAYS = 60


def reopen(*, graduate_id: int, until: datetime.date | None, reason: str, by: User) -> Graduate:
    """Open a record of a cohort that has ended until a date. Raises `Invalid`."""
    if not by.has_perm("province.schools"):
        raise NotPermitted("role", "只有省级管理员可以重新开放。")
    _check_input(until, text.clean(reason))
    with transaction.atomic():
        graduate = locked_graduate(graduate_id)
        phase = graduate.cohort.phase()
        if phase != Phase.ENDED:
            raise Refused("cohort_not_ended", f"{graduate.cohort}尚未截止，不需要重新开放。")
        if graduate.standing != Standing.ENROLLED:
            raise Refused("standing", f"学籍状态为{graduate.get_standing_display()}，不能登记。")
        _save_date(graduate, until, "graduates.reopen", text.clean(reason), by)
    return graduate


def end_reopening(*, graduate_id: int, by: User) -> Graduate:
    if not by.has_perm("province.schools"):
        raise NotPermitted("role", "只有省级管理员可以结束重新开放。")
    with transaction.atomic():
        graduate = locked_graduate(graduate_id)
        if graduate.reopened_until is None:
            raise Refused("not_reopened", "此记录没有重新开放。")
        _save_date(graduate, None, "graduates.end_reopening", "", by)
    return graduate


def _check_input(until: datetime.date | None, reason: str) -> None:
    errors: dict[str, list[str]] = {}
    today = timezone.localdate()
    if until is None or until < today:
        errors["until"] = ["请填写今天或以后的日期。"]
    elif until > today + datetime.timedelta(days=MOST_DAYS):
        errors["until"] = [f"最多开放{MOST_DAYS}天。"]
    if not reason:
        errors["reason"] = ["请填写原因。"]
    if errors:
        raise Invalid(errors)


def _save_date(
    graduate: Graduate, until: datetime.date | None, action: str, reason: str, by: User
) -> None:
    before = graduate.reopened_until
    graduate.reopened_until = until
    graduate.save(update_fields=["reopened_until"])
    dates = [str(before or ""), str(until or "")]
    audit.record(
        action, by=by, obj=graduate, reason=reason, data={"changes": {"reopened_until": dates}}
    )
