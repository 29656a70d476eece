"""The frame that all apps share: menus, tabs, home pages, permissions, periodic tasks, metrics.

Each app says in its `contributions.py`, as one `CONTRIBUTIONS`, what it adds to the frame.
`PlatformApp` registers it when Django is ready. Apps come in the order of INSTALLED_APPS, the
lowest layer first.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from celery.schedules import crontab
from django.db.models import Model, QuerySet
from django.urls import reverse

from core.invariants import Invariant
from core.jobs import JobKind
from core.states import Lifecycle


@dataclass(frozen=True)
class MenuItem:
    """One line of the console's left menu.

    Who has `permission` sees it. `waiting` returns the records that wait for a user there, or `count`
    their number, where they are no rows of a list. `waiting_query` is the query under which the list
    shows just those; "" if it shows no others anyway. The home page shows the number in `home_order`.
    `holds` are beginnings of addresses that belong to this line although they are not below its own
    address.
    """

    section: str
    label: str
    url_name: str
    icon: str
    permission: str
    order: int = 100
    waiting: Callable[[Any], QuerySet[Any]] | None = None
    count: Callable[[Any], int] | None = None
    holds: tuple[str, ...] = ()
    waiting_query: str = ""
    home_order: int = 100

    @property
    def waiting_address(self) -> str:
        """The address of the list of what is counted."""
        return reverse(self.url_name) + (f"?{self.waiting_query}" if self.waiting_query else "")

    @property
    def counted(self) -> bool:
        return self.waiting is not None or self.count is not None


@dataclass(frozen=True)
class WorkLine:
    """A line of the console's home page besides what the menu counts: `rows` returns the records that
    need something done, `query` is the query under which the list `url_name` shows just those. Who
    has `permission` sees it."""

    label: str
    url_name: str
    query: str
    permission: str
    home_order: int
    rows: Callable[[Any], QuerySet[Any]]

    @property
    def address(self) -> str:
        return f"{reverse(self.url_name)}?{self.query}"


@dataclass(frozen=True)
class Tab:
    """One tab at the foot of the graduate's or the employer's pages. A page names its tab by
    `key`. `count` is the name of the request's attribute that holds how many are unread."""

    key: str
    label: str
    url_name: str
    icon: str
    order: int = 100
    count: str = ""


@dataclass(frozen=True)
class Service:
    """One entry of the graduate's page 服务."""

    label: str
    note: str
    url_name: str
    icon: str
    order: int = 100


def every_row(rows: QuerySet[Any]) -> QuerySet[Any]:
    """All rows of a list, for a `BulkAction` that is about each of them."""
    return rows


@dataclass(frozen=True, kw_only=True)
class BulkAction:
    """Something that is done with every row that a list shows, by a job. `lists` are the URL names of
    the lists. `effect` says before what will happen. `version` is the field whose value must still be
    the same when the row's turn comes; "" if there is none. `run` does it to one row, in the
    transaction of its result: run(key of the row, version, user, reason) returns whether it was done,
    the row's name, and a sentence; None if the row is not in the user's scope.

    `rows` leaves only the rows of the list that the action is about, and may give them another order.
    `allowed` says whether a person with the permission may do it at all. Where `asks_reason`, the
    field for it is called `reason_label` and holds `usual_reason` at first, and `check` refuses what
    would be refused for every row."""

    key: str
    label: str
    lists: tuple[str, ...]
    permission: str
    effect: str
    run: Callable[[int, int, Any, str], tuple[bool, str, str] | None]
    version: str = ""
    asks_reason: bool = False
    reason_label: str = "原因"
    usual_reason: str = ""
    check: Callable[[str], object] = lambda reason: None
    rows: Callable[[QuerySet[Any]], QuerySet[Any]] = every_row
    allowed: Callable[[Any], bool] = lambda user: True

    def open_to(self, user: Any) -> bool:
        return user.has_perm(self.permission) and self.allowed(user)


@dataclass(frozen=True, kw_only=True)
class ReminderTopic:
    """Something that graduates are reminded of (催办) from the lists that name them.

    `lists` are the URL names of those lists, `path` leads from their rows to the graduate ("" if the
    rows are graduates). `open_for` leaves the graduates for whom the matter is still open: the others
    are not reminded, and somebody who was reminded and is no longer among them has acted. `title`
    and `text` are what is written if the sender changes nothing; the message leads to `link`, a URL
    name of the graduate's pages. `due_on` gives the day by which it has to be done, per primary key of a
    cohort."""

    key: str
    label: str
    lists: tuple[str, ...]
    title: str
    text: str
    link: str
    open_for: Callable[[QuerySet[Any]], QuerySet[Any]]
    path: str = ""
    due_on: Callable[[Iterable[int]], Mapping[int, datetime.date]] = lambda cohorts: {}


@dataclass(frozen=True)
class PeriodicTask:
    """A Celery task that beat starts, every `schedule` seconds or by a crontab."""

    name: str
    task: str
    schedule: float | crontab


@dataclass(frozen=True)
class HomePanel:
    """A block of the console's home: heading and lines of (label, done, total, address)."""

    heading: str
    lines: list[tuple[str, int, int, str]]


