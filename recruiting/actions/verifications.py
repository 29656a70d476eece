"""The unit's profile as a recruiter, and the province's verification of its right to recruit, which
lasts six months."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from codes import text as texts
from core import audit, files
from core.errors import Conflict, Invalid, Refused
from core.files import images
from core.models import StoredFile
from employers.models import Unit, UnitMember
from recruiting.actions import postings
from recruiting.actions.posting_base import tell_recruiters, unit_actor
from recruiting.fields import PROFILE, read_all
from recruiting.models import Recruiter, Verification
from recruiting.report_steps import VERIFICATION
from recruiting.states import AccountKind, PauseCause, VerificationState
from recruiting.unit_standing import REMIND_DAYS, VERIFIED_MONTHS, check_recruits_for

# What the province has verified. A change of these asks for a new verification.
_VERIFIED_KEYS = ("account_kind", "licence_no", "licence_until")
_MOST_BYTES = 20 * 1024 * 1024


def profile_of(unit: Unit) -> Recruiter:
    """The unit's profile; one that is not saved yet if there is none."""
    return Recruiter.objects.filter(unit=unit).first() or Recruiter(unit=unit)


def save_profile(
    *, member: UnitMember, typed: Mapping[str, Any], licence: bytes = b""
) -> Recruiter:
    """Save the profile. Raises `Invalid`. While the unit is verified, the kind of account and the
    licence stay as they were verified; a new verification changes them."""
    check_recruits_for(member.user, member.unit_id)
    values, errors = read_all(PROFILE, typed)
    picture = _store_licence(licence, member) if licence and not errors else None
    with transaction.atomic():
        unit = Unit.objects.select_for_update().get(pk=member.unit_id)
        recruiter = profile_of(unit)
        errors |= _agency_errors(values, has_licence=bool(picture or recruiter.licence_id))
        if errors:
            raise Invalid(errors)
        if Verification.objects.filter(unit=unit, state=VerificationState.WAITING).exists():
            raise Refused("waiting", "招聘资格正在核验，核验结束或撤回后才能修改。")
        changed = picture is not None or any(
            getattr(recruiter, key) != values[key] for key in _VERIFIED_KEYS
        )
        for key, value in values.items():
            setattr(recruiter, key, value)
        recruiter.licence = picture or recruiter.licence
        if changed and recruiter.verified_at is not None:
            recruiter.verified_at = recruiter.valid_until = None
            postings.hold_unit(unit, PauseCause.UNVERIFIED)
        recruiter.updated_at = timezone.now()
        recruiter.save()
        audit.record("recruiting.save_profile", by=unit_actor(member), obj=recruiter)
    return recruiter


def _agency_errors(values: Mapping[str, Any], *, has_licence: bool) -> dict[str, list[str]]:
    """What an agency has to say of its licence (人力资源市场暂行条例 §18)."""
    if values.get("account_kind") != AccountKind.AGENCY:
        return {}
    errors: dict[str, list[str]] = {}
    if not values["licence_no"]:
        errors["licence_no"] = ["经营性人力资源机构请填写许可证号。"]
    until = values["licence_until"]
    if until is None or until < timezone.localdate():
        errors["licence_until"] = ["请填写有效的许可证期限。"]
    if not has_licence:
        errors["licence"] = ["请上传人力资源服务许可证。"]
    return errors


def _store_licence(content: bytes, member: UnitMember) -> StoredFile:
    if len(content) > _MOST_BYTES:
        raise Invalid({"licence": ["图片超过20MB，请用手机重新拍照后上传。"]})
    try:
        small = images.compress(content)
    except images.ImageRefused as refusal:
        raise Invalid({"licence": [refusal.message]}) from refusal
    return files.store(
        small, name="许可证.jpg", content_type="image/jpeg", purpose="licence", by_id=member.user_id
    )


def submit(*, member: UnitMember) -> Verification:
    """Ask the province to verify the unit as the saved profile says."""
    check_recruits_for(member.user, member.unit_id)
    try:
        with transaction.atomic():
            unit = Unit.objects.select_for_update().get(pk=member.unit_id)
            if unit.certified_at is None:
                raise Refused("not_certified", "单位还没有认证，请先提交盖章的认证公函。")
            recruiter = Recruiter.objects.filter(unit=unit).first()
            if recruiter is None or not recruiter.contact_name:
                raise Refused("no_profile", "请先填写招聘联系人、电话和账号类型并保存。")
            verification = Verification.objects.create(
                unit=unit, member=member, licence=recruiter.licence, values=_words(recruiter)
            )
            audit.record("recruiting.ask_verification", by=unit_actor(member), obj=verification)
    except IntegrityError as twice:
        raise Conflict("waiting", "已有一份招聘资格核验等待处理，无须重复提交。") from twice
    return verification


