"""Administrative divisions from python-stdnum's dated table plus our overlay.

The overlay (codes/data/division_overlay.csv) is idempotent: a later release of stdnum that mends
a row does no harm. Rules of use: `shared` notes on GB/T 2260, restated in docs/codes.md.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

DATA = Path(__file__).parent / "data"
_ENTRY = re.compile(r"(?:\[(?P<start>\d{4})?-(?P<end>\d{4})?\])?(?P<name>.+)")
_SUFFIX = re.compile(r"(自治县|自治旗|林区|特区|地区|县|市|区|旗)$")


@dataclass
class Unit:
    """One division in one span of years; `start` and `end` are years, None is open."""

    code: str
    name: str
    start: int | None = None
    end: int | None = None
    parent: str = ""
    full_name: str = ""
    level: int = 3
    selectable: bool = False
    successor: str = ""

    @property
    def in_force(self) -> bool:
        return self.end is None


def _read(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def _stdnum_units() -> Iterator[Unit]:
    text = (resources.files("stdnum") / "cn" / "loc.dat").read_text(encoding="utf-8")
    province = ""
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        number, _, rest = line.strip().partition(" ")
        value = rest.partition('"')[2].rpartition('"')[0]
        if not line.startswith(" "):
            province = number
            continue
        for entry in value.split(","):
            match = _ENTRY.fullmatch(entry.strip())
            if match:
                start, end = match["start"], match["end"]
                yield Unit(
                    province + number,
                    match["name"],
                    int(start) if start else None,
                    int(end) if end else None,
                )


def build() -> list[Unit]:
    """All divisions, one unit a code: the one in force, else the last that was."""
    overlay = _read("division_overlay.csv")
    ops: dict[str, list[dict[str, str]]] = {}
    for row in overlay:
        ops.setdefault(row["op"], []).append(row)
    hidden = {row["name"] for row in ops["hide_name"]}
    flattened = {row["code"] for row in ops["flatten"]}
    leaves = {row["code"] for row in ops["leaf"]}
    removed = {row["code"] for row in ops["remove"]}
    excluded = tuple(row["code"] for row in ops["exclude_prefix"])

    units: dict[str, Unit] = {}
    for unit in _stdnum_units():
        known = units.get(unit.code)
        if unit.code in removed:
            continue
        if known is None or (known.end is not None and (unit.end or 9999) >= known.end):
            units[unit.code] = unit
    for row in ops["add"]:
        start = int(row["valid_from"]) if row["valid_from"] else None
        units.setdefault(row["code"], Unit(row["code"], row["name"], start))

    for unit in units.values():
        code = unit.code
        unit.level = 1 if code.endswith("0000") else 2 if code.endswith("00") else 3
        city, province = code[:4] + "00", code[:2] + "0000"
        if unit.level == 3 and city in units and city not in flattened:
            unit.parent = city
        elif unit.level > 1:
            unit.parent = province
        visible = unit.name not in hidden and code not in flattened
        unit.selectable = (
            unit.in_force
            and visible
            and not code.startswith(excluded)
            and (unit.level == 3 or code in leaves)
        )
    for unit in units.values():
        unit.full_name = _full_name(unit, units)
    _name_successors(units)
    return sorted(units.values(), key=lambda u: u.code)


def _full_name(unit: Unit, units: dict[str, Unit]) -> str:
    names, here = [unit.name], unit
    while here.parent and here.parent in units:
        here = units[here.parent]
        names.append(here.name)
    return "".join(reversed(names))


def _name_successors(units: dict[str, Unit]) -> None:
    """Abolished codes: from our table for Anhui, elsewhere the one unit of the same stem."""
    for row in _read("division_abolished.csv"):
        code, successor = row["code"], row["successor_code"]
        if code in units and not units[code].in_force and successor in units:
            units[code].successor = successor
    by_stem: dict[tuple[str, str], list[str]] = {}
    for unit in units.values():
        if unit.selectable:
            by_stem.setdefault((unit.code[:2], _stem(unit.name)), []).append(unit.code)
    for unit in units.values():
        if not unit.in_force and unit.level == 3 and not unit.successor:
            found = by_stem.get((unit.code[:2], _stem(unit.name)), [])
            if len(found) == 1:
                unit.successor = found[0]


def _stem(name: str) -> str:
    stem = _SUFFIX.sub("", name)
    return stem if len(stem) > 1 else name
