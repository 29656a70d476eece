"""Units apply for talks at schools, at least five working days ahead; the school decides on time and room."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core import audit
from core.clock import database_now
from core.errors import DomainError, Invalid, Refused
from employers.models import Unit, UnitMember
from graduates.actions.corrections import due_on
from recruiting.actions.fair_base import (
    check_place,
    check_unit_free,
    enter,
    read_reason,
    save,
    take_step,
    tell_host,
    when,
)
from recruiting.actions.fairs import call_off, known_schools
from recruiting.actions.posting_base import tell_recruiters, unit_actor
from recruiting.fair_steps import FAIR
from recruiting.models import Fair
from recruiting.rules.fairs import TALKS, check_ahead, check_terms
from recruiting.rules.wording import check_wording
from recruiting.states import FairState
from recruiting.unit_standing import check_may_recruit, check_recruits_for
from schools.models import School

WORKING_DAYS = 5
_AT_ONCE = 1000


def earliest_day() -> datetime.date:
    """The first day on which a talk may be that is applied for today."""
    return due_on(timezone.localdate(), WORKING_DAYS)


def apply(*, school_id: int | None, member: UnitMember, typed: Mapping[str, Any]) -> Fair:
    """Apply for a talk at a school. `typed` is as for `check_terms`, without what the school decides.
    Raises `Invalid`; a clash with another event is refused with its name."""
    check_recruits_for(member.user, member.unit_id)
    school = School.objects.filter(pk=school_id or 0, is_open=True).first()
    values = _check(typed, school)
    with transaction.atomic():
        unit = Unit.objects.select_for_update(no_key=True).get(pk=member.unit_id)
        check_may_recruit(unit)
        waiting = Fair.objects.filter(unit=unit, school=school, state=FairState.APPLIED)
        if waiting.exists():
            raise Refused("waiting", "单位在该校已有待审批的宣讲会，请等待答复，或撤回后重新申请。")
        fair = Fair(
            school=school, unit=unit, member=member, state=FairState.APPLIED,
            created_by=unit_actor(member).label, **values,
        )  # fmt: skip
        check_unit_free(fair)
        check_place(fair)
        fair.save()
        audit.record("recruiting.apply_for_talk", by=unit_actor(member), obj=fair)
        title = f"{unit.name}申请举办宣讲会"
        tell_host(fair, title, text=f"{when(fair)}。请审批。", key="applied")
    return fair


def _check(typed: Mapping[str, Any], school: School | None) -> dict[str, Any]:
    """The terms of a unit's talk. Raises `Invalid` with everything that is wrong."""
    errors: dict[str, list[str]] = {}
    if typed["kind"] not in TALKS:
        raise Invalid({"kind": ["请选择宣讲会的类型。"]})
    of_school = {
        "apply_until": typed["starts_at"], "booths_offered": None, "slot_minutes": None,
        "slot_cap": None, "school_ids": [school.pk] if school is not None else [],
    }  # fmt: skip
    try:
        values = check_terms({**typed, **of_school}, needs_place=False)
    except Invalid as invalid:
        values = {}
        errors = {k: said for k, said in invalid.errors.items() if k != "apply_until"}
    if school is None:
        errors["school"] = ["请选择学校。"]
    start, first = typed["starts_at"], earliest_day()
    if start is not None and timezone.localdate(start) < first:
        day = f"{first.year}年{first.month}月{first.day}日"
        errors["starts_at"] = [f"宣讲会应至少提前{WORKING_DAYS}个工作日申请，最早可选{day}。"]
    for wording in check_wording({"title": typed["title"], "text": typed["text"]}):
        if wording.is_error:
            errors.setdefault(wording.field, []).append(wording.sentence)
    if errors:
        raise Invalid(errors)
    return values


