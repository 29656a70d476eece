"""Knowing a unit by its code, and who signs for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import Realm, User
from core.models import StoredFile
from employers.member_steps import MEMBERSHIP
from employers.models import Membership, Unit, UnitMember, UnitName


def remember_unit(values: Mapping[str, Any], certificate: StoredFile | None) -> Unit:
    """The unit of `values["unit_code"]`, made if it was never seen. Runs in the caller's
    transaction. What a certified unit is called is settled by its letter, not by a form."""
    known = {
        "name": values["unit_name"],
        "unit_property": values["unit_property"],
        "industry": values["unit_industry"],
        "division": values["unit_division"],
        "address": values["unit_address"],
        "certificate": certificate,
    }
    unit, made = Unit.objects.get_or_create(code=values["unit_code"], defaults=known)
    if not made and unit.certified_at is None:
        for key, value in known.items():
            setattr(unit, key, value)
        unit.save(update_fields=list(known))
    UnitName.objects.bulk_create(
        [UnitName(unit=unit, name=values["unit_name"])], ignore_conflicts=True
    )
    return unit


def remember_member(
    *, unit: Unit, mobile: str, name: str, files: Mapping[str, StoredFile]
) -> UnitMember:
    """The account of this mobile and its place in the unit.

    An account has no password until its owner sets one: they come in by one-time code.
    """
    user = User.objects.filter(realm=Realm.EMPLOYER, login=mobile).first()
    if user is None:
        user = User.objects.create_user(Realm.EMPLOYER, mobile, None, label=name, mobile=mobile)
    UnitMember.objects.get_or_create(unit=unit, user=user, defaults={"name": name})
    # A colleague may just be verifying or ending the membership.
    member = UnitMember.objects.select_for_update().get(unit=unit, user=user)
    if MEMBERSHIP.allows("claim", member.state):
        # Whoever left and signs for the unit again begins anew: unverified.
        member.state, member.ended_at, member.verified_at = Membership.CLAIMED, None, None
    member.name = name
    member.signature = files.get("signature", member.signature)
    member.id_front = files.get("id_front", member.id_front)
    member.id_back = files.get("id_back", member.id_back)
    member.save()
    return member
