"""Hooks: how a lower app lets higher apps take part without knowing them.

A hook runs its plugs one after another inside the caller's transaction; an exception in any of
them aborts the whole. The app that offers a hook declares it in its `hooks.py`; the app that
takes part fills it in its `plugs.py`. `docs/hooks.md` lists who plugs into what.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ALL: list[Hook] = []


@dataclass
class Hook:
    """`name` is `app.event`; `doc` says what plugs get and what their return means."""

    name: str
    doc: str
    plugs: list[tuple[int, Callable[..., Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        ALL.append(self)

    def plug(self, order: int = 100) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            self.plugs.append((order, function))
            self.plugs.sort(key=lambda p: (p[0], p[1].__module__, p[1].__qualname__))
            return function

        return register

    def run(self, **values: Any) -> list[Any]:
        """Call every plug in order; returns what they returned."""
        return [function(**values) for _, function in self.plugs]
