"""Hooks that this app offers to the apps above."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from accounts.models import User
from core.hooks import hook
from destinations.models import Destination


@dataclass(frozen=True)
class ReviewPicture:
    """A picture that a reviewer compares. If each view of it is logged, the page loads it only when the
    reviewer chooses it."""

    label: str
    address: str
    is_logged: bool = False


@dataclass(frozen=True)
class ReviewMaterial:
    """What an app above shows a reviewer beside the registered values: pictures, and a section with
    (label, words), of which `more` are folded away, and links as (label, address)."""

    title: str
    pictures: list[ReviewPicture] = field(default_factory=list)
    rows: list[tuple[str, str]] = field(default_factory=list)
    more: list[tuple[str, str]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class NationalWay:
    """Whether the present version of a destination was sent to the national system and accepted, and
    when."""

    sent: bool = False
    sent_at: datetime.datetime | None = None
    accepted: bool = False
    accepted_at: datetime.datetime | None = None


@hook
def national_way(*, destination: Destination) -> NationalWay | None:
    """How far a destination has come on its way to the national system."""


@hook
def stepped(*, destination: Destination, action: str) -> None:
    """A step was taken. Runs in the transaction of the step."""


@hook
def detail_links(*, destination: Destination, user: User) -> list[tuple[str, str]]:
    """Links on the review page, as (label, address)."""


@hook
def review_material(*, destination: Destination, user: User) -> ReviewMaterial | None:
    """Material to review besides the evidence; None if there is none or `user` may not see it."""


@hook
def review_notes(*, destination: Destination) -> list[str]:
    """Notes on the review page, as sentences. They do not stop anybody from approving."""


@hook
def resume_guards(*, destination: Destination) -> None:
    """What the national system rejected is about to be resumed. Raise a `DomainError` to refuse it."""


@hook
def undo_guards(*, destination: Destination) -> None:
    """A review is about to be undone. Raise a `DomainError` to refuse it, because something has
    followed the review."""


@hook
def review_undone(*, destination: Destination) -> None:
    """A review is being undone. `destination` still is as the review left it. Runs in the transaction
    of the step; may refuse it, too."""


@hook
def dispute_upheld(*, destination: Destination, reason: str, by: User) -> bool:
    """A dispute is upheld. Return True if an agreement was ended, which releases the
    destination."""


@hook
def dispute_settled(*, graduate_id: int) -> None:
    """A dispute was upheld or dismissed."""
