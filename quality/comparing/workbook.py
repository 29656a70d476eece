"""Reading the workbook of a comparison: rows that can be read, and sentences about those that can't."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from codes.fields import FieldDeclaration
from graduates.fields import BY_KEY
from quality.actions.runs import Work
from workbooks.actions.rows import WorkbookRow, read_cells
from workbooks.models import WorkbookImport

MOST_ROWS = 100_000
CHUNK = 1000


@dataclass
class Line:
    """A row of the workbook: its number and the values that were read, by key. `raw` has the cells."""

    number: int
    values: dict[str, Any]
    raw: dict[str, Any]

    def get(self, key: str) -> Any:
        return self.values.get(key)


def columns_of(keys: Mapping[str, FieldDeclaration], **more: tuple[str, ...]) -> dict[str, str]:
    """Header → key: the labels and other names of these fields of the origin record. `more` gives further
    headers by key. The label comes last, for sentences name it."""
    columns: dict[str, str] = {}
    for key, declared in keys.items():
        names = (*more.get(key, ()), *getattr(declared, "aliases", ()), declared.label)
        columns |= dict.fromkeys(names, key)
    return columns


def origin_fields(*keys: str) -> dict[str, FieldDeclaration]:
    return {key: BY_KEY[key] for key in keys}


def lines(
    work: Work, fields: Mapping[str, FieldDeclaration], columns: Mapping[str, str]
) -> Iterator[list[Line]]:
    """The workbook's readable rows, in chunks. A row with a cell that can't be read is listed with the
    reason, and the rest goes on. Raises `WorkbookRefused`."""
    assert work.run.file is not None
    imported = cast(WorkbookImport, work.run)  # of an import, `read_cells` asks for the file alone
    _, rows = read_cells(imported, columns, required=(), most_rows=MOST_ROWS, row_class=WorkbookRow)
    chunk: list[Line] = []
    for row in rows:
        line = _read(work, row, fields)
        if line is None:
            continue
        chunk.append(line)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _read(work: Work, row: WorkbookRow, fields: Mapping[str, FieldDeclaration]) -> Line | None:
    values, wrong = {}, []
    for key, declared in fields.items():
        if key not in row.values:
            continue
        reading = declared.read(row.values[key], source=row.source, required=False)
        wrong += [f.message for f in reading.findings if f.is_error]
        values[key] = reading.value
    if wrong:
        work.note_bad_row(row.number, "；".join(dict.fromkeys(wrong))[:300])
        return None
    if not any(values.values()):
        return None  # an empty row
    return Line(row.number, values, row.values)
