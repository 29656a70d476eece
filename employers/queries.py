"""Looking units up, and which rows a person of a unit sees."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from codes import readers, text
from core.models import StoredFile
from employers.models import Letter, LetterState, Membership, Unit, UnitMember

_MOST = 8


OPEN_LETTER = (LetterState.WAITING, LetterState.SECOND)


def find_units(typed: str) -> list[Unit]:
    """Units whose code or any known name begins with what was typed."""
    typed = readers.read("search", typed, label="单位").value
    if len(typed) < 2:
        return []
    by_name = Q(names__name__startswith=typed) | Q(name__startswith=typed)
    rows = Unit.objects.filter(by_name | Q(code=text.clean_code(typed)))
    return list(rows.distinct().order_by("name")[:_MOST])


def memberships(user: User) -> QuerySet[UnitMember]:
    """The units a person signs for, the newest first."""
    rows = UnitMember.objects.select_related("unit", "user").filter(user=user)
    return rows.exclude(state=Membership.ENDED).order_by("-id")


def seen_by(rows: QuerySet[Any], member: UnitMember) -> QuerySet[Any]:
    """What a person of a unit sees of `rows` that have `unit` and `member`: a verified one
    everything of the unit, anybody else only what they did themselves."""
    rows = rows.filter(unit=member.unit_id)
    return rows if member.state == Membership.VERIFIED else rows.filter(member=member.pk)


def certificate_for(member: UnitMember) -> StoredFile | None:
    """The unit's certificate for a verified person; for anybody else only if they brought it."""
    file = member.unit.certificate
    if file is None or member.state == Membership.VERIFIED:
        return file
    return file if file.created_by_id == member.user_id else None


def manager_of(unit: Unit, *, besides: UnitMember | None = None) -> UnitMember | None:
    """Who the newest approved letter speaks of while they still sign for the unit, else who is
    verified for the longest time."""
    letters = Letter.objects.select_related("member__user").filter(
        unit=unit, state=LetterState.APPROVED, member__state=Membership.VERIFIED
    )
    verified = UnitMember.objects.select_related("user").filter(
        unit=unit, state=Membership.VERIFIED
    )
    if besides is not None:
        letters = letters.exclude(member=besides)
        verified = verified.exclude(pk=besides.pk)
    newest = letters.order_by("-decided_at", "-id").first()
    return newest.member if newest is not None else verified.order_by("verified_at", "id").first()


def contacts_of(unit: Unit, *, besides: str = "") -> list[UnitMember]:
    """Whom the platform knows at a unit, for a warning: the verified, else all who are left."""
    rows = UnitMember.objects.select_related("user").filter(unit=unit)
    rows = rows.exclude(state=Membership.ENDED).exclude(user__login=besides)
    verified = rows.filter(state=Membership.VERIFIED)
    return list((verified if verified.exists() else rows).order_by("id")[:_MOST_TOLD])


_MOST_TOLD = 50


def recipient_ids(member: UnitMember) -> list[int]:
    """Accounts that hear about what `member` did: they themselves; once they left, the verified."""
    if member.state != Membership.ENDED:
        return [member.user_id]
    rows = UnitMember.objects.filter(unit=member.unit_id, state=Membership.VERIFIED)
    return list(rows.order_by("id").values_list("user_id", flat=True)[:_MOST_TOLD])


def speaks_for(user: User, unit_id: int) -> bool:
    """Whether a person is a verified one of the unit."""
    return UnitMember.objects.filter(unit=unit_id, user=user, state=Membership.VERIFIED).exists()


def letters_waiting() -> QuerySet[Letter]:
    return Letter.objects.filter(state__in=OPEN_LETTER)
