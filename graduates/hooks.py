"""Hooks that origin records offer to the apps above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from core.hooks import hook
from graduates.models import Graduate


@dataclass(frozen=True)
class HomeStep:
    """One step on the graduate's home. `todo` is the one line shown while it is the next one."""

    label: str
    done: bool
    todo: str
    address: str
    state: str = ""
    state_label: str = ""


@dataclass(frozen=True)
class CorrectionTarget:
    """One kind of record that corrections speak of.

    `fields` are (key, label) of what may be asked for; `current(graduate, key)` its words now;
    `apply(graduate_id, key, value, by, reason)` puts an accepted value by the kind's own action,
    which checks it and keeps the history.
    """

    kind: str
    label: str
    fields: Callable[[Graduate], list[tuple[str, str]]]
    current: Callable[[Graduate, str], str]
    apply: Callable[..., Any]


@hook
def imported(*, school_id: int, import_id: int) -> None:
    """Rows were created or changed by an import. The rows of `graduates_rosterrow` with that
    import_id and status NULL were just created."""


@hook
def created(*, graduate: Graduate, by: User) -> None:
    """One origin record was added by hand."""


@hook
def leave_guards(*, graduate: Graduate) -> None:
    """Asked before a graduate leaves 在籍; raise a `DomainError` to refuse."""


@hook
def moved(*, graduate: Graduate) -> None:
    """A graduate moved to another cohort: move what copies the cohort."""


@hook
def detail_links(*, graduate: Graduate, user: User) -> list[tuple[str, str]]:
    """Links on the console's page of an origin record: (label, address)."""


@hook
def next_step(*, graduate: Graduate) -> HomeStep | None:
    """A step on the graduate's home, or None. Steps appear in plug order."""


@hook
def correction_targets() -> CorrectionTarget:
    """A kind of data that corrections can be asked for."""
