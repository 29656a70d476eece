"""The access table's cases of surveys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.access_cases import AddressCase

# Addresses that anybody may open.
OPEN: set[str] = set()

OBJECTS: dict[str, Callable[[Any], list[AddressCase]]] = {}
