"""Units by name or code, and what a person of a unit may see."""

from __future__ import annotations

import datetime
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from accounts.models import User
from codes import readers, text
from core.models import StoredFile
from employers.models import Letter, LetterState, Membership, Unit, UnitMember

Row = TypeVar("Row", bound=Model)
_MOST_UNITS = 8
_MOST_TOLD = 50
OPEN_LETTER = (LetterState.WAITING, LetterState.SECOND)


def find_units(typed: str) -> list[Unit]:
    """Units with this code, or with a name that begins with what was typed."""
    typed = readers.search_words(typed)
    if len(typed) < 2:
        return []
    by_name = Q(names__name__startswith=typed) | Q(name__startswith=typed)
    rows = Unit.objects.filter(by_name | Q(code=text.clean_code(typed)))
    return list(rows.distinct().order_by("name")[:_MOST_UNITS])


def memberships(user: User) -> QuerySet[UnitMember]:
    """A user's memberships in the units they sign for, the newest first."""
    rows = UnitMember.objects.select_related("unit", "user").filter(user=user)
    return rows.exclude(state=Membership.ENDED).order_by("-id")


def visible_to_member(rows: QuerySet[Row], member: UnitMember, *, begun_at: str) -> QuerySet[Row]:
    """The rows that a person of a unit may see: a verified person sees everything of the unit, anybody
    else only what they did themselves and, if they had left, only what they began after coming back.

    `rows` have `unit` and `member`; `begun_at` is the path to the time at which the person began them.
    """
    rows = rows.filter(unit=member.unit_id)
    if member.state == Membership.VERIFIED:
        return rows
    return rows.filter(begun_by(member, begun_at))


def begun_by(member: UnitMember, begun_at: str) -> Q:
    """The condition that a person began a row, and did so after coming back if they had left."""
    own = Q(member=member.pk)
    if member.state == Membership.VERIFIED or member.returned_at is None:
        return own
    return own & Q(**{f"{begun_at}__gte": member.returned_at})


def may_act_for(user: User, member: UnitMember, begun_at: datetime.datetime) -> bool:
    """Whether `user` may go on with what `member` began at `begun_at`: as the same person, who has not
    left the unit since, or as a verified person of the unit."""
    return (member.user_id == user.pk and has_stayed_since(member, begun_at)) or (
        is_verified_member(user, member.unit_id)
    )


def has_stayed_since(member: UnitMember, begun_at: datetime.datetime) -> bool:
    """Whether the person has not left the unit since `begun_at`, or is verified again."""
    if member.state == Membership.CLAIMED:
        return member.returned_at is None or begun_at >= member.returned_at
    return member.state == Membership.VERIFIED


def certificate_for(member: UnitMember) -> StoredFile | None:
    """The unit's certificate, if the person may see it: verified people may, others only if they
    uploaded it themselves."""
    file = member.unit.certificate
    if file is None or member.state == Membership.VERIFIED:
        return file
    return file if file.created_by_id == member.user_id else None


def name_for_texts(unit: Unit, otherwise: str = "一家用人单位") -> str:
    """How text messages and e-mails call a unit: by its name once the province has certified it.
    Before, the name is what a stranger typed, and nobody should receive that as the platform's words."""
    return unit.name if unit.certified_at is not None else otherwise


def manager_of(unit: Unit, *, besides: UnitMember | None = None) -> UnitMember | None:
    """The unit's manager: the verified person of the newest approved letter, otherwise whoever has been
    verified for the longest time. `besides` is left out of account."""
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
    """The people of a unit to be warned: the verified ones, otherwise everybody who has not left.
    `besides` is a mobile number that is left out."""
    rows = UnitMember.objects.select_related("user").filter(unit=unit)
    rows = rows.exclude(state=Membership.ENDED).exclude(user__login=besides)
    verified = rows.filter(state=Membership.VERIFIED)
    return list((verified if verified.exists() else rows).order_by("id")[:_MOST_TOLD])


def recipient_ids(member: UnitMember, begun_at: datetime.datetime) -> list[int]:
    """The users who are told about what `member` began at `begun_at`: the person themselves, or the
    unit's verified people if the person has left since."""
    if has_stayed_since(member, begun_at):
        return [member.user_id]
    rows = UnitMember.objects.filter(unit=member.unit_id, state=Membership.VERIFIED)
    return list(rows.order_by("id").values_list("user_id", flat=True)[:_MOST_TOLD])


def is_verified_member(user: User, unit_id: int) -> bool:
    """Whether the user is a verified person of the unit."""
    return UnitMember.objects.filter(unit=unit_id, user=user, state=Membership.VERIFIED).exists()


def letters_waiting() -> QuerySet[Letter]:
    """Letters that the province has to review."""
    return Letter.objects.filter(state__in=OPEN_LETTER)
