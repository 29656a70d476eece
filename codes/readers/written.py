"""Turning the content of a form field or a cell into clean text, before the reader of its kind reads
it."""

from __future__ import annotations

import datetime
import re

from codes import text
from codes.findings import Finding
from codes.readers import choices
from codes.readers.expected import Expected
from codes.readers.numbers import FALSE_WORDS
from core.spreadsheets.cells import CellError

EXCEL_EPOCH = datetime.date(1899, 12, 30)
_DATES = frozenset({"date", "date_or_month", "month"})
# Kinds in which every digit counts, so that a number which a spreadsheet has rounded is refused.
_EXACT = frozenset(
    {"id_number", "student_no", "exam_no", "major_code", "unit_code", "mobile", "place", "qq"}
) | _DATES  # fmt: skip
# What people and programs write into a cell that should be empty.
_EMPTY_WORDS = frozenset(
    {"无", "暂无", "没有", "不适用", "空", "/", "//", "\\", "-", "--", "---",
     "NULL", "NONE", "NAN", "N/A"}
)  # fmt: skip
# What spreadsheets show where a formula failed. Some programs store these words as text.
_ERROR_WORDS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!",
     "#GETTING_DATA", "#FIELD!", "#BLOCKED!", "#CONNECT!"}
)  # fmt: skip
_LIBREOFFICE_ERROR = re.compile(r"(Err|错误)[:：]\d{3}")
# A number that a spreadsheet has rounded and kept as text, in columns where text is expected.
_ROUNDED_TEXT = re.compile(r"\d\.\d+[eE]\+\d{2,3}")
# Kinds in which 无 and the like are values, because somebody may mean them.
_NEVER_EMPTY_WORDS = frozenset({"long", "clauses", "search", "one_time_code"})
# Kinds of which 0 is never a value. Of a code it may be one, if the table has it.
_NO_ZERO = frozenset(
    {"text", "long", "clauses", "name", "place", "student_no", "exam_no", "major_code", "unit_code",
     "id_number", "mobile", "phone", "email", "postcode", "qq", "url"}
) | _DATES  # fmt: skip
# The number 0, and what it becomes in a cell with the format of a date.
_ZEROS = frozenset({"0", "0:00", "0:00:00", "00:00", "00:00:00"})
FAILED_LOOKUP = "failed_lookup"


def as_text(expected: Expected, raw: object) -> str | Finding:
    """The cleaned text of `raw`, or a refusal, such as that of a date in a field of names."""
    if type(raw) is str:
        return _clean(expected, raw)
    if raw is None:
        return ""
    if isinstance(raw, CellError):
        return _cell_error(expected, raw.word)
    if isinstance(raw, bool):
        word = "是" if raw else "否"
        return word if expected.kind in ("bool", "code") else _wrong_type(expected, "逻辑值")
    if isinstance(raw, datetime.date):
        return _date_as_text(expected, raw)
    if isinstance(raw, datetime.time | datetime.timedelta):
        return _wrong_type(expected, "时间格式")
    if isinstance(raw, int | float):
        return _number_as_text(expected, raw)
    return _clean(expected, str(raw))


def _clean(expected: Expected, raw: str) -> str | Finding:
    if "\ufffd" in raw:
        return Finding("garbled", f"{expected.label}中有乱码，请重新录入")
    if expected.kind == "long" and not expected.is_cell:
        return text.clean_lines(raw)
    cleaned = text.clean_clauses(raw) if expected.kind == "clauses" else text.clean(raw)
    if expected.is_cell and len(cleaned) <= 15:
        if cleaned[:1] == "#" and cleaned.upper() in _ERROR_WORDS:
            return _cell_error(expected, cleaned)
        if cleaned[:1] in ("E", "错") and _LIBREOFFICE_ERROR.fullmatch(cleaned):
            return _cell_error(expected, cleaned)
        if cleaned[1:2] == "." and expected.kind == "text" and _ROUNDED_TEXT.fullmatch(cleaned):
            return _rounded_number(expected)
    if expected.kind in _EXACT and not text.is_digits(cleaned):
        plain = text.clean_code(cleaned)
        if text.looks_scientific(plain) or re.fullmatch(r"\d{16,}\.0+", plain):
            return _rounded_number(expected)
    return cleaned


