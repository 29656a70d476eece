"""The access table's cases of recruiting: what a unit's verified people, other units, graduates and staff
open."""

from __future__ import annotations

from typing import Any

from employers.models import UnitMember
from recruiting.models import Posting
from recruiting.states import PostingState
from tests import factories
from tests.access_cases import AddressCase
from tests.access_employers import VERIFIED
from tests.recruiting import scene

OPEN: set[str] = set()
REVIEWERS = frozenset({"school_admin", "province"})


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


def reviewed(o: Any, **more: Any) -> list[AddressCase]:
    """Postings that wait: one for all graduates, one for another school's, and a draft."""
    mine = _postings(o)[0]
    member = scene.make_recruiter()
    for_all = scene.make_posting(member, PostingState.WAITING)
    elsewhere = factories.make_school()
    theirs = scene.make_posting(member, PostingState.WAITING, school_ids=(elsewhere.pk,))
    return [
        AddressCase("for all", {"pk": for_all.pk, **more}, REVIEWERS),
        AddressCase("another school's", {"pk": theirs.pk, **more}, frozenset({"province"})),
        AddressCase("a draft", {"pk": mine.pk, **more}, frozenset()),
        AddressCase("nobody's", {"pk": 2**40, **more}, frozenset()),
    ]


def review_steps(o: Any) -> list[AddressCase]:
    return reviewed(o, action="restore")


OBJECTS: dict[str, Any] = {
    "employer-posting": postings,
    "employer-posting-edit": postings,
    "employer-posting-delete": postings,
    "employer-posting-renew": postings,
    "employer-posting-step": posting_steps,
    "console:posting": reviewed,
    "console:posting-step": review_steps,
}
