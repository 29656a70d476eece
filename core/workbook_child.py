"""Runs in a child process of its own with limits: opens a workbook and prints its rows as JSON.

Spreadsheets come from outside; whatever a hostile one does to the parser, it does to a process
that holds no secret, no database connection and little memory. Started by `core.workbooks`.

argv: path, most rows, most bytes unpacked. stdin: JSON list of column headers to look for.
stdout: one JSON line {"sheet", "header_row", "header"}, then lines of lists of [row number, cells].
A date is [iso text]. On refusal one line {"error": slug}.
"""

import datetime
import json
import resource
import sys
import zipfile

_CHUNK = 1000
_MEMORY = 3 * 1024**3
_SECONDS = 120


def main() -> None:
    path, most_rows, most_bytes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    wanted = set(json.load(sys.stdin))
    refusal = _look_inside(path, most_bytes)
    if refusal:
        _say({"error": refusal})
        return
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        _print_best_sheet(book, wanted, most_rows)
    except (CalamineError, OSError, ValueError) as error:
        word = "encrypted" if "password" in str(error).lower() else "unreadable"
        _say({"error": word})
    except MemoryError:
        _say({"error": "too_large"})


def _look_inside(path: str, most_bytes: int) -> str | None:
    """Refuse what is neither .xlsx nor .xls, and archives that would unpack beyond all measure."""
    with open(path, "rb") as f:
        start = f.read(1000)
    magic = start[:8]
    if magic == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return None
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
    if not any(e.filename.startswith("xl/") for e in entries):
        return "not_workbook"
    return None


def _is_markup(start: bytes) -> bool:
    """What many systems export as .xls: a web page with a table, which spreadsheets open."""
    text = start.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    return text.startswith((b"<", b"mime-version:"))


def _print_best_sheet(book, wanted: set[str], most_rows: int) -> None:
    best = None
    for name in book.sheet_names[:20]:
        sheet = book.get_sheet_by_name(name)
        for number, row in enumerate(sheet.iter_rows(), start=1):
            if number > 20:
                break
            found = len(wanted & {plain_header(c) for c in row})
            if found > (best[0] if best else 2):
                best = (found, name, number, row)
    if best is None:
        _say({"error": "no_header"})
        return
    _, name, header_row, header = best
    sheet = book.get_sheet_by_name(name)
    rows = sheet.total_height + 1 - header_row  # calamine counts to the last row's index
    if rows > most_rows:
        _say({"error": "too_many_rows", "rows": rows})
        return
    _say({"sheet": name, "header_row": header_row, "header": [str(c) for c in header]})
    chunk = []
    for number, row in enumerate(sheet.iter_rows(), start=1):
        if number <= header_row:
            continue
        cells = [_cell(c) for c in row]
        if any(c not in ("", None) and str(c).strip() for c in cells):
            chunk.append([number, cells])
        if len(chunk) == _CHUNK:
            _say(chunk)
            chunk = []
    if chunk:
        _say(chunk)


def plain_header(value) -> str:
    """A header as it is compared: no blanks, stars or colons, brackets made plain, capitals."""
    return "".join(str(value).split()).strip("*＊:：").replace("（", "(").replace("）", ")").upper()


def _cell(value):
    if isinstance(value, datetime.datetime):
        return [value.isoformat()]
    if isinstance(value, datetime.date):
        return [value.isoformat()]
    if isinstance(value, datetime.time | datetime.timedelta):
        return [str(value)]
    if isinstance(value, float) and value != value:
        return ""
    return value


def _say(value) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
