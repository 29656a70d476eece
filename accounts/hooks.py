"""Hooks that accounts offer to the apps above."""

from accounts.models import User
from core.hooks import hook


@hook
def addresses(*, user: User) -> list[str]:
    """Further recipient names, such as `person:7` or `school:3`, whose messages this user reads."""
