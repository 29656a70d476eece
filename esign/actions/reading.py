"""The reading time: it runs from the graduate's own first look at these very terms."""

from __future__ import annotations

from accounts.models import User
from esign.models import Reading
from graduates.models import Graduate


def open_terms(*, graduate: Graduate, terms_hash: str, by: User) -> None:
    """Note the first look. Nobody else's look counts."""
    if graduate.person.user_id != by.pk:
        return
    Reading.objects.bulk_create(
        [Reading(graduate=graduate, terms_hash=terms_hash, user=by)], ignore_conflicts=True
    )