def approve(*, fair_id: int, typed: Mapping[str, Any], version: int, by: User) -> Fair:
    """Let the talk take place, at the time and in the room that the school gives it; graduates register
    from now on. Raises `Invalid`, and `Refused` if another event has the room or the unit."""
    with transaction.atomic():
        # The unit first, as when it applies, so that it is never at two talks at the same time.
        unit_id = Fair.objects.values_list("unit_id", flat=True).get(pk=fair_id)
        Unit.objects.select_for_update(no_key=True).get(pk=unit_id)
        fair = _approve(fair_id, typed, version, by)
    return fair


def _approve(fair_id: int, typed: Mapping[str, Any], version: int, by: User) -> Fair:
    with take_step("approve", fair_id, by, version=version) as fair:
        values = check_terms({**typed, "school_ids": known_schools(typed["school_ids"])})
        if values["kind"] not in TALKS:
            raise Invalid({"kind": ["请选择宣讲会的类型。"]})
        check_ahead(values)
        for key, value in values.items():
            setattr(fair, key, value)
        check_unit_free(fair)
        enter(fair, FairState.OPEN)
        audit.record("recruiting.approve_talk", by=by, obj=fair)
        _tell_unit(
            fair,
            f"宣讲会“{fair.title}”已批准",
            f"{when(fair)}，{fair.place or fair.link}。",
            "approved",
        )
    return fair


def refuse(*, fair_id: int, reason: str, by: User) -> Fair:
    reason = read_reason(reason)
    with take_step("refuse", fair_id, by) as fair:
        fair.state, fair.reason = FairState.REFUSED, reason
        save(fair)
        audit.record("recruiting.refuse_talk", by=by, obj=fair, reason=reason)
        _tell_unit(fair, f"宣讲会“{fair.title}”未获批准", f"原因：{reason}", "refused")
    return fair


def withdraw(*, fair_id: int, by: UnitMember) -> Fair:
    """Take the application back before the school has decided."""
    with take_step("withdraw", fair_id, by.user) as fair:
        fair.state, fair.reason, fair.cancelled_at = (
            FairState.CANCELLED, "单位撤回申请", timezone.now()
        )  # fmt: skip
        save(fair)
        audit.record("recruiting.withdraw_talk", by=unit_actor(by), obj=fair)
    return fair


def expire_due() -> int:
    """End the applications on which the school has not decided when the talk would begin; returns how
    many."""
    due = Fair.objects.filter(state=FairState.APPLIED, starts_at__lte=Now()).order_by("id")
    ended = 0
    for pk in due.values_list("pk", flat=True)[:_AT_ONCE]:
        try:
            with take_step("expire", pk, None) as fair:
                if fair.starts_at <= database_now():
                    fair.state, fair.reason = FairState.REFUSED, "申请的时间已过，学校没有批准"
                    save(fair)
                    audit.record("recruiting.expire_talk", by=None, obj=fair)
                    _tell_unit(fair, f"宣讲会“{fair.title}”未获批准", fair.reason, "refused")
                    ended += 1
        except DomainError:
            continue  # the school or the unit decided at the last moment
    return ended


def bar_unit(unit: Unit, *, until: datetime.date) -> int:
    """Call off the talks by the end of `until` of a unit that may not recruit; returns how many. The
    caller has locked the unit."""
    rows = Fair.objects.filter(unit=unit, state__in=FAIR.sources("bar"))
    barred = 0
    for pk in rows.filter(starts_at__date__lte=until).order_by("id").values_list("pk", flat=True):
        try:
            with take_step("bar", pk, None) as fair:
                call_off(fair, "单位目前不能招聘")
                audit.record("recruiting.bar_talk", by=None, obj=fair)
                tell_host(fair, f"“{fair.title}”已取消", text="单位目前不能招聘。", key="barred")
                barred += 1
        except DomainError:
            continue  # it ended at the last moment
    return barred


def _tell_unit(fair: Fair, title: str, text: str, key: str) -> None:
    if fair.unit is not None:
        tell_recruiters(
            fair.unit, title, text=text, link=reverse("employer-fair", args=[fair.pk]),
            key=f"fair:{fair.pk}:{key}",
        )  # fmt: skip
