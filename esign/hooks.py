"""Hooks that e-signing offers to the apps above."""

from __future__ import annotations

from core.hooks import hook
from employers.models import Unit
from esign.models import Draft, Invitation


@hook
def invitation_guards(*, unit_id: int) -> None:
    """A unit that the platform knows is about to begin or send an invitation. Raise a `DomainError`
    to refuse it."""


@hook
def sent(*, draft: Draft, invitation: Invitation) -> None:
    """A draft was sent as an invitation."""


@hook
def decided(*, invitation: Invitation) -> None:
    """An invitation was accepted, declined, withdrawn, or has expired; its state says which."""


@hook
def origin_of(*, invitation: Invitation) -> str:
    """Where an invitation comes from, as a sentence for the graduate; "" if there is nothing to say."""


@hook
def unit_warnings(*, unit: Unit) -> list[str]:
    """What a graduate should know of a unit before signing, as sentences."""
