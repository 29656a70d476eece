"""What the support of graduates in difficulty plugs into the hooks of lower apps."""

from __future__ import annotations

from pathlib import Path

from django.urls import reverse

from accounts.models import User
from codes import hooks as codes_hooks
from graduates import hooks as graduate_hooks
from graduates.models import Graduate
from recruiting import hooks as recruiting_hooks
from recruiting.models import Posting
from support import queries, shipped_ways
from support.actions import recommending
from support.models import Listing, Proposal


@codes_hooks.data_folder.plug()
def ways_folder() -> Path:
    return shipped_ways.DATA


@codes_hooks.codes_loaded.plug()
def load_ways() -> None:
    shipped_ways.load_ways()


@graduate_hooks.moved.plug()
def follow_graduate(*, graduate: Graduate) -> None:
    for model in (Listing, Proposal):
        model._default_manager.filter(graduate=graduate).update(cohort_id=graduate.cohort_id)


@recruiting_hooks.posting_opened.plug()
def note_opened(*, graduate: Graduate, posting: Posting) -> None:
    recommending.note_opened(graduate=graduate, posting_id=posting.pk)


@graduate_hooks.detail_links.plug(order=130)
def link_to_support(*, graduate: Graduate, user: User) -> list[tuple[str, str]]:
    """A link for those who may see that the graduate is listed."""
    if not user.has_perm("support.view"):
        return []
    if not queries.listings_for(user).filter(graduate=graduate).exists():
        return []
    return [("就业帮扶", reverse("console:support-person", args=[graduate.pk]))]
