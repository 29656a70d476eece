"""Program that opens a workbook and prints its rows as JSON. `core.spreadsheets` starts it.

Workbooks come from outside, and a hostile one may break the parser. So it runs in a process of its
own with limits (see `core.child_process`).

argv: path, most rows, most bytes unpacked, most characters of text. stdin: JSON list of column headers to look for.
stdout: one JSON line {"sheet", "header_row", "header", "above", "others", "from_1904"}, then lines
of lists of [row number, cells], `above` being the rows before the header. A date is [iso text],
a cell whose formula failed {"error": "#N/A"}. On refusal one line {"error": slug}, with
the number of the "row" if a cell is refused; it may come after lines of rows.
"""

import contextlib
import datetime
import itertools
import json
import re
import struct
import sys
import zipfile

_CHUNK = 1000
# An .xlsx with a password is an OLE file with a part of this name.
# Excel's own limit. A file can still hold more, and refer to one long text from many cells.
_LONGEST_CELL = 32_767
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# An OpenDocument file begins with an uncompressed part that holds this (OpenDocument 1.3, part 2, 3.3).
_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument."


def main() -> None:
    path, most_rows, most_bytes, most_text = sys.argv[1], *map(int, sys.argv[2:5])
    wanted = set(json.load(sys.stdin))
    refusal = _refusal_of(path, most_bytes)
    if refusal:
        _print_json({"error": refusal})
        return
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        _print_best_sheet(path, book, wanted, most_rows, _TextLimit(most_text))
    except _TextRefused as refused:
        _print_json({"error": refused.slug, "row": refused.row})
    except (CalamineError, OSError, ValueError) as error:
        word = "encrypted" if "password" in str(error).lower() else "unreadable"
        _print_json({"error": word})
    except MemoryError:
        _print_json({"error": "too_large"})


class _TextRefused(Exception):
    def __init__(self, slug: str, row: int) -> None:
        super().__init__(slug)
        self.slug, self.row = slug, row


class _TextLimit:
    """Counts the characters of all cells that are printed."""

    def __init__(self, most: int) -> None:
        self._left = most

    def check(self, row: int, cells: list) -> list:
        for cell in cells:
            if isinstance(cell, str):
                if len(cell) > _LONGEST_CELL:
                    raise _TextRefused("cell_too_long", row)
                self._left -= len(cell)
        if self._left < 0:
            raise _TextRefused("too_much_text", row)
        return cells


def _refusal_of(path: str, most_bytes: int) -> str | None:
    """Why the file is refused, as a slug: neither .xlsx nor .xls, encrypted, or an archive that would
    unpack to more than `most_bytes`. None if it is not refused.

    An .ods is refused although calamine opens it: it gives 1234 for a number shown as 00001234, and
    an empty cell for a formula that failed, which would erase what is stored."""
    with open(path, "rb") as f:
        start = f.read(1000)
    magic = start[:8]
    if magic == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        with open(path, "rb") as f:
            return "encrypted" if _ENCRYPTED in f.read() else None
    if _is_markup(start):
        return "web_page"
    if not magic.startswith(b"PK\x03\x04"):
        return "not_workbook"
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return "not_workbook"
    if len(entries) > 5000 or sum(e.file_size for e in entries) > most_bytes:
        return "too_large"
    if any(e.filename.replace("\\", "/").startswith("xl/") for e in entries):
        return None
    return "open_document" if _OPEN_DOCUMENT in start else "not_workbook"


def _is_markup(start: bytes) -> bool:
    """Whether the file is a web page. Many systems export one with a table as .xls."""
    text = start.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    return text.startswith((b"<", b"mime-version:"))


class _OldSheet:
    """A sheet of a BIFF5 workbook, with its texts in place of those that calamine garbles."""

    def __init__(self, sheet, name: str, texts: dict) -> None:
        self._sheet, self.name, self._texts = sheet, name, texts

    def __getattr__(self, attribute: str):
        return getattr(self._sheet, attribute)

    def iter_rows(self):
        left = self._sheet.start[1]
        for number, row in enumerate(self._sheet.iter_rows(), start=1):
            texts = self._texts.get(number)
            yield [texts.get(i + left, c) for i, c in enumerate(row)] if texts else row


def _first_sheets(path: str, book):
    """The first twenty sheets, each with whether it is hidden. Hidden ones come last, because they are
    mostly old versions."""
    from raw_xls import read_old_texts

    old = None
    if not zipfile.is_zipfile(path):
        with contextlib.suppress(*_BROKEN):
            old = read_old_texts(path)
    hidden = [not str(s.visible).endswith(".Visible") for s in book.sheets_metadata]
    if old and len(old) != len(hidden):
        old = None
    for index in sorted(range(len(hidden)), key=hidden.__getitem__)[:20]:
        sheet = book.get_sheet_by_index(index)
        yield _OldSheet(sheet, *old[index]) if old else sheet, hidden[index]


def _best_sheet(path: str, book, wanted: set[str]):
    """(sheet, header row, header, names of further sheets with the same header), None if there is
    no header."""
    best = None
    others: list[str] = []
    for sheet, is_hidden in _first_sheets(path, book):
        for number, header in _headers(sheet, wanted):
            found = _known(header, wanted)
            # Of sheets with the same header the first one that has rows is taken.
            rank = (found, sheet.total_height >= number)
            if found > 2 and (best is None or rank > best[0]):
                best = (rank, sheet, number, header)
                others = []
            elif best and rank == best[0] and best[1] is not sheet and not is_hidden:
                others.append(sheet.name)
    return (*best[1:], others) if best else None


