"""Hooks that this app offers to the apps above."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from codes.fields import FieldDeclaration
from core.audit import Actor
from core.hooks import hook
from graduates.models import Graduate


@dataclass(frozen=True)
class HomeStep:
    """A step on the graduate's home page. `todo` is the sentence shown while it is the next step."""

    label: str
    done: bool
    todo: str
    address: str
    state: str = ""
    state_label: str = ""


class Rank(enum.IntEnum):
    """The order of what stands on the graduate's home page (DOMAIN-AROUND §2)."""

    OBLIGATION = 1
    PINNED = 2
    TODAY = 3
    NOTICE = 4
    POSTING = 5


@dataclass(frozen=True)
class HomeCard:
    """A card on the graduate's home page that leads to `address`: something of these days."""

    label: str
    title: str
    text: str
    address: str
    rank: Rank


@dataclass(frozen=True)
class FeedLine:
    """A line of a list on the graduate's home page; `mark` is a word such as 未读, or "" for none."""

    title: str
    text: str
    address: str
    mark: str = ""


@dataclass(frozen=True)
class FeedList:
    """A short list on the graduate's home page; all of it is at `address`."""

    rank: Rank
    title: str
    address: str
    lines: list[FeedLine]


@dataclass(frozen=True)
class CorrectionEffect:
    """What accepting a correction would do: the fields that change, as (label, old, new); sentences about
    what follows; sentences about what has to be done before; and pictures of the present evidence, as
    (label, address)."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    pictures: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class CorrectionTarget:
    """One kind of data that corrections can be asked for.

    `fields` gives the declarations of the fields that can be corrected, and `current(graduate, key)` the
    words for the present value. `check(graduate, key, value)` gives the sentences for which the record
    would be refused with this value, as `FieldDeclaration.read` returned it. `apply(graduate_id=,
    field=, value=, by=, reason=, pictures=)` stores an accepted value by the action that changes such
    data, which checks it and writes the history. `pictures` are the files that came with the request.
    `why_not(graduate, key, user)` says why this person could not apply a value there; "" if they could.
    `effect(graduate, key, words, user, pictures)` says what accepting these words would do; `pictures` is
    how many came with the request.
    """

    kind: str
    label: str
    fields: Callable[[Graduate], Sequence[FieldDeclaration]]
    current: Callable[[Graduate, str], str]
    check: Callable[[Graduate, str, Any], list[str]]
    apply: Callable[..., Any]
    why_not: Callable[[Graduate, str, User], str]
    effect: Callable[[Graduate, str, str, User, int], CorrectionEffect]


@hook
def imported(*, school_id: int, import_id: int) -> None:
    """An import added or changed graduates. It has just added those of the rows in
    `graduates_rosterrow` that have this `import_id` and the status NULL."""


@hook
def created(*, graduate: Graduate, by: User | Actor) -> None:
    """One origin record was added by hand."""


@hook
def leave_guards(*, graduate: Graduate) -> None:
    """A graduate is about to leave 在籍. Raise a `DomainError` to refuse it."""


@hook
def moved(*, graduate: Graduate) -> None:
    """A graduate moved to another cohort. Change it in rows that have a copy of the cohort."""


@hook
def detail_links(*, graduate: Graduate, user: User) -> list[tuple[str, str]]:
    """Links on the console's page of an origin record, as (label, address)."""


@hook
def notices(*, graduate: Graduate, user: User) -> list[tuple[str, str]]:
    """Notices at the top of the console's page of an origin record, as (sentence, address) of what
    waits for staff."""


@hook
def signing_waits(*, graduate: Graduate) -> list[str]:
    """What has to be waited for before the graduate can sign, as sentences for staff."""


@hook
def next_step(*, graduate: Graduate) -> HomeStep | None:
    """A step on the graduate's home page, or None. Steps appear in the order of the plugs."""


@hook
def home_feed(*, graduate: Graduate) -> list[HomeCard | FeedList]:
    """Cards and short lists on the graduate's home page. They appear in the order of their ranks, those
    of one rank in the order of the plugs."""


@hook
def correction_targets() -> CorrectionTarget:
    """A kind of data that corrections can be asked for."""
