"""What one address of the access table is tried with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class AddressCase:
    """The keyword arguments of the address, which name one object, and the roles of the first world
    that may see that object."""

    name: str
    kwargs: dict[str, Any]
    seen_by: frozenset[str]
