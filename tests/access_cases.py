"""What one address of the access table is tried with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AddressCase:
    """One object an address is tried with, and the roles (of the first world) that see it."""

    name: str
    kwargs: dict[str, Any]
    seen_by: frozenset[str]
