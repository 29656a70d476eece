"""The national system's own code lists, read from data/. What stands in the simulator's database
takes precedence.

`source` in the files says which codes are the ministry's (national) and which were invented for
the simulator because no source names them (模拟).
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

DATA = Path(__file__).parent / "data"
LEAF, COARSE, ABOLISHED, UNKNOWN = "leaf", "coarse", "abolished", "unknown"


@dataclass(frozen=True)
class Unit:
    """One unit (单位) in the national dictionary."""

    name: str
    code: str
    property: str = ""
    industry: str = ""
    holds_archives: bool = False
    in_force: bool = True


@dataclass(frozen=True)
class Message:
    """One of the texts with which a record is refused."""

    code: str
    kind: str
    field: str
    text: str


@dataclass
class Lists:
    """Everything that lines are judged by. `overrides` maps (list, code) to a standing and takes
    precedence."""

    divisions: Mapping[str, str]
    codes: Mapping[str, frozenset[str]]
    required: Mapping[str, tuple[str, ...]]
    messages: Mapping[str, Message]
    units_by_name: dict[str, Unit] = field(default_factory=dict)
    units_by_code: dict[str, Unit] = field(default_factory=dict)
    overrides: dict[tuple[str, str], str] = field(default_factory=dict)

    def division(self, code: str) -> str:
        """The standing of a division code: leaf, coarse, abolished or unknown."""
        return self.overrides.get(("division", code)) or self.divisions.get(code, UNKNOWN)

    def has(self, name: str, code: str) -> bool:
        standing = self.overrides.get((name, code))
        if standing:
            return standing == "in_force"
        return code in self.codes[name]


def _rows(name: str) -> Iterable[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as f:
        yield from csv.DictReader(f)


@functools.cache
def _divisions() -> dict[str, str]:
    return {r["code"]: r["standing"] for r in _rows("divisions.csv")}


@functools.cache
def _codes() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in _rows("code_lists.csv"):
        found.setdefault(row["list"], set()).add(row["code"])
    return {name: frozenset(codes) for name, codes in found.items()}


@functools.cache
def _required() -> dict[str, tuple[str, ...]]:
    return {r["code"]: tuple(r["required"].split(";")) if r["required"] else ()
            for r in _rows("categories.csv")}  # fmt: skip


@functools.cache
def messages() -> dict[str, Message]:
    return {r["code"]: Message(r["code"], r["kind"], r["field"], r["text"])
            for r in _rows("messages.csv")}  # fmt: skip


def shipped_units() -> list[Unit]:
    return [unit_from(row) for row in _rows("units.csv")]


def unit_from(row: Mapping[str, object]) -> Unit:
    """A unit from a row of a file or of an admin request."""

    def said(key: str, default: str) -> bool:
        return str(row.get(key, default)).strip().lower() in ("true", "1", "是")

    return Unit(
        str(row["name"]),
        str(row.get("code") or ""),
        str(row.get("property") or ""),
        str(row.get("industry") or ""),
        said("holds_archives", "false"),
        said("in_force", "true"),
    )


def lists(units: Iterable[Unit], overrides: dict[tuple[str, str], str]) -> Lists:
    units = list(units)
    return Lists(
        _divisions(),
        _codes(),
        _required(),
        messages(),
        {u.name: u for u in units},
        {u.code: u for u in units if u.code},
        overrides,
    )


def load() -> None:
    """Read every file at start, because the process may lose the right to read them when it stops
    being root."""
    lists(shipped_units(), {})
