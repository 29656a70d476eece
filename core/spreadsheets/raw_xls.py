"""What an .xls says about its cells that calamine leaves out, read from its records; and the texts of
workbooks as Excel 95 writes them, which calamine garbles if they are Chinese.

Runs in the child process, started beside `child.py`, so it imports nothing of the project. It tells
the same as `raw_cells` does of an .xlsx. Sources: [MS-CFB] for the file, which is a small file
system, and [MS-XLS] for the records of its workbook.
"""

import struct

from raw_cells import Special, format_tokens, shown

_END_OF_CHAIN = 0xFFFFFFFA  # this and all greater numbers are no sectors
_WIDE_ENTRY, _SMALL_SECTOR = 128, 64
_BOF, _EOF, _FORMULA, _DATE_MODE = 0x0809, 0x000A, 0x0006, 0x0022
_SHEET, _MANY_RK, _XF = 0x0085, 0x00BD, 0x00E0
_NUMBER, _BOOL_OR_ERROR, _RK, _FORMAT = 0x0203, 0x0205, 0x027E, 0x041E
_BIFF8 = 0x0600
_CODE_PAGE, _LABEL, _RICH_LABEL, _STRING = 0x0042, 0x0204, 0x00D6, 0x0207
# Of code pages in which a character may have two bytes. Others calamine reads well.
_ENCODINGS = {936: "gbk", 950: "big5", 932: "cp932", 949: "cp949"}
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?",
    0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip


def read_special_xls(path: str, sheet_name: str) -> Special:
    """Raises KeyError, ValueError, IndexError or struct.error where the file is not as it should be."""
    with open(path, "rb") as f:
        stream = _workbook_stream(f.read())
    special = Special()
    formats: dict[int, str] = {}
    styles: list[int] = []
    start, wide = None, True
    for kind, data in _records(stream, 0):
        if kind == _BOF:
            wide = struct.unpack_from("<H", data)[0] >= _BIFF8
        elif kind == _DATE_MODE:
            special.from_1904 = data[:1] == b"\x01"
        elif kind == _FORMAT:
            number = struct.unpack_from("<H", data)[0]
            formats[number] = _text(data[2:], wide, 2 if wide else 1)
        elif kind == _XF:
            styles.append(struct.unpack_from("<H", data, 2)[0])
        elif kind == _SHEET and _text(data[6:], wide, 1) == sheet_name:
            start = struct.unpack_from("<I", data)[0]
    if start is None:
        raise KeyError(sheet_name)
    tokens = {i: format_tokens(formats.get(number, "")) for i, number in enumerate(styles)}
    for row, column, content in _cells(stream, start):
        style, value = content
        if isinstance(value, str):
            put: object = {"error": value}
        elif tokens.get(style) and value >= 0 and value.is_integer() and value < 1e15:
            put = shown(str(int(value)), tokens[style])
        else:
            continue
        special.cells.setdefault(row + 1, {})[column] = put
    return special


def read_old_texts(path: str) -> list[tuple[str, dict]] | None:
    """The name of each sheet of a BIFF5 workbook, and its texts as {row from 1: {column from 0: text}}.
    None for other workbooks, and for code pages that calamine reads itself. Raises as
    `read_special_xls` does."""
    with open(path, "rb") as f:
        stream = _workbook_stream(f.read())
    encoding, sheets = None, []
    for kind, data in _records(stream, 0):
        if kind == _BOF and struct.unpack_from("<H", data)[0] >= _BIFF8:
            return None
        if kind == _CODE_PAGE:
            encoding = _ENCODINGS.get(struct.unpack_from("<H", data)[0])
        elif kind == _SHEET:
            sheets.append((struct.unpack_from("<I", data)[0], data[7 : 7 + data[6]]))
    if encoding is None:
        return None
    return [
        (name.decode(encoding, "replace"), _old_texts(stream, start, encoding))
        for start, name in sheets
    ]


def _old_texts(stream: bytes, start: int, encoding: str) -> dict:
    texts: dict = {}
    place = None  # of the formula whose text comes next
    for kind, data in _records(stream, start):
        if kind in (_LABEL, _RICH_LABEL, _FORMULA):
            place = struct.unpack_from("<HH", data)
        if kind in (_LABEL, _RICH_LABEL, _STRING) and place is not None:
            at = 0 if kind == _STRING else 6
            length = struct.unpack_from("<H", data, at)[0]
            text = data[at + 2 : at + 2 + length].decode(encoding, "replace")
            texts.setdefault(place[0] + 1, {})[place[1]] = text
    return texts


