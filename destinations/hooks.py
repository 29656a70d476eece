"""Hooks that this app offers to the apps above."""

from accounts.models import User
from core.hooks import hook
from destinations.models import Destination


@hook
def stepped(*, destination: Destination, action: str) -> None:
    """A step was taken. Runs in the transaction of the step."""


@hook
def detail_links(*, destination: Destination, user: User) -> list[tuple[str, str]]:
    """Links on the review page, as (label, address)."""


@hook
def review_notes(*, destination: Destination) -> list[str]:
    """Notes on the review page, as sentences. They do not stop anybody from approving."""


@hook
def dispute_upheld(*, destination: Destination, reason: str, by: User) -> bool:
    """A dispute is upheld. Return True if an agreement was ended, which releases the
    destination."""


@hook
def dispute_settled(*, graduate_id: int) -> None:
    """A dispute was upheld or dismissed."""
