"""The layouts of the national workbooks, as data: national_sync/data/workbook_layouts.csv.

`new` is today's import workbook (only its required headers are known, names instead of codes);
`old50` the former upload workbook and `old74` the former full one, keys above labels. Whose
columns they are, and how sure that is, stands in docs/national-protocol.md.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from codes import divisions
from national_sync.transport.base import PARTS, Part

DATA = Path(__file__).parents[1] / "data"
# (table, national code) → name in Chinese, "" where unknown.
Names = Callable[[str, str], str]


@dataclass(frozen=True)
class Column:
    """One column. Where `code_key` is set the cell holds the name of that field's code."""

    label: str
    key: str
    part: str
    code_key: str
    table: str

    def value(self, record: Mapping[str, str], names: Names) -> str:
        """The value of the record itself; else the name of its code."""
        said = record.get(self.key, "")
        code = record.get(self.code_key, "") if self.code_key else ""
        return said or (names(self.table, code) or code if code else "")


@dataclass(frozen=True)
class Layout:
    """A workbook's columns in order, and where its header stands."""

    name: str
    columns: tuple[Column, ...]
    keys_above: bool = False

    @property
    def parts(self) -> tuple[Part, ...]:
        """What the layout can carry. The columns 考生号 and 姓名 alone make no part."""
        there = {c.part for c in self.columns}
        return tuple(p for p in PARTS if p in there)


@functools.cache
def layout(name: str) -> Layout:
    """The layout called `new`, `old50` or `old74`."""
    with (DATA / "workbook_layouts.csv").open(encoding="utf-8", newline="") as f:
        rows = [r for r in csv.DictReader(f) if r["layout"] == name]
    if not rows:
        raise KeyError(name)
    rows.sort(key=lambda r: int(r["position"]))
    columns = tuple(
        Column(r["label"], r["key"], r["part"], r["code_key"], r["table"]) for r in rows
    )
    return Layout(name, columns, keys_above=name != "new")


@functools.cache
def _names() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    with (DATA / "national_names.csv").open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            found.setdefault(row["table"], {})[row["code"]] = row["name"]
    return found


@functools.cache
def places() -> dict[str, str]:
    """Full names of the county-level divisions in force."""
    return {u.code: u.full_name for u in divisions.build_divisions() if u.selectable}


def shipped_name(table: str, code: str) -> str:
    """Today's name of a national code. A cohort's own version may be given instead of this."""
    if table == "division":
        return places().get(code, "")
    return _names().get(table, {}).get(code, "")


def shipped_names(table: str) -> list[str]:
    return list(_names()[table].values())
