"""What an .xlsx says about its cells that calamine leaves out, read from the parts themselves.

Runs in the child process, started beside `child.py`, so it imports nothing of the project. It tells
the cells whose formula failed, the numbers whose format shows zeros or text around them, and
whether the workbook counts its days from 1904. Source: ECMA-376 part 1, 18.2, 18.3 and 18.8.
"""

import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from xml.etree import ElementTree

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d+)["']""")
_TYPE = re.compile(rb"""\bt=["'](\w+)["']""")
_ERROR_TYPE = re.compile(rb"""t=["']e["']""")
_STYLE = re.compile(rb"""\bs=["'](\d+)["']""")
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]*)<")
# Some programs write the name that Excel shows in Chinese for the format General.
_FORMAT_TOKEN = re.compile(
    r'"([^"]*)"|\\(.)|[_*].|\[[^\]]*\]|(General|G/通用格式|[0#?])|(.)', re.DOTALL | re.IGNORECASE
)
_PLAIN_LITERALS = frozenset(" -()+:/")


@dataclass
class Special:
    """`cells` maps a row number to columns (from 0) and what is in them instead."""

    from_1904: bool = False
    cells: dict = field(default_factory=dict)


def read_special(path: str, sheet_name: str) -> Special:
    """Raises KeyError or ValueError where a part is missing or is no XML."""
    with zipfile.ZipFile(path) as archive:
        # Some programs write the names of parts with backslashes.
        parts = {n.replace("\\", "/").lower(): n for n in archive.namelist()}
        book = _xml(archive, parts, "xl/workbook.xml")
        special = Special(from_1904=_from_1904(book))
        sheet = archive.read(parts[_sheet_part(archive, parts, book, sheet_name)])
        formats = _formats(archive, parts)
    _find_cells(sheet, formats, special)
    return special


def _xml(archive, parts, name):
    try:
        # The process has limits of its own for hostile files.
        return ElementTree.fromstring(archive.read(parts[name]))  # noqa: S314
    except ElementTree.ParseError as error:
        raise ValueError(name) from error


def _named(parent, name):
    """The elements of a name, whatever the namespace: strict workbooks have another one."""
    return [e for e in parent.iter() if e.tag.rpartition("}")[2] == name]


def _from_1904(book) -> bool:
    return any(e.get("date1904") in ("1", "true") for e in _named(book, "workbookPr"))


def _sheet_part(archive, parts, book, sheet_name) -> str:
    wanted = next(e for e in _named(book, "sheet") if e.get("name") == sheet_name)
    relation = wanted.get(_RELATION) or wanted.get(_STRICT_RELATION)
    relations = _xml(archive, parts, "xl/_rels/workbook.xml.rels")
    target = next(e.get("Target") for e in relations if e.get("Id") == relation)
    target = target.replace("\\", "/")
    whole = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
    return posixpath.normpath(whole).lower()


def _formats(archive, parts) -> dict:
    """Style number to the number format, of those that show more than the digits."""
    if "xl/styles.xml" not in parts:
        return {}
    styles = _xml(archive, parts, "xl/styles.xml")
    codes = {e.get("numFmtId"): e.get("formatCode") or "" for e in _named(styles, "numFmt")}
    found = {}
    for cell_formats in _named(styles, "cellXfs"):
        for number, entry in enumerate(cell_formats):
            tokens = format_tokens(codes.get(entry.get("numFmtId"), ""))
            if tokens:
                found[number] = tokens
    return found


def format_tokens(code: str):
    """The first section of a format as its placeholders and literals, None where it shows a whole
    number as its digits alone or is one of measures, money and dates."""
    tokens = []
    for match in _FORMAT_TOKEN.finditer(code.partition(";")[0]):
        quoted, escaped, digit, other = match.groups()
        if digit:
            tokens.append(("#" if len(digit) > 1 else digit, ""))
        elif quoted or escaped:
            tokens.append(("", quoted or escaped))
        elif other and (other in _PLAIN_LITERALS or ord(other) > 0x7F):
            tokens.append(("", other))
        elif other:
            return None
    zeros = sum(digit == "0" for digit, _ in tokens)
    literals = any(literal.strip() for _, literal in tokens)
    digits = any(digit for digit, _ in tokens)
    return tokens if digits and (zeros > 1 or literals) else None


def shown(number: str, tokens) -> str:
    """A whole number as the format shows it: digits are put in from the right."""
    digits = list(number)
    out = []
    left = sum(1 for digit, _ in tokens if digit)
    for digit, literal in reversed(tokens):
        if not digit:
            out.append(literal)
            continue
        left -= 1
        if digits:
            out.append(digits.pop())
        elif digit == "0":
            out.append("0")
        if left == 0:  # the first placeholder takes all that is left
            out.extend(reversed(digits))
            digits = []
    return "".join(reversed(out)).strip()


def _find_cells(sheet: bytes, formats: dict, special: Special) -> None:
    if not formats and not _ERROR_TYPE.search(sheet):
        return
    styles = b"|".join(str(n).encode() for n in formats)
    looked_for = rb"""\bt=["']e["']"""
    if styles:
        looked_for += rb"""|\bs=["'](?:""" + styles + rb""")["']"""
    cells = re.compile(
        rb"<(?:\w+:)?c\s(?=[^>]*(?:" + looked_for + rb"))([^>]*[^/>])>(.*?)</(?:\w+:)?c>", re.DOTALL
    )
    for match in cells.finditer(sheet):
        place, value = _REFERENCE.search(match[1]), _VALUE.search(match[2])
        if not place or not value:
            continue
        kind, style = _TYPE.search(match[1]), _STYLE.search(match[1])
        written = value[1].decode("ascii", "replace").strip()
        if kind and kind[1] == b"e":
            content: object = {"error": written}
        elif (not kind or kind[1] == b"n") and style and int(style[1]) in formats:
            plain = re.fullmatch(r"(\d{1,15})(?:\.0+)?", written)
            if not plain:
                continue
            content = shown(plain[1], formats[int(style[1])])
        else:
            continue
        special.cells.setdefault(int(place[2]), {})[_column(place[1])] = content


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
