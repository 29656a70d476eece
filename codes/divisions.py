"""Administrative divisions (GB/T 2260), from python-stdnum's table with our corrections.

The corrections are in codes/data/division_overlay.csv. A correction that a later release of stdnum
makes itself does no harm.
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
class DivisionEntry:
    """One division in one span of years. `start` and `end` are years, None where the span is open.
    `level` is 1 for a province, 2 for a city, 3 for a county."""

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


def _read_csv(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def _stdnum_entries() -> Iterator[DivisionEntry]:
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
                yield DivisionEntry(
                    province + number,
                    match["name"],
                    int(start) if start else None,
                    int(end) if end else None,
                )


def build_divisions() -> list[DivisionEntry]:
    """All divisions, one for each code: the one in force, else the one that was in force last."""
    overlay = _read_csv("division_overlay.csv")
    ops: dict[str, list[dict[str, str]]] = {}
    for row in overlay:
        ops.setdefault(row["op"], []).append(row)
    hidden = {row["name"] for row in ops["hide_name"]}
    flattened = {row["code"] for row in ops["flatten"]}
    leaves = {row["code"] for row in ops["leaf"]}
    removed = {row["code"] for row in ops["remove"]}
    excluded = tuple(row["code"] for row in ops["exclude_prefix"])

    divisions: dict[str, DivisionEntry] = {}
    for division in _stdnum_entries():
        known = divisions.get(division.code)
        if division.code in removed:
            continue
        if known is None or (known.end is not None and (division.end or 9999) >= known.end):
            divisions[division.code] = division
    for row in ops["add"]:
        start = int(row["valid_from"]) if row["valid_from"] else None
        divisions.setdefault(row["code"], DivisionEntry(row["code"], row["name"], start))

    for division in divisions.values():
        code = division.code
        division.level = 1 if code.endswith("0000") else 2 if code.endswith("00") else 3
        city, province = code[:4] + "00", code[:2] + "0000"
        if division.level == 3 and city in divisions and city not in flattened:
            division.parent = city
        elif division.level > 1:
            division.parent = province
        visible = division.name not in hidden and code not in flattened
        division.selectable = (
            division.in_force
            and visible
            and not code.startswith(excluded)
            and (division.level == 3 or code in leaves)
        )
    for division in divisions.values():
        division.full_name = _full_name(division, divisions)
    _set_successors(divisions)
    return sorted(divisions.values(), key=lambda u: u.code)


def _full_name(division: DivisionEntry, divisions: dict[str, DivisionEntry]) -> str:
    names, current = [division.name], division
    while current.parent and current.parent in divisions:
        current = divisions[current.parent]
        names.append(current.name)
    return "".join(reversed(names))


def _set_successors(divisions: dict[str, DivisionEntry]) -> None:
    """Name the successor of each abolished county: in Anhui from our table, elsewhere the one county
    of its province whose name has the same stem."""
    for row in _read_csv("division_abolished.csv"):
        code, successor = row["code"], row["successor_code"]
        if code in divisions and not divisions[code].in_force and successor in divisions:
            divisions[code].successor = successor
    by_stem: dict[tuple[str, str], list[str]] = {}
    for division in divisions.values():
        if division.selectable:
            by_stem.setdefault((division.code[:2], _stem(division.name)), []).append(division.code)
    for division in divisions.values():
        if not division.in_force and division.level == 3 and not division.successor:
            codes = by_stem.get((division.code[:2], _stem(division.name)), [])
            if len(codes) == 1:
                division.successor = codes[0]


def _stem(name: str) -> str:
    """The name without its last part: 肥东 for 肥东县."""
    stem = _SUFFIX.sub("", name)
    return stem if len(stem) > 1 else name
