"""Hooks: how a lower app lets higher apps take part without knowing them.

A hook is declared in the `hooks.py` of the app that offers it, as a function without a body: its
signature is what plugs get and return, its docstring says what for. An app that takes part fills
the hook in its `plugs.py`. Plugs run one after another inside the caller's transaction; an
exception in any of them aborts the whole. `docs/hooks.md` lists who plugs into what.

    @hook
    def moved(*, graduate: Graduate) -> None:
        '''A graduate moved to another cohort: move what copies the cohort.'''

    @moved.plug()
    def follow_graduate(*, graduate: Graduate) -> None: ...

    moved.run(graduate=graduate)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Hook(Generic[P, R]):
    """One hook. `name` is `app.function`, `doc` the docstring of the declaring function."""

    def __init__(self, declaration: Callable[P, R]) -> None:
        self.name = f"{declaration.__module__.partition('.')[0]}.{declaration.__name__}"
        self.doc = inspect.cleandoc(declaration.__doc__ or "")
        self.signature = str(inspect.signature(declaration))
        self.plugs: list[tuple[int, Callable[P, R]]] = []
        ALL.append(self)

    def plug(self, order: int = 100) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Register the decorated function; a lower `order` runs earlier."""

        def register(function: Callable[P, R]) -> Callable[P, R]:
            self.plugs.append((order, function))
            self.plugs.sort(key=lambda plug: (plug[0], plug[1].__module__, plug[1].__qualname__))
            return function

        return register

    def run(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """Call every plug in order; returns what they returned."""
        return [function(*args, **kwargs) for _, function in self.plugs]


ALL: list[Hook[..., Any]] = []


def hook(declaration: Callable[P, R]) -> Hook[P, R]:
    """Make a hook of a function that only declares a signature."""
    return Hook(declaration)