def _words(recruiter: Recruiter) -> dict[str, str]:
    """The profile by label, as the reviewer compares it."""
    return {d.label: d.show(getattr(recruiter, d.key)) for d in PROFILE}


@contextmanager
def _step(action: str, verification_id: int, by: User) -> Iterator[Verification]:
    """A transaction for one step on a verification: lock the unit, then itself."""
    with transaction.atomic():
        unit_id = Verification.objects.values_list("unit_id", flat=True).get(pk=verification_id)
        Unit.objects.select_for_update().get(pk=unit_id)
        rows = Verification.objects.select_for_update(of=("self",)).select_related("unit")
        verification = rows.get(pk=verification_id)
        VERIFICATION.check(action, verification, by)
        yield verification


def withdraw(*, verification_id: int, by: UnitMember) -> Verification:
    with _step("withdraw", verification_id, by.user) as verification:
        _decide(verification, VerificationState.WITHDRAWN, None)
        audit.record("recruiting.withdraw_verification", by=unit_actor(by), obj=verification)
    return verification


def approve(*, verification_id: int, by: User) -> Verification:
    """The unit may recruit for six months from today. Postings that waited for it are shown again."""
    with _step("approve", verification_id, by) as verification:
        _decide(verification, VerificationState.APPROVED, by)
        recruiter = Recruiter.objects.get(unit=verification.unit_id)
        recruiter.verified_at = timezone.now()
        recruiter.valid_until = add_months(timezone.localdate(), VERIFIED_MONTHS)
        recruiter.reminded_days = None
        recruiter.save(update_fields=["verified_at", "valid_until", "reminded_days"])
        postings.release_unit(verification.unit, PauseCause.UNVERIFIED)
        audit.record("recruiting.approve_verification", by=by, obj=verification)
        until = f"有效期至{recruiter.valid_until:%Y年%m月%d日}。"
        _tell(verification, "招聘资格核验已通过", until)
    return verification


def refuse(*, verification_id: int, reason: str, by: User) -> Verification:
    reason = texts.clean(reason)[:300]
    if not reason:
        raise Invalid({"reason": ["请填写原因，单位会看到。"]})
    with _step("refuse", verification_id, by) as verification:
        verification.reason = reason
        _decide(verification, VerificationState.REFUSED, by)
        audit.record("recruiting.refuse_verification", by=by, obj=verification, reason=reason)
        _tell(verification, "招聘资格核验未通过", reason)
    return verification


def _decide(verification: Verification, state: VerificationState, by: User | None) -> None:
    verification.state, verification.decided_at = state, timezone.now()
    if by is not None:
        verification.decided_by_id, verification.decided_by = by.pk, by.label
    verification.save()


def _tell(verification: Verification, title: str, text: str) -> None:
    tell_recruiters(
        verification.unit, title, text=text, link=reverse("employer-recruiter"),
        key=f"verification:{verification.pk}:{verification.state}",
    )  # fmt: skip


def add_months(day: datetime.date, months: int) -> datetime.date:
    """The same day some months later, or the last day of that month if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(day.day, last))


def remind_and_end(*, today: datetime.date | None = None) -> int:
    """Remind the units whose verification ends in 30 and in 7 days, and pause the postings of those
    whose verification is over; returns how many units were told."""
    today = today or timezone.localdate()
    told = 0
    soon = today + datetime.timedelta(days=max(REMIND_DAYS))
    due = Recruiter.objects.filter(valid_until__lte=soon).exclude(reminded_days=0)
    for unit_id in due.order_by("pk").values_list("pk", flat=True)[:1000]:
        with transaction.atomic():
            Unit.objects.select_for_update().get(pk=unit_id)
            recruiter = Recruiter.objects.select_related("unit").get(pk=unit_id)
            told += _remind(recruiter, today)
    return told


def _remind(recruiter: Recruiter, today: datetime.date) -> bool:
    """Tell the unit once for each step: 30 days before, 7 days before, and when it is over."""
    if recruiter.valid_until is None:
        return False
    left = (recruiter.valid_until - today).days
    reached = 0 if left < 0 else min(days for days in REMIND_DAYS if left <= days)
    if recruiter.reminded_days is not None and recruiter.reminded_days <= reached:
        return False
    recruiter.reminded_days = reached
    recruiter.save(update_fields=["reminded_days"])
    if reached == 0:
        postings.hold_unit(recruiter.unit, PauseCause.UNVERIFIED)
    title = f"招聘资格{left}天后到期" if reached else "招聘资格已到期，职位已暂停"
    tell_recruiters(
        recruiter.unit, title, text="请及时重新提交核验；已签订的协议不受影响。",
        link=reverse("employer-recruiter"),
        key=f"recruiter:{recruiter.pk}:{recruiter.valid_until}:{reached}",
    )  # fmt: skip
    return True
