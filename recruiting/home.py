"""Recruiting on the graduate's home page: booked events of these days, and matching postings."""

from __future__ import annotations

from django.urls import reverse

from graduates import hooks
from graduates.hooks import FeedLine, FeedList, HomeCard, Rank
from graduates.models import Graduate
from recruiting import matching, visiting
from recruiting.models import Intention
from recruiting.words import place_words

_MOST = 5


@hooks.home_feed.plug(order=30)
def booked_events(*, graduate: Graduate) -> list[HomeCard | FeedList]:
    return list(visiting.home_cards(graduate))


@hooks.home_feed.plug(order=31)
def matching_postings(*, graduate: Graduate) -> list[HomeCard | FeedList]:
    """The first postings that match what the graduate looks for, each with the reason."""
    intention = Intention.objects.filter(graduate=graduate).first()
    if intention is None:
        return []
    found = matching.page(graduate, intention, size=_MOST)
    lines = [
        FeedLine(
            title=f"{match.posting.title}，{match.posting.unit.name}",
            text=f"{place_words(match.posting)}，{match.reasons}",
            address=reverse("job", args=[match.posting.pk]),
        )
        for match in found
    ]
    return [FeedList(Rank.POSTING, "相符职位", reverse("jobs-matching"), lines)] if lines else []
