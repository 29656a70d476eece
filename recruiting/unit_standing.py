"""Whether a unit may recruit now: certified, verified within six months, neither suspended nor
blacklisted. Signing agreements does not depend on it, but for new invitations of blacklisted units."""

from __future__ import annotations

import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from core.errors import NotPermitted, Refused
from employers.models import Unit
from employers.queries import is_verified_member
from recruiting.models import Booth, Recruiter, RecruitingRules, Sanction, UnitReport
from recruiting.states import (
    OPEN_REPORT,
    SERIOUS_REPORT,
    AccountKind,
    AppealState,
    BoothState,
    ReportState,
    SanctionKind,
)

# After so many months a unit is verified again (five ministries' notice of 2025-12-25).
VERIFIED_MONTHS = 6
REMIND_DAYS = (30, 7)
# Reports by two people within this time pause the unit's postings, whatever they are about.
TWO_REPORTERS_WITHIN = datetime.timedelta(days=30)
_YEAR = datetime.timedelta(days=365)


def sanctions_in_force(*kinds: SanctionKind, on: datetime.date | None = None) -> QuerySet[Sanction]:
    """Suspensions and blacklistings that hold on a day (today by default) and were not revoked."""
    day = on or timezone.localdate()
    rows = Sanction.objects.filter(kind__in=kinds or (SanctionKind.SUSPEND, SanctionKind.BLACKLIST))
    return rows.filter(until__gte=day).filter(~Q(appeal_state=AppealState.REVOKED))


def pausing_reports() -> QuerySet[UnitReport]:
    """The open reports that keep their unit's postings paused: about fees, loans, paid internships or
    pyramid selling, or with a report by another person within 30 days that is open or was upheld."""
    others = UnitReport.objects.filter(
        unit=OuterRef("unit"),
        state__in=[*OPEN_REPORT, ReportState.UPHELD],
        created_at__gte=OuterRef("created_at") - TWO_REPORTERS_WITHIN,
        created_at__lte=OuterRef("created_at") + TWO_REPORTERS_WITHIN,
    ).exclude(graduate__person=OuterRef("graduate__person"))
    rows = UnitReport.objects.filter(state__in=OPEN_REPORT)
    return rows.filter(Q(reason__in=SERIOUS_REPORT) | Exists(others))


def recruiting_refusals(unit: Unit) -> list[Refused]:
    """Every reason why the unit may not recruit now; empty if it may."""
    refusals = []
    if unit.certified_at is None:
        sentence = "单位还没有认证，请先在“单位”中提交盖章的认证公函。"
        refusals.append(Refused("not_certified", sentence))
    profile = Recruiter.objects.filter(unit=unit).first()
    if profile is None or profile.valid_until is None:
        refusals.append(Refused("not_verified", "单位还没有通过招聘资格核验，请先提交核验。"))
    elif profile.valid_until < timezone.localdate():
        ended = f"{profile.valid_until:%Y年%m月%d日}"
        refusals.append(Refused("verification_ended", f"招聘资格已于{ended}到期，请重新提交核验。"))
    if (
        profile is not None
        and profile.account_kind == AccountKind.AGENCY
        and profile.licence_until is not None
        and profile.licence_until < timezone.localdate()
    ):
        refusals.append(
            Refused("licence_ended", "人力资源服务许可证已到期，请更新后重新提交核验。")
        )
    for sanction in sanctions_in_force().filter(unit=unit):
        refusals.append(
            Refused(
                "sanctioned",
                f"单位已被{sanction.get_kind_display()}至{sanction.until:%Y年%m月%d日}："
                f"{sanction.reason}",
            )
        )
    return refusals


def barred_from_fairs_until(unit: Unit) -> datetime.date | None:
    """The day from which the unit may register for fairs again, if it was absent too often within a
    year; None if it may now. How often is a setting of the province; 0 bars nobody."""
    most = RecruitingRules.current().absences
    if not most:
        return None
    missed = Booth.objects.filter(unit=unit, state=BoothState.ABSENT)
    missed = missed.filter(fair__ends_at__gt=timezone.now() - 2 * _YEAR)
    ends = list(missed.order_by("fair__ends_at").values_list("fair__ends_at", flat=True))
    barring = [
        last for first, last in zip(ends, ends[most - 1 :], strict=False) if last - first <= _YEAR
    ]
    if not barring or barring[-1] + _YEAR <= timezone.now():
        return None
    return timezone.localdate(barring[-1] + _YEAR)


def check_may_recruit(unit: Unit) -> None:
    """Raise the first reason why the unit may not recruit."""
    for refusal in recruiting_refusals(unit):
        raise refusal


def check_recruits_for(user: User, unit_id: int) -> None:
    """Only verified people of a unit recruit for it."""
    if not is_verified_member(user, unit_id):
        raise NotPermitted(
            "member_not_verified", "只有单位的已认证人员可以办理招聘，请先由同事认证或提交公函。"
        )
