"""Entering graduates into the province's list, changing their groups, and removing them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.models import User
from codes import lookup
from support.models import GroupImport, Listing, ListingHistory, Proposal
from support.states import ListingChange, ListingState


@dataclass(frozen=True)
class Wanted:
    """What the list shall say of one graduate. Without a day the one that is stored stays."""

    graduate_id: int
    school_id: int
    cohort_id: int
    groups: tuple[str, ...]
    certified_on: datetime.date | None = None


def in_order(groups: Iterable[str]) -> list[str]:
    """The codes of groups in the order of the table, each once."""
    known = set(groups)
    return [code for code in lookup.table("support_group").names if code in known]


def list_by_proposal(proposal: Proposal, *, by: User) -> Listing:
    """List the graduate whom the proposal is about, or add its groups."""
    listing = Listing.objects.select_for_update().filter(graduate=proposal.graduate_id).first()
    wanted = Wanted(
        proposal.graduate_id, proposal.school_id, proposal.cohort_id, tuple(proposal.groups),
        None if listing is not None and listing.state == ListingState.LISTED
        else timezone.localdate(),
    )  # fmt: skip
    enter([wanted], adds=True, by=by, proposal=proposal)
    return Listing.objects.get(graduate=proposal.graduate_id)


def changed_groups(listing: Listing, wanted: Wanted, *, adds: bool) -> list[str]:
    """The groups that the listing has afterwards; `adds` keeps those that it has now."""
    kept = listing.groups if adds and listing.state == ListingState.LISTED else []
    return in_order([*kept, *wanted.groups])


def is_unchanged(listing: Listing | None, wanted: Wanted, *, adds: bool) -> bool:
    if listing is None or listing.state != ListingState.LISTED:
        return False
    same_day = wanted.certified_on in (None, listing.certified_on)
    return same_day and changed_groups(listing, wanted, adds=adds) == listing.groups


def enter(
    wanted: Sequence[Wanted], *, adds: bool, by: User, group_import: GroupImport | None = None,
    proposal: Proposal | None = None,
) -> int:  # fmt: skip
    """Bring the listings of these graduates to what is wanted, with a row of history for each change;
    returns how many changed. A few statements, whatever the number of graduates. Runs in the caller's
    transaction."""
    today, source = timezone.localdate(), {"group_import": group_import, "proposal": proposal}
    Listing.objects.bulk_create(
        [
            Listing(
                graduate_id=w.graduate_id, school_id=w.school_id, cohort_id=w.cohort_id,
                groups=in_order(w.groups), certified_on=w.certified_on, since=today,
            )
            for w in wanted
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )  # fmt: skip
    rows = Listing.objects.select_for_update(of=("self",)).order_by("pk")
    stored = {
        row.graduate_id: row for row in rows.filter(graduate__in=[w.graduate_id for w in wanted])
    }
    # A row without history was made just now, and is as it should be.
    past = ListingHistory.objects.filter(listing__in=[row.pk for row in stored.values()])
    before = set(past.order_by().values_list("listing", flat=True).distinct())
    changed: list[Listing] = []
    history: list[ListingHistory] = []
    for w in wanted:
        listing = stored[w.graduate_id]
        if listing.pk not in before:
            history.append(_history(listing, ListingChange.LISTED, by, **source))
            continue
        if is_unchanged(listing, w, adds=adds):
            continue
        groups, change = changed_groups(listing, w, adds=adds), ListingChange.CHANGED
        if listing.state != ListingState.LISTED:
            change = ListingChange.LISTED_AGAIN
            listing.state, listing.removed_on, listing.since = ListingState.LISTED, None, today
        listing.groups = groups
        listing.certified_on = w.certified_on or listing.certified_on
        changed.append(listing)
        history.append(_history(listing, change, by, **source))
    fields = ["state", "removed_on", "since", "groups", "certified_on"]
    Listing.objects.bulk_update(changed, fields, batch_size=500)
    ListingHistory.objects.bulk_create(history, batch_size=1000)
    return len(history)


def remove(listing_ids: Sequence[int], *, by: User, group_import: GroupImport, reason: str) -> int:
    """Remove those of the listings that are still listed; returns how many. Profile, plan and records
    stay and can be read."""
    rows = Listing.objects.select_for_update(of=("self",)).order_by("pk")
    found = list(rows.filter(pk__in=listing_ids, state=ListingState.LISTED))
    for listing in found:
        listing.state, listing.removed_on = ListingState.REMOVED, timezone.localdate()
    Listing.objects.bulk_update(found, ["state", "removed_on"], batch_size=500)
    ListingHistory.objects.bulk_create(
        [
            _history(listing, ListingChange.REMOVED, by, group_import=group_import, reason=reason)
            for listing in found
        ],
        batch_size=1000,
    )
    return len(found)


def _history(listing: Listing, change: ListingChange, by: User, **source: Any) -> ListingHistory:
    """The row of history of a change; `source` is the import or the proposal that it came of."""
    return ListingHistory(
        listing=listing, change=change, groups=listing.groups, by=by.label, **source
    )
