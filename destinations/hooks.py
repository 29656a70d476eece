"""Hooks that destinations offer to the apps above."""

from accounts.models import User
from core.hooks import hook
from destinations.models import Destination


@hook
def stepped(*, destination: Destination, action: str) -> None:
    """A step of the state machine was written; runs in its transaction."""


@hook
def detail_links(*, destination: Destination, user: User) -> list[tuple[str, str]]:
    """Links in the review workspace: (label, address)."""


@hook
def review_notes(*, destination: Destination) -> list[str]:
    """Notes in the review workspace, as sentences. They do not stop anybody from approving."""


@hook
def dispute_upheld(*, destination: Destination, reason: str, by: User) -> bool:
    """A dispute is upheld. Return True if an agreement was ended, which releases the
    destination."""


@hook
def dispute_settled(*, graduate_id: int) -> None:
    """A dispute was settled either way."""