def _cell_error(expected: Expected, word: str) -> Finding:
    message = f"{expected.label}的单元格是错误值{word}，请改正公式后重新录入"
    return Finding("cell_error", message)


def _number_as_text(expected: Expected, raw: float) -> str | Finding:
    """The number in digits. One that a spreadsheet can't hold exactly is refused."""
    if abs(raw) >= 1e15:
        return _rounded_number(expected)
    return str(int(raw)) if raw == raw and float(raw).is_integer() else repr(raw)


def _date_as_text(expected: Expected, raw: datetime.date) -> str | Finding:
    """The date in eight digits, in a field of dates. In other fields it is refused, because the
    spreadsheet made a date of something else: of the class 3-1 the first of March."""
    if expected.kind in _DATES:
        return _nearest_day(raw).strftime("%Y%m%d")
    if expected.kind in ("year", "number", "money", "decimal"):
        # The number 4 in a cell with a date format is read as 1900-01-04.
        serial = (_nearest_day(raw) - EXCEL_EPOCH).days
        # Spreadsheets count a 29 February 1900, which did not exist.
        serial -= raw.year == 1900 and raw.month < 3
        if 0 < serial < 2200:
            return str(serial)
    return _wrong_type(expected, "日期格式")


def _nearest_day(raw: datetime.date) -> datetime.date:
    """The day that is meant. Some programs write midnight up to a minute early, so that 23:59:17
    means the next day."""
    if not isinstance(raw, datetime.datetime):
        return raw
    if (raw.hour, raw.minute) == (23, 59) and raw.date() < datetime.date.max:
        return raw.date() + datetime.timedelta(days=1)
    return raw.date()


def _wrong_type(expected: Expected, kind: str) -> Finding:
    return Finding("type", f"{expected.label}的单元格是{kind}，请改为文本后重新录入")


def _rounded_number(expected: Expected) -> Finding:
    return Finding(
        "scientific",
        f"{expected.label}被表格软件变成了科学计数，末几位已丢失，请将该列设为文本后重新录入",
    )


def is_empty(expected: Expected, plain: str) -> bool:
    """Whether nothing was written: no text, or a word such as 无, / or NULL where that is not itself
    a value. (无 is a value of 困难生类别.)"""
    if not plain:
        return True
    if len(plain) > 4 or expected.kind in _NEVER_EMPTY_WORDS:
        return False
    if expected.kind == "name" and len(plain) > 1 and not plain.isascii():
        return False
    # 无 also stands in brackets, （无）.
    bare = text.clean_code(plain).strip("()").strip("（）")
    if expected.kind == "code":
        return not expected.required and bare in _EMPTY_WORDS
    return bare in _EMPTY_WORDS and not (expected.kind == "bool" and bare in FALSE_WORDS)


def is_failed_lookup(expected: Expected, plain: str) -> bool:
    """Whether a cell holds 0 where 0 is no value. A lookup formula gives it when it finds an empty
    cell."""
    if not expected.is_cell or len(plain) > 8:
        return False
    is_zero = text.clean_code(plain) in _ZEROS
    if is_zero and expected.kind == "code":
        return not choices.is_code(expected, "0")
    return is_zero and expected.kind in _NO_ZERO


def failed_lookup(expected: Expected) -> Finding:
    """A refusal where a value is required. Elsewhere a warning: the cell counts as empty, but a value
    that is stored must not be erased by it."""
    found = f"{expected.label}是0，一般是查找公式没有找到内容"
    if expected.required:
        return Finding("zero", f"{found}，请重新录入")
    message = f"{found}，按空白读取，系统中已有的内容不变"
    return Finding(FAILED_LOOKUP, message, is_error=False)
