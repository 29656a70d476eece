"""Reporting by file: the national import workbook out, the workbook of results in.

For schools whose link is down. One row is one graduate, as the national layouts have it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core import spreadsheets
from national_sync.transport import wire
from national_sync.transport.answers import ReadResults, read_results
from national_sync.transport.base import (
    BatchStatus,
    HeldPage,
    HeldRecord,
    Key,
    NotOffered,
    OutgoingBatch,
    OutgoingLine,
    Receipt,
    ResultPage,
    TransportRefused,
    UnknownBatch,
)
from national_sync.transport.layouts import (
    Layout,
    Names,
    layout,
    places,
    shipped_name,
    shipped_names,
)

if TYPE_CHECKING:
    from openpyxl import Workbook

_BATCH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHEET = "学生就业数据"
_EXPLAINED = {
    "考生号": "须与“学生基础信息”一致",
    "姓名": "须与“学生基础信息”一致",
    "毕业去向类型": "填写名称",
    "单位行业": "填写“代码表”中的名称",
    "单位性质": "填写“代码表”中的名称",
    "单位所在地代码": "填写“地区代码”中的区县代码",
    "单位所在地": "与代码一致",
}


def rows_of(
    lines: Iterable[OutgoingLine], wanted: Layout, names: Names = shipped_name
) -> list[tuple[Key, list[str]]]:
    """One row per graduate, with the parts side by side. Raises TransportRefused for a part that
    the layout has no columns for, and for two lines of the same part."""
    records: dict[Key, dict[str, dict[str, str]]] = {}
    for line in lines:
        if line.part not in wanted.parts:
            raise TransportRefused("part_not_in_layout", f"{line.part}: {wanted.name}")
        parts = records.setdefault(line.key, {})
        if line.part in parts:
            raise TransportRefused("twice_in_batch", line.id)
        parts[line.part] = {"ksh": line.key.exam_no, **line.record}
    made = []
    for key, parts in records.items():
        whole = {"ksh": key.exam_no}
        for record in parts.values():
            whole.update((k, v) for k, v in record.items() if k in ("ksh", "xm"))
        made.append(
            (
                key,
                [
                    c.value(parts.get(c.part, {}), names) or whole.get(c.key, "")
                    for c in wanted.columns
                ],
            )
        )
    return made


def write(batch: OutgoingBatch, wanted: Layout, names: Names = shipped_name) -> bytes:
    """The batch as a national import workbook. Every cell is text; none is a formula."""
    from openpyxl import Workbook

    rows = rows_of(batch.lines, wanted, names)
    labels = [c.label for c in wanted.columns]
    book = Workbook(write_only=True)
    if wanted.keys_above:
        above = [c.key for c in wanted.columns]
        _sheet(book, _SHEET, [above, labels, *(row for _, row in rows)])
    else:
        title = [f"{_SHEET}（批次 {batch.id}）"]
        _sheet(book, _SHEET, [title, labels, *(row for _, row in rows)])
        _reference_sheets(book, wanted, rows)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _reference_sheets(book: Workbook, wanted: Layout, rows: list[tuple[Key, list[str]]]) -> None:
    """The sheets of the new layout in which people look codes up."""
    labels = [c.label for c in wanted.columns]
    number, name = labels.index("考生号"), labels.index("姓名")
    people = [[row[name], row[number]] for _, row in rows]
    industries, properties = shipped_names("unit_industry"), shipped_names("unit_property")
    both = [
        [industries[i] if i < len(industries) else "", properties[i] if i < len(properties) else ""]
        for i in range(max(len(industries), len(properties)))
    ]
    _sheet(book, "学生基础信息", [["学生姓名", "考生号"], *people])
    _sheet(book, "地区代码", [["地区代码", "显示名称"], *map(list, places().items())])
    _sheet(book, "代码表", [["单位行业", "单位性质"], *both])
    told = [[label, _EXPLAINED.get(label, "")] for label in labels]
    _sheet(book, "字段填写说明", [["字段", "说明"], *told])


def _sheet(book: Workbook, title: str, rows: Iterable[Sequence[str]]) -> None:
    from openpyxl.cell import WriteOnlyCell

    sheet = book.create_sheet(title)
    for values in rows:
        cells = []
        for value in values:
            cell = WriteOnlyCell(sheet, value=spreadsheets.safe(value))
            cell.number_format = "@"
            cells.append(cell)
        sheet.append(cells)


class WorkbookTransport:
    """The interface over a folder: submitting writes a workbook that somebody carries over,
    `receive` takes the workbook that comes back, polling reads it.

    Of each batch `<id>.json` (what was sent), `<id>.xlsx` and, later, `<id>.result.xlsx`.
    """

    def __init__(
        self, folder: Path, *, layout_name: str = "new", names: Names = shipped_name
    ) -> None:
        self._folder, self._layout, self._names = folder, layout(layout_name), names
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def layout(self) -> Layout:
        """Which parts can go this way: `layout.parts`."""
        return self._layout

    def submit(self, batch: OutgoingBatch) -> Receipt:
        body, note = wire.batch_body(batch), self._path(batch.id, ".json")
        if note.exists() and note.read_bytes() != body:
            raise TransportRefused("batch_conflict", batch.id)
        if not note.exists() or not self.workbook(batch.id).exists():
            _keep(self.workbook(batch.id), write(batch, self._layout, self._names))
            _keep(note, body)
        return Receipt(batch.id, len(batch.lines))

    def workbook(self, batch_id: str) -> Path:
        """The file to carry over."""
        return self._path(batch_id, ".xlsx")

    def receive(self, batch_id: str, path: Path, *, most_rows: int = 20_000) -> ReadResults:
        """Take a result workbook in and keep it. Raises UnknownBatch for a batch never submitted,
        core's WorkbookRefused for a file that is none."""
        read = read_results(path, self._sent(batch_id), most_rows=most_rows)
        if read.results:
            _keep(self._path(batch_id, ".result.xlsx"), path.read_bytes())
        return read

    def poll(self, batch_id: str) -> BatchStatus:
        batch, back = self._sent(batch_id), self._path(batch_id, ".result.xlsx")
        if not back.exists():
            return BatchStatus(batch_id, "received")
        read = read_results(back, batch)
        return BatchStatus(batch_id, "judging" if read.unanswered else "done", read.results)

    def results(self, after: int = 0, *, limit: int = 1000) -> ResultPage:
        raise NotOffered("results")

    def records(
        self, school: str, *, year: int | None = None, after: str | None = None, limit: int = 500
    ) -> HeldPage:
        raise NotOffered("records")

    def record(self, key: Key) -> HeldRecord | None:
        raise NotOffered("record")

    def close(self) -> None:
        """Nothing is kept open."""

    def _path(self, batch_id: str, ending: str) -> Path:
        if not _BATCH_ID.fullmatch(batch_id):
            raise TransportRefused("batch_id", batch_id)
        return self._folder / f"{batch_id}{ending}"

    def _sent(self, batch_id: str) -> OutgoingBatch:
        try:
            sent = json.loads(self._path(batch_id, ".json").read_bytes())
        except FileNotFoundError:
            raise UnknownBatch(batch_id) from None
        lines = [
            OutgoingLine(
                o["line"], o["part"], Key(**o["key"]), o["version"], o["mode"], o["record"]
            )
            for o in sent["lines"]
        ]
        return OutgoingBatch(batch_id, lines)


def _keep(path: Path, content: bytes) -> None:
    """Write the file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as f:
            f.write(content)
            f.flush()
            os.fsync(f.fileno())
        os.replace(name, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
