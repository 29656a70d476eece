"""Recording units by their codes, and the people who sign for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from accounts.models import Realm, User
from core.models import StoredFile
from employers.member_steps import MEMBERSHIP
from employers.models import Membership, Unit, UnitMember, UnitName


def record_unit(values: Mapping[str, Any], certificate: StoredFile | None) -> Unit:
    """The unit with `values["unit_code"]`, made or brought up to date, in the caller's transaction.

    The values of a certified unit are not changed, since its letter has confirmed them.
    """
    known = {
        "name": values["unit_name"],
        "unit_property": values["unit_property"],
        "industry": values["unit_industry"],
        "division": values["unit_division"],
        "address": values["unit_address"],
        "certificate": certificate,
    }
    unit, is_new = Unit.objects.get_or_create(code=values["unit_code"], defaults=known)
    if not is_new and unit.certified_at is None:
        for key, value in known.items():
            setattr(unit, key, value)
        unit.save(update_fields=list(known))
    UnitName.objects.bulk_create(
        [UnitName(unit=unit, name=values["unit_name"])], ignore_conflicts=True
    )
    return unit


def record_member(
    *, unit: Unit, mobile: str, name: str, files: Mapping[str, StoredFile]
) -> UnitMember:
    """The person with this mobile number in the unit; account and membership are made if needed.

    A new account has no password. Until its owner sets one, they sign in by one-time code.
    """
    user = User.objects.filter(realm=Realm.EMPLOYER, login=mobile).first()
    if user is None:
        user = User.objects.create_user(Realm.EMPLOYER, mobile, None, label=name, mobile=mobile)
    UnitMember.objects.get_or_create(unit=unit, user=user, defaults={"name": name})
    # Lock the row, since a colleague may be verifying or ending the membership at the same time.
    member = UnitMember.objects.select_for_update().get(unit=unit, user=user)
    if MEMBERSHIP.allows("claim", member.state):
        # Somebody who left and signs for the unit again is unverified, and sees only what follows.
        member.state, member.ended_at, member.verified_at = Membership.CLAIMED, None, None
        member.returned_at = timezone.now()
    member.name = name
    member.signature = files.get("signature", member.signature)
    member.id_front = files.get("id_front", member.id_front)
    member.id_back = files.get("id_back", member.id_back)
    member.save()
    return member
