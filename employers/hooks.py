"""Hooks that the employers' realm offers to the apps above."""

from __future__ import annotations

from dataclasses import dataclass

from core.hooks import Hook

home_tiles = Hook(
    "employers.home_tiles",
    "What stands where, for the employer's home. Gets member; return a list of Tile.",
)
home_todos = Hook(
    "employers.home_todos",
    "What waits for the unit, for the employer's home. Gets member; return a list of Todo.",
)


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
