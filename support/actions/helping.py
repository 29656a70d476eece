"""责任人, profile (一人一档) and plan (一策) of a listed graduate."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import inbox
from accounts.models import Realm, User
from core import audit
from core.clock import database_now
from core.errors import Conflict, DomainError, Invalid, Refused
from graduates.models import Graduate
from schools.models import StaffMember
from schools.scope import visible_to
from support.actions.base import days_of, read_words, take_step
from support.models import Listing, Plan, Profile
from support.states import Wish

LONGEST_TEXT, LONGEST_AIMS = 300, 500
MOST_AT_ONCE = 200
STALE = "档案已在别处修改，这次没有保存，请核对后再改。"


def candidates(school_id: int) -> list[tuple[int, str]]:
    """The active staff of a school who may be 责任人: (account, name with role)."""
    rows = StaffMember.objects.filter(school=school_id, user__is_active=True).select_related("user")
    found = [(row.user_id, f"{row.user.label}（{row.get_role_display()}）") for row in rows]
    return sorted(found, key=lambda pair: pair[1])


def _candidate(user_id: int, school_id: int) -> User:
    user = User.objects.filter(
        pk=user_id, realm=Realm.STAFF, is_active=True, staff__school=school_id
    ).first()  # fmt: skip
    if user is None:
        raise Invalid({"responsible": ["请选择本校在用的工作人员。"]})
    return user


@dataclass(frozen=True)
class Assigned:
    """What came of one graduate when several were given a 责任人."""

    label: str
    ok: bool
    message: str


def assign(*, listing_id: int, user_id: int, by: User) -> Listing:
    """Name the 责任人 of one graduate. Raises a `DomainError` if that person does not have the graduate in
    scope. The same person named again changes nothing."""
    with take_step("assign", listing_id, by) as listing:
        person = _candidate(user_id, listing.school_id)
        _check_in_scope(listing, person)
        if listing.responsible_id == person.pk:
            return listing
        _name(listing, person, by)
        _tell(person, [listing])
    return listing


def assign_many(*, listing_ids: Sequence[int], user_id: int, by: User) -> list[Assigned]:
    """Name the 责任人 of several graduates; each is refused or done by itself."""
    if not listing_ids:
        raise Refused("none", "请先勾选要指定责任人的毕业生。")
    if len(listing_ids) > MOST_AT_ONCE:
        raise Refused("too_many", f"一次最多指定{MOST_AT_ONCE}人，请分批办理。")
    answers, given = [], []
    with transaction.atomic():
        for listing_id in sorted(listing_ids):
            try:
                with take_step("assign", listing_id, by) as listing:
                    person = _candidate(user_id, listing.school_id)
                    _check_in_scope(listing, person)
                    if listing.responsible_id != person.pk:
                        _name(listing, person, by)
                        given.append(listing)
                answers.append(Assigned(str(listing.graduate), True, f"责任人：{person.label}"))
            except Invalid:
                raise
            except DomainError as refusal:
                found = Listing.objects.select_related("graduate").get(pk=listing_id)
                answers.append(Assigned(str(found.graduate), False, refusal.message))
        if given:
            _tell(person, given)
    return answers


def _check_in_scope(listing: Listing, person: User) -> None:
    if not visible_to(Graduate.objects.filter(pk=listing.graduate_id), person).exists():
        sentence = f"{person.label}的管理范围内没有该毕业生，请选择其辅导员，或先调整管理范围。"
        raise Refused("out_of_scope", sentence, field="responsible")


def _name(listing: Listing, person: User, by: User) -> None:
    before = listing.responsible_label
    listing.responsible, listing.responsible_label = person, person.label
    listing.save(update_fields=["responsible", "responsible_label"])
    audit.record(
        "support.assign", by=by, obj=listing, data={"changes": {"责任人": [before, person.label]}}
    )


def _tell(person: User, listings: Sequence[Listing]) -> None:
    inbox.tell(
        f"user:{person.pk}", f"您被指定为{len(listings)}名毕业生的就业帮扶责任人",
        key=f"support-assigned:{listings[0].pk}:{database_now().timestamp()}",
        text="请建立档案、制定方案，并按标准提供服务。", link=reverse("console:support"),
    )  # fmt: skip


def save_profile(*, listing_id: int, typed: Mapping[str, Any], version: int, by: User) -> Profile:
    """Write the profile. `version` is that of the page, 0 for a new one. Raises `Invalid`, and `Conflict`
    if somebody else has changed it; the same values sent twice are saved once."""
    errors: dict[str, list[str]] = {}
    values = {
        "family": read_words(errors, "family", "家庭说明", typed["family"], most=LONGEST_TEXT),
        "difficulty": read_words(errors, "difficulty", "困难", typed["difficulty"], most=LONGEST_TEXT),
        "wish": typed["wish"],
    }  # fmt: skip
    if values["wish"] not in Wish.values:
        errors["wish"] = ["请选择意愿。"]
    with take_step("write_profile", listing_id, by) as listing:
        if errors:
            raise Invalid(errors)
        profile = Profile.objects.filter(listing=listing).first() or Profile(
            listing=listing, version=0
        )
        changed = [key for key, value in values.items() if getattr(profile, key) != value]
        if profile.version and not changed:
            return profile
        if profile.version != version:
            raise Conflict("stale", STALE)
        for key, value in values.items():
            setattr(profile, key, value)
        profile.version += 1
        profile.changed_by, profile.changed_at = by.label, timezone.now()
        profile.save()
        # The words are sensitive, so the event names the fields alone.
        audit.record("support.write_profile", by=by, obj=listing, data={"fields": changed})
    return profile


def save_plan(*, listing_id: int, aims: str, review_on: datetime.date | None, by: User) -> Plan:
    """Write a plan, which takes the place of the one before. The same plan sent twice is saved once."""
    errors: dict[str, list[str]] = {}
    aims = read_words(errors, "aims", "帮扶目标和措施", aims, most=LONGEST_AIMS, least=1)
    with take_step("write_plan", listing_id, by) as listing:
        today, last = timezone.localdate(), days_of(listing.cohort)[1]
        if review_on is None:
            errors["review_on"] = ["请填写复核日期。"]
        elif not today <= review_on <= max(last, today):
            errors["review_on"] = [f"复核日期应在今天至{last:%Y年%m月%d日}之间。"]
        if errors or review_on is None:
            raise Invalid(errors)
        newest = Plan.objects.filter(listing=listing).order_by("-id").first()
        if newest is not None and (newest.aims, newest.review_on) == (aims, review_on):
            return newest
        plan = Plan.objects.create(
            listing=listing, aims=aims, review_on=review_on, made_by=by.label
        )
        audit.record("support.write_plan", by=by, obj=listing, data={"plan": plan.pk})
    return plan