def _print_best_sheet(
    path: str, book, wanted: set[str], most_rows: int, text_limit: _TextLimit
) -> None:
    best = _best_sheet(path, book, wanted)
    if best is None:
        _print_json({"error": "no_header"})
        return
    sheet, header_row, header, others = best
    # `total_height` is the index of the last row.
    tall = sheet.total_height + 1 - header_row > most_rows
    if tall and _has_more_rows(sheet, most_rows + header_row):
        _print_json({"error": "too_many_rows"})
        return
    left = [""] * sheet.start[1]  # calamine leaves out the empty columns before the first
    special = _special_cells(path, sheet.name)
    rows = enumerate(sheet.iter_rows(), start=1)
    above = [
        text_limit.check(number, left + [_cell(c) for c in row])
        for number, row in itertools.islice(rows, header_row - 1)
    ]
    head = {
        "sheet": sheet.name,
        "header_row": header_row,
        "above": above,
        "others": others,
        "from_1904": special.from_1904,
    }
    plain = text_limit.check(header_row, left + [str(c) for c in header])
    _print_json(head | {"header": plain})
    next(rows)
    _print_rows(rows, left, special.cells, _merged_rows(sheet, header_row), text_limit)


def _print_rows(rows, left: list, special: dict, merged: dict, text_limit: _TextLimit) -> None:
    values: dict[tuple[int, int], object] = {}  # of the first cells of merged ranges
    chunk = []
    for number, row in rows:
        shown = special.get(number)
        if shown or _has_content(row):
            cells = left + [_cell(c) for c in row]
            if shown:
                _put(cells, shown)
            for first, column in merged.get(number, ()):
                if first[0] == number:
                    values[first] = cells[column] if column < len(cells) else ""
                elif first in values:
                    _put(cells, {column: values[first]})
            chunk.append([number, text_limit.check(number, cells)])
        if len(chunk) == _CHUNK:
            _print_json(chunk)
            chunk = []
    if chunk:
        _print_json(chunk)


def _headers(sheet, wanted: set[str]):
    """(row number, header) of every row that may be the header: each of the first rows, and each
    two of them where the second names columns under a heading of the first."""
    rows = list(itertools.islice(sheet.iter_rows(), 21))
    for number, row in enumerate(rows[:20], start=1):
        yield number, row
        if number == len(rows):
            break
        below = rows[number]
        both = [b if plain_header(b) in wanted or a in ("", None) else a
                for a, b in zip(row, below, strict=False)]  # fmt: skip
        if _known(both, wanted) > max(_known(row, wanted), _known(below, wanted)):
            yield number + 1, both


def _known(header, wanted: set[str]) -> int:
    return len(wanted & {plain_header(c) for c in header})


# What the readers of parts and records raise where a file is not as it should be.
_BROKEN = (KeyError, ValueError, IndexError, OSError, struct.error, zipfile.BadZipFile)


def _special_cells(path: str, sheet_name: str):
    """What calamine leaves out (see `raw_cells` and `raw_xls`); empty if the file has unusual parts."""
    from raw_cells import Special, read_special
    from raw_xls import read_special_xls

    read = read_special if zipfile.is_zipfile(path) else read_special_xls
    try:
        return read(path, sheet_name)
    except _BROKEN:
        return Special()


_MOST_MERGED = 500_000


def _merged_rows(sheet, header_row: int) -> dict[int, list[tuple[tuple[int, int], int]]]:
    """Row number to the columns that are merged with cells above or below, each with (row, column)
    of the range's first cell, whose value is that of the whole range."""
    found: dict[int, list[tuple[tuple[int, int], int]]] = {}
    left = _MOST_MERGED
    for (top, first), (bottom, last) in sheet.merged_cell_ranges or ():
        if top == bottom or top + 1 <= header_row:
            continue
        left -= (bottom - top + 1) * (last - first + 1)
        if left < 0:
            break
        for number in range(top + 1, bottom + 2):
            found.setdefault(number, []).extend(
                ((top + 1, first), column) for column in range(first, last + 1)
            )
    return found


def _put(cells: list, values: dict) -> None:
    for column, value in values.items():
        if column >= len(cells):
            cells.extend([""] * (column + 1 - len(cells)))
        cells[column] = value


def _has_more_rows(sheet, most: int) -> bool:
    """Whether more than `most` rows have content. Formulas without a value and blanks do not count."""
    count = 0
    for row in sheet.iter_rows():
        count += _has_content(row)
        if count > most:
            return True
    return False


def _has_content(row) -> bool:
    return any(c not in ("", None) and str(c).strip() for c in row)


_INVISIBLE = dict.fromkeys([0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060])
_NUMBERED = re.compile(r"^\d{1,2}[.、．](?=\D)")
_REMARK = re.compile(r"\((必填|选填|非必填|可不填|可空|必填项|选填项)\)$")


def plain_header(value) -> str:
    """A header in the form in which headers are compared: without blanks, stars, colons, a number
    before it or 必填 behind it, with ASCII brackets and in capitals."""
    text = "".join(str(value).translate(_INVISIBLE).split())
    text = text.translate({0xFF08: "(", 0xFF09: ")", 0xFF0A: "*", 0xFF1A: ":"}).strip("*:")
    return _REMARK.sub("", _NUMBERED.sub("", text)).strip("*:").upper()


def _cell(value):
    if isinstance(value, datetime.datetime):
        return [value.isoformat()]
    if isinstance(value, datetime.date):
        return [value.isoformat()]
    if isinstance(value, datetime.timedelta):
        minutes = int(value.total_seconds()) // 60
        return [f"{minutes // 60}:{minutes % 60:02d}"]
    if isinstance(value, datetime.time):
        return [str(value)]
    if isinstance(value, float) and value != value:
        return ""
    return value


def _print_json(value) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
