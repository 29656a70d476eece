"""The access table's cases of support."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.access_cases import AddressCase

OBJECTS: dict[str, Callable[[Any], list[AddressCase]]] = {}