def _cells(stream: bytes, start: int):
    """(row, column, (style, number or word of an error)) of the cells that hold one of these."""
    for kind, data in _records(stream, start):
        if kind == _MANY_RK:
            row, column = struct.unpack_from("<HH", data)
            for i in range((len(data) - 6) // 6):
                style, packed = struct.unpack_from("<HI", data, 4 + 6 * i)
                yield row, column + i, (style, _unpack_rk(packed))
        elif kind in (_NUMBER, _BOOL_OR_ERROR, _RK, _FORMULA):
            row, column, style = struct.unpack_from("<HHH", data)
            value = _value(kind, data)
            if value is not None:
                yield row, column, (style, value)


def _value(kind: int, data: bytes) -> float | str | None:
    if kind == _RK:
        return _unpack_rk(struct.unpack_from("<I", data, 6)[0])
    if kind == _BOOL_OR_ERROR:
        return _ERRORS.get(data[6]) if data[7] else None
    if kind == _FORMULA and data[12:14] == b"\xff\xff":
        return _ERRORS.get(data[8]) if data[6] == 2 else None
    return struct.unpack_from("<d", data, 6)[0]


def _unpack_rk(packed: int) -> float:
    """A number in 30 bits: a whole one, or the first bits of a float, either perhaps times 100."""
    if packed & 2:
        number = float(packed >> 2) - (1 << 30 if packed & 0x80000000 else 0)
    else:
        number = struct.unpack("<d", struct.pack("<Q", (packed & 0xFFFFFFFC) << 32))[0]
    return number / 100 if packed & 1 else number


def _text(data: bytes, wide: bool, length_bytes: int) -> str:
    """A text with its length before it. Older workbooks hold bytes in the code page of Windows."""
    length = int.from_bytes(data[:length_bytes], "little")
    if not wide:
        return data[length_bytes : length_bytes + length].decode("gbk", "replace")
    first = length_bytes + 1
    if data[length_bytes] & 1:
        return data[first : first + 2 * length].decode("utf-16-le", "replace")
    return data[first : first + length].decode("latin-1")


def _records(stream: bytes, at: int):
    """(kind, content) of the records from `at` to the end of that part of the workbook."""
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        if kind == _EOF:
            return
        at += 4 + length


def _workbook_stream(file: bytes) -> bytes:
    size = 1 << struct.unpack_from("<H", file, 30)[0]
    directory_start, small_limit = struct.unpack_from("<I", file, 48) + struct.unpack_from(
        "<I", file, 56
    )
    small_table_start, extra_start = struct.unpack_from("<I", file, 60) + struct.unpack_from(
        "<I", file, 68
    )
    sectors = [file[at : at + size] for at in range(size, len(file), size)]
    table_sectors = [n for n in struct.unpack_from("<109I", file, 76) if n < _END_OF_CHAIN]
    seen = set()
    while extra_start < _END_OF_CHAIN and extra_start not in seen:
        seen.add(extra_start)
        *more, extra_start = _numbers(sectors[extra_start])
        table_sectors += [n for n in more if n < _END_OF_CHAIN]
    table = [n for sector in table_sectors for n in _numbers(sectors[sector])]
    root, wanted = None, None
    directory = _chain(sectors, table, directory_start)
    for at in range(0, len(directory) - _WIDE_ENTRY + 1, _WIDE_ENTRY):
        entry = directory[at : at + _WIDE_ENTRY]
        length = struct.unpack_from("<H", entry, 64)[0]
        name = entry[: max(length - 2, 0)].decode("utf-16-le", "replace").lower()
        found = struct.unpack_from("<II", entry, 116)
        if entry[66] == 5:
            root = found
        elif name == "workbook" or (name == "book" and wanted is None):
            wanted = found
    if root is None or wanted is None:
        raise KeyError("Workbook")
    start, length = wanted
    if length >= small_limit:
        return _chain(sectors, table, start)[:length]
    inside = _chain(sectors, table, root[0])
    small = [inside[at : at + _SMALL_SECTOR] for at in range(0, len(inside), _SMALL_SECTOR)]
    small_table = list(_numbers(_chain(sectors, table, small_table_start)))
    return _chain(small, small_table, start)[:length]


def _numbers(sector: bytes):
    return struct.unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4])


def _chain(sectors: list, table: list, number: int) -> bytes:
    """The content of the sectors from `number` on, in the order of the table."""
    parts: list[bytes] = []
    while number < _END_OF_CHAIN:
        if len(parts) > len(sectors):
            raise ValueError("the chain of sectors has no end")
        parts.append(sectors[number])
        number = table[number]
    return b"".join(parts)
