"""Who agrees to the actions of surveys that end something (tests/test_single_actor.py)."""

from __future__ import annotations

WHO_AGREES: dict[str, str] = {}

MODULES: set[str] = set()