@dataclass(frozen=True)
class Demo:
    """Demo data of one app. `make` gets the password of every demo account; `accounts` returns
    (role, sign-in page, login) for the start-up screen. `fill` adds the many records with which the
    demo school looks like a real one; it goes on where an earlier call was ended, and changes
    nothing when all is there."""

    exists: Callable[[], bool] = lambda: True
    make: Callable[[str], None] = lambda password: None
    accounts: Callable[[], list[tuple[str, str, str]]] = list
    fill: Callable[[], None] = lambda: None


@dataclass(frozen=True, kw_only=True)
class Contributions:
    """Everything that one app adds to the shared frame.

    `permissions` maps each permission to the levels that have it (`schools.roles.Level`).
    `machines` are the lifecycles for docs/states.md, each with the labels of its roles. `metrics`
    are functions that return name → number. `event_tables` hold events that go into the audit
    chain: rows with `at` and `school_id` that are only ever added. `invariants` must always hold.
    """

    permissions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    console_menu: Iterable[MenuItem] = ()
    graduate_tabs: Iterable[Tab] = ()
    graduate_services: Iterable[Service] = ()
    employer_tabs: Iterable[Tab] = ()
    work_lines: Iterable[WorkLine] = ()
    home_panels: Iterable[Callable[[Any], HomePanel | None]] = ()
    periodic_tasks: Iterable[PeriodicTask] = ()
    machines: Iterable[tuple[Lifecycle, Mapping[str, str]]] = ()
    jobs: Iterable[JobKind[Any]] = ()
    bulk_actions: Iterable[BulkAction] = ()
    reminder_topics: Iterable[ReminderTopic] = ()
    metrics: Iterable[Callable[[], dict[str, float]]] = ()
    event_tables: Iterable[type[Model]] = ()
    invariants: Iterable[Invariant] = ()
    # How many bytes a request to these addresses may have, by URL name; others take words only.
    body_limits: Mapping[str, int] = field(default_factory=dict)
    demo: Demo | None = None


_registered: dict[str, Contributions] = {}
_permissions: dict[str, frozenset[str]] = {}


def register(app: str, contributions: Contributions) -> None:
    """Called once for each app when Django is ready. Raises `ValueError` for a permission that another
    app has declared."""
    twice = _permissions.keys() & contributions.permissions.keys()
    if twice:
        raise ValueError(f"{app} declares permissions that another app has: {sorted(twice)}")
    _registered[app] = contributions
    _permissions.update(contributions.permissions)


@functools.cache
def body_limits() -> dict[str, int]:
    """How many bytes a request may have, by URL name (`core.bodies`)."""
    return {name: most for c in _registered.values() for name, most in c.body_limits.items()}


def permissions() -> dict[str, frozenset[str]]:
    """Every permission with the levels that have it."""
    return _permissions


def console_menu() -> list[MenuItem]:
    return [item for c in _registered.values() for item in c.console_menu]


def graduate_tabs() -> list[Tab]:
    tabs = [tab for c in _registered.values() for tab in c.graduate_tabs]
    return sorted(tabs, key=lambda tab: tab.order)


def employer_tabs() -> list[Tab]:
    tabs = [tab for c in _registered.values() for tab in c.employer_tabs]
    return sorted(tabs, key=lambda tab: tab.order)


def graduate_services() -> list[Service]:
    services = [service for c in _registered.values() for service in c.graduate_services]
    return sorted(services, key=lambda service: service.order)


@functools.cache
def work_lines() -> list[WorkLine]:
    return [line for c in _registered.values() for line in c.work_lines]


def home_panels(user: Any) -> list[HomePanel]:
    """The blocks that `user` sees on the console's home; one query each."""
    panels = [panel(user) for c in _registered.values() for panel in c.home_panels]
    return [panel for panel in panels if panel is not None]


def periodic_tasks() -> list[PeriodicTask]:
    return [task for c in _registered.values() for task in c.periodic_tasks]


def machines() -> list[tuple[Lifecycle, Mapping[str, str]]]:
    return [pair for c in _registered.values() for pair in c.machines]


def job_kinds() -> list[JobKind[Any]]:
    return [kind for c in _registered.values() for kind in c.jobs]


def bulk_actions() -> dict[str, BulkAction]:
    """Every action on all rows of a list, by its key."""
    return {a.key: a for c in _registered.values() for a in c.bulk_actions}


def reminder_topics() -> dict[str, ReminderTopic]:
    """Everything that graduates can be reminded of, by its key."""
    return {t.key: t for c in _registered.values() for t in c.reminder_topics}


def metrics() -> dict[str, float]:
    """Figures for monitoring of every app."""
    return {
        name: value
        for c in _registered.values()
        for function in c.metrics
        for name, value in function().items()
    }


def event_tables() -> list[type[Model]]:
    return [table for c in _registered.values() for table in c.event_tables]


def invariants() -> list[Invariant]:
    return [invariant for c in _registered.values() for invariant in c.invariants]


def demos() -> list[Demo]:
    return [c.demo for c in _registered.values() if c.demo is not None]
