"""Invariants: what must hold in every installation at any time.

Each app declares its own in `contributions.py`. `bin/manage check_invariants` checks them all, and
so does a task every night, which keeps the answer and tells the province when something is wrong.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field

from django.db import connection

from core.hooks import hook

logger = logging.getLogger(__name__)
# So many examples of what is wrong are kept of each invariant.
_EXAMPLES = 20


@dataclass(frozen=True)
class Invariant:
    """`statement` says in Chinese what must hold. `faults` gives a short text for each place where it
    does not: an id or a sentence, never a name or a number of a person."""

    name: str
    statement: str
    faults: Callable[[], Iterable[str]]


@dataclass
class Problem:
    """An invariant that does not hold: in how many places, and some of them."""

    name: str
    statement: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


@hook
def invariants_broken(*, problems: list[Problem]) -> None:
    """The nightly check found something wrong: tell those who have to look after it."""


def from_sql(name: str, statement: str, query: str) -> Invariant:
    """An invariant that holds when `query` returns no row. The first column tells the place."""

    def faults() -> Iterator[str]:
        with connection.cursor() as cursor:
            cursor.execute(query)
            while rows := cursor.fetchmany(1000):
                for row in rows:
                    yield str(row[0])

    return Invariant(name, statement, faults)


def check(invariants: Iterable[Invariant]) -> list[Problem]:
    """What does not hold. An invariant that cannot be checked is a problem as well: the others are
    checked all the same."""
    problems = []
    for invariant in invariants:
        problem = Problem(invariant.name, invariant.statement)
        try:
            for fault in invariant.faults():
                problem.count += 1
                if len(problem.examples) < _EXAMPLES:
                    problem.examples.append(fault)
        except Exception as error:
            logger.exception("invariant %s could not be checked", invariant.name)
            problem.count += 1
            problem.examples.append(f"无法检查（{type(error).__name__}）")
        if problem.count:
            problems.append(problem)
    return problems


def check_and_keep() -> list[Problem]:
    """Check all invariants, keep the answer for the page 后台任务, and let other apps raise an alarm
    when something is wrong."""
    from core import frame
    from core.models import InvariantCheck

    started = time.monotonic()
    declared = frame.invariants()
    problems = check(declared)
    InvariantCheck.objects.create(
        seconds=round(time.monotonic() - started),
        checked=len(declared),
        problems=[asdict(problem) for problem in problems],
    )
    for problem in problems:
        logger.error("invariant broken: %s in %d places", problem.name, problem.count)
    if problems:
        invariants_broken.run(problems=problems)
    return problems
