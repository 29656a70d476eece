"""Reading a roster's workbook: which column is which field, and the rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from codes.readers import CELL, CELL_1904, Source
from core import spreadsheets
from core.spreadsheets import WorkbookRefused
from graduates.fields import BY_KEY, REQUIRED_COLUMNS, OriginField, by_header, headers

_QUOTES = frozenset("'`\"\u2018\u2019\u201c\u201d")
_REMARK = re.compile(r"\s*[(（][^()（）]*[)）][\s*＊:：]*$")


@dataclass
class Roster:
    """A roster's workbook. `columns[i]` is the field of the i-th column, None if it is no known one.
    `rows` are (row number, cells), `above` the rows above the header."""

    header: list[str]
    columns: list[OriginField | None]
    rows: list[tuple[int, list[Any]]]
    above: list[list[Any]] = field(default_factory=list)
    other_sheets: list[str] = field(default_factory=list)
    source: Source = CELL

    @property
    def keys(self) -> list[str]:
        return [c.key for c in self.columns if c is not None]

    def quoted_cells(self) -> Iterator[tuple[int, str, str]]:
        """(row number, key, content) of the cells of text that begin with a quotation mark. Readers
        remove it, since programs put it there; but what was typed into a form may be stored with one.
        """
        for index, column in enumerate(self.columns):
            if column is None or column.kind != "text":
                continue
            for number, cells in self.rows:
                cell = cells[index]
                if type(cell) is str and cell[:1] in _QUOTES and cell:
                    yield number, column.key, cell.strip()

    def unknown_headers(self) -> list[str]:
        return [
            h for h, c in zip(self.header, self.columns, strict=True) if c is None and h.strip()
        ]


def read_roster(path: Path) -> Roster:
    """Read a roster. Raises `WorkbookRefused` with a sentence if the file is none."""
    sheet = spreadsheets.read(path, headers=headers(), most_rows=settings.ROSTER_MAX_ROWS)
    columns = _columns(sheet.header)
    keys = [c.key for c in columns if c is not None]
    missing = [BY_KEY[k].label for k in REQUIRED_COLUMNS if k not in keys]
    if missing:
        raise WorkbookRefused("missing_columns", f"工作簿缺少这些列：{'、'.join(missing)}")
    twice = sorted({BY_KEY[k].label for k in keys if keys.count(k) > 1})
    if twice:
        raise WorkbookRefused("repeated_columns", f"工作簿中这些列出现了两次：{'、'.join(twice)}")
    if not sheet.rows:
        raise WorkbookRefused("no_rows", "工作簿只有表头，没有毕业生")
    width = len(columns)
    rows = [(n, (cells + [None] * (width - len(cells)))[:width]) for n, cells in sheet.rows]
    source = CELL_1904 if sheet.from_1904 else CELL
    return Roster(sheet.header, columns, rows, sheet.above, sheet.others, source)


def _columns(header: list[str]) -> list[OriginField | None]:
    """The field of each column. A header that is unknown as a whole is looked up without a remark in
    brackets, such as 证件号码(身份证), unless another column is that field already."""
    columns = [by_header(h) for h in header]
    known = {c.key for c in columns if c is not None}
    for i, name in enumerate(header):
        if columns[i] is None and (remark := _REMARK.search(name)):
            column = by_header(name[: remark.start()])
            if column is not None and column.key not in known:
                columns[i] = column
                known.add(column.key)
    return columns
