"""Hooks that the employers' realm offers to the apps above."""

from __future__ import annotations

from dataclasses import dataclass

from core.hooks import hook
from employers.models import UnitMember


@dataclass(frozen=True)
class Tile:
    """A figure that leads to the list behind it."""

    label: str
    number: int
    address: str


@dataclass(frozen=True)
class Todo:
    """One line that asks the unit for something."""

    label: str
    note: str
    address: str
    icon: str = "info-circle"


@hook
def home_tiles(*, member: UnitMember) -> list[Tile]:
    """Figures for the employer's home, each with the list behind it."""


@hook
def home_todos(*, member: UnitMember) -> list[Todo]:
    """What waits for the unit, for the employer's home."""
