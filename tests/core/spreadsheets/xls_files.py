"""Small .xls files (BIFF8, or BIFF5 as Excel 95 writes them), written record by record, because no
library that is kept up writes them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

ERROR_CODES = {"#N/A": 0x2A, "#REF!": 0x17, "#DIV/0!": 0x07}
_END, _FREE, _TABLE, _SECTOR, _SMALL = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 512, 64
_SMALL_LIMIT = 4096


@dataclass(frozen=True)
class Shown:
    """A number in a cell with a number format."""

    number: float
    number_format: str


@dataclass(frozen=True)
class Failed:
    """A formula whose last result is an error, or an error that was entered as a value."""

    word: str
    formula: bool = True


Cell = str | float | Shown | Failed | None


def xls_file(
    rows: Sequence[Sequence[Cell]],
    *,
    from_1904: bool = False,
    small: bool = False,
    old: bool = False,
) -> bytes:
    """A workbook of one sheet. With `small` its stream lies in the file's small sectors, with `old` it
    is BIFF5, whose text is in the code page of Windows."""
    formats = sorted({c.number_format for row in rows for c in row if isinstance(c, Shown)})
    stream = _workbook(rows, formats, from_1904, old)
    name = "Book" if old else "Workbook"
    if small:
        return _file(stream, name, small=True)
    return _file(stream.ljust(_SMALL_LIMIT, b"\0"), name, small=False)


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _text(value: str, length: str, old: bool) -> bytes:
    if old:
        encoded = value.encode("gbk")
        return struct.pack(f"<{length}", len(encoded)) + encoded
    return struct.pack(f"<{length}B", len(value), 1) + value.encode("utf-16-le")


def _begin(kind: int, old: bool) -> bytes:
    if old:
        return _record(0x0809, struct.pack("<HHHH", 0x0500, kind, 0, 0))
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0, 0, 0, 0))


def _workbook(
    rows: Sequence[Sequence[Cell]], formats: list[str], from_1904: bool, old: bool
) -> bytes:
    head = _begin(0x0005, old) + _record(0x0042, struct.pack("<H", 936 if old else 1200))
    head += _record(0x0022, struct.pack("<H", from_1904))
    for number, code in enumerate(formats, start=164):
        head += _record(0x041E, struct.pack("<H", number) + _text(code, "B" if old else "H", old))
    for number in (0, *range(164, 164 + len(formats))):
        head += _record(0x00E0, struct.pack("<HH12x" if old else "<HH16x", 0, number))
    name = _text("Sheet1", "B", old)
    start = len(head) + 4 + 6 + len(name) + 4
    head += _record(0x0085, struct.pack("<IBB", start, 0, 0) + name) + _record(0x000A, b"")
    sheet = _begin(0x0010, old)
    width = max(len(row) for row in rows)
    size = "<HHHHH" if old else "<IIHHH"
    sheet += _record(0x0200, struct.pack(size, 0, len(rows), 0, width, 0))
    for y, row in enumerate(rows):
        sheet += b"".join(_cell(y, x, cell, formats, old) for x, cell in enumerate(row))
    return head + sheet + _record(0x000A, b"")


def _cell(y: int, x: int, cell: Cell, formats: list[str], old: bool) -> bytes:
    if cell is None:
        return b""
    place = struct.pack("<HHH", y, x, 0)
    if isinstance(cell, str):
        return _record(0x0204, place + _text(cell, "H", old))
    if isinstance(cell, Failed):
        code = ERROR_CODES[cell.word]
        if not cell.formula:
            return _record(0x0205, place + bytes([code, 1]))
        result = bytes([2, 0, code, 0, 0, 0, 0xFF, 0xFF])
        # The formula is the error's own constant.
        return _record(0x0006, place + result + struct.pack("<HIHBB", 0, 0, 2, 0x1C, code))
    if isinstance(cell, Shown):
        style = 1 + formats.index(cell.number_format)
        if cell.number == int(cell.number) < 1 << 29:  # as spreadsheets pack such numbers
            packed = int(cell.number) << 2 | 2
            return _record(0x027E, struct.pack("<HHHI", y, x, style, packed))
        return _record(0x0203, struct.pack("<HHHd", y, x, style, cell.number))
    return _record(0x0203, place + struct.pack("<d", cell))


def _sectors(content: bytes, size: int = _SECTOR) -> list[bytes]:
    return [content[at : at + size].ljust(size, b"\0") for at in range(0, len(content), size)]


def _links(first: int, count: int) -> list[int]:
    return [*range(first + 1, first + count), _END]


def _entry(name: str, kind: int, child: int, start: int, length: int) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    entry = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
    entry += struct.pack("<III", _FREE, _FREE, child) + bytes(36)
    return entry + struct.pack("<III", start, length, 0)


def _file(stream: bytes, name: str, *, small: bool) -> bytes:
    """A file of [MS-CFB]: the table, the directory, the content and the table of small sectors."""
    content = _sectors(stream)
    after = 2 + len(content)
    table = [_TABLE, _END, *_links(2, len(content))]
    small_table = b""
    if small:
        links = _links(0, len(_sectors(stream, _SMALL)))
        small_table = struct.pack(f"<{len(links)}I", *links).ljust(_SECTOR, b"\xff")
        table.append(_END)
        root, own = (2, len(content) * _SECTOR), (0, len(stream))
    else:
        root, own = (_END, 0), (2, len(stream))
    directory = _entry("Root Entry", 5, 1, *root) + _entry(name, 2, _FREE, *own)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIII", 0, 1, 1, 0, _SMALL_LIMIT)
    header += struct.pack("<IIII", after if small else _END, int(small), _END, 0)
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    table_bytes = struct.pack(f"<{len(table)}I", *table).ljust(_SECTOR, b"\xff")
    return header + table_bytes + _sectors(directory)[0] + b"".join(content) + small_table
