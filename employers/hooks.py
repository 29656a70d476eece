"""Hooks of the employer's pages that the apps above fill."""

from __future__ import annotations

from dataclasses import dataclass

from core.hooks import hook
from employers.models import UnitMember


@dataclass(frozen=True)
class Tile:
    """A number on the employer's home page, linked to the list that it counts."""

    label: str
    number: int
    address: str


@dataclass(frozen=True)
class Todo:
    """Something that the unit should do, linked to the page where it is done."""

    label: str
    note: str
    address: str
    icon: str = "info-circle"


@hook
def home_tiles(*, member: UnitMember) -> list[Tile]:
    """Numbers for the employer's home page."""


@hook
def home_todos(*, member: UnitMember) -> list[Todo]:
    """What the unit should do, for the employer's home page."""
