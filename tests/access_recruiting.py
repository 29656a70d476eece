"""The access table's cases of recruiting: what a unit's verified people, other units, graduates and staff
open."""

from __future__ import annotations

from typing import Any

from employers.models import UnitMember
from recruiting.models import Posting
from tests.access_cases import AddressCase
from tests.access_employers import VERIFIED
from tests.recruiting import scene

OPEN: set[str] = set()


def _postings(o: Any) -> tuple[Posting, Posting]:
    """A draft of the verified person's unit, and one of another unit."""
    mine = UnitMember.objects.select_related("unit", "user").get(user=o.employer)
    scene.allow_to_recruit(mine.unit)
    return scene.make_posting(mine), scene.make_posting(scene.make_recruiter())


def postings(o: Any, **more: Any) -> list[AddressCase]:
    mine, foreign = _postings(o)
    return [
        AddressCase("the unit's", {"pk": mine.pk, **more}, frozenset({VERIFIED})),
        AddressCase("another unit's", {"pk": foreign.pk, **more}, frozenset()),
        AddressCase("nobody's", {"pk": 2**40, **more}, frozenset()),
    ]


def posting_steps(o: Any) -> list[AddressCase]:
    return postings(o, action="withdraw")


OBJECTS: dict[str, Any] = {
    "employer-posting": postings,
    "employer-posting-edit": postings,
    "employer-posting-delete": postings,
    "employer-posting-renew": postings,
    "employer-posting-step": posting_steps,
}
