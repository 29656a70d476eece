"""What else a destination's unit code, contact numbers and pictures appear on. Reviewers look there for
units that are made up and papers that are used twice."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import User
from destinations.models import Destination, Evidence
from schools.current_cohort import EVERY_YEAR
from schools.scope import visible_to

UNIT, PHONE, PICTURE = "unit", "phone", "picture"
WORDS = {UNIT: "同一机构代码", PHONE: "同一联系电话", PICTURE: "同一张材料"}
# Counting stops here; the list counts on.
MOST = 50
_NAMED = 3


@dataclass(frozen=True)
class Alike:
    """Others that have the same as one destination: how many, some of their names, the names of units
    that differ from its own, and the address of the list of them all."""

    label: str
    count: int
    capped: bool
    names: list[str]
    other_units: list[str]
    address: str

    @property
    def who(self) -> str:
        return "、".join(self.names) + ("等" if self.count > len(self.names) else "")


def hashes_of(d: Destination) -> list[str]:
    """The hashes of the pictures that prove the destination."""
    rows = Evidence.objects.filter(graduate_id=d.pk, category=d.category, removed_at=None)
    return sorted(set(rows.values_list("file__sha256", flat=True)))


def others(
    rows: QuerySet[Destination], d: Destination, kind: str, hashes: Collection[str]
) -> QuerySet[Destination]:
    """Those of `rows` that have the same as `d`, without `d`."""
    rest = rows.exclude(pk=d.pk)
    if kind == UNIT:
        return rest.filter(unit_code=d.unit_code) if d.unit_code else rest.none()
    if kind == PHONE:
        numbers = sorted({d.contact_phone, d.contact_mobile} - {""})
        same = Q(contact_phone__in=numbers) | Q(contact_mobile__in=numbers)
        return rest.filter(same) if numbers else rest.none()
    shown = Evidence.objects.filter(file__sha256__in=hashes, removed_at=None)
    return rest.filter(pk__in=shown.values("graduate_id")) if hashes else rest.none()


def alike(d: Destination, user: User, hashes: Collection[str]) -> list[Alike]:
    """What else the destination's values appear on, in every year of the user's scope. One query for
    each kind of value that it has."""
    rows = visible_to(Destination.objects.all(), user, graduate="graduate")
    found = []
    for kind, label in WORDS.items():
        same = others(rows, d, kind, hashes).order_by("-pk")
        some = list(same.values_list("graduate__name", "unit_name")[: MOST + 1])
        if not some:
            continue
        units = dict.fromkeys(unit for _, unit in some if unit and unit != d.unit_name)
        found.append(
            Alike(
                label=label,
                count=min(len(some), MOST),
                capped=len(some) > MOST,
                names=[name for name, _ in some[:_NAMED]],
                other_units=list(units)[:_NAMED],
                address=f"{reverse('console:destinations')}"
                f"?cohort={EVERY_YEAR}&alike={kind}-{d.pk}",
            )
        )
    return found


def asked_for(text: str, user: User) -> tuple[Destination, str] | None:
    """The destination and the kind that the filter of a list names, such as "unit-7"; None if there is
    no such destination in the user's scope."""
    named = re.fullmatch(r"([a-z]{1,10})-([0-9]{1,18})", text)
    if named is None or named[1] not in WORDS:
        return None
    rows = visible_to(Destination.objects.select_related("graduate"), user, graduate="graduate")
    found = rows.filter(pk=int(named[2])).first()
    return None if found is None else (found, named[1])
