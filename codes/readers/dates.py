"""Reading a day as people, programs and spreadsheets write it."""

from __future__ import annotations

import datetime
import re
import unicodedata

from codes import text
from codes.readers.expected import (
    Expected,
    Reading,
    Source,
    accept,
    accept_with_warning,
    refuse,
)

# The day that spreadsheets count as 0.
_EPOCHS = {
    Source.FORM: datetime.date(1899, 12, 30),
    Source.CELL: datetime.date(1899, 12, 30),
    Source.CELL_1904: datetime.date(1904, 1, 1),
}
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})[日号]?|月)?")
_DAY_FIRST_OR_MONTH_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_TIME = re.compile(r"[ T](\d{1,2}):(\d{2})(:\d{2}(\.\d+)?)?$")
_WEEKDAY = re.compile(r"\(?(星期|周)[一二三四五六日天]\)?$")
# From 59 seconds before midnight on, a serial number means the next day.
_NEARLY_MIDNIGHT = 1 - 60 / 86400
Parts = tuple[int, int, int | None]


def read_date(expected: Expected, written: str, raw: object) -> Reading:
    """A day: 20230901, 2023-9-1, 2023年9月1日, a date cell or its serial number.

    A month without a day is refused for the kind "date", read as its first day with a warning for
    "date_or_month", and read as its first day for "month".
    """
    label = expected.label
    cleaned, days_more = _without_time(written)
    if isinstance(raw, float) and re.fullmatch(r"\d{4}\.1", cleaned):
        message = f"{label}“{written}”看不出是1月还是10月，请写成八位数字"
        return refuse("date", message)
    if re.fullmatch(r"[2-7]\d{4}(\.\d+)?", cleaned):
        return _read_serial(expected, written, cleaned)
    if match := _DAY_FIRST_OR_MONTH_FIRST.fullmatch(cleaned):
        parts = _month_and_day(int(match[1]), int(match[2]), int(match[3]))
        if parts is None:
            message = f"{label}“{written}”看不出哪个是月、哪个是日，请写成八位数字"
            return refuse("date", message)
    else:
        parts = _parts(cleaned)
    if parts is None:
        return refuse("date", f"{label}“{written}”不是日期，应为八位数字如20230901")
    year, month, day = parts
    try:
        value = datetime.date(year, month, day or 1)
    except ValueError:
        return refuse("date", f"{label}“{written}”这一天不存在")
    if not 1980 <= year <= 2100:
        return refuse("date", f"{label}“{written}”的年份不合理")
    if expected.kind == "month":
        return accept(value.replace(day=1))
    if day is not None:
        return accept(value + datetime.timedelta(days=days_more))
    if expected.kind == "date":
        return refuse("date", f"{label}“{written}”没有写到日，请写成八位数字如20230901")
    note = f"{label}没有写到日，已按{value:%Y-%m-%d}读取"
    return accept_with_warning(value, "date_month", note)


def _without_time(written: str) -> tuple[str, int]:
    """The day without a time of day, and 1 if the time means the next day, else 0. Some programs
    write midnight up to a minute early.

    The time is removed before blanks are, since 2023-9-1 10:00 would become 2023-9-110:00.
    """
    plain = unicodedata.normalize("NFKC", written).replace("。", ".")
    time = _TIME.search(plain)
    cleaned = _WEEKDAY.sub("", text.plain_code(_TIME.sub("", plain)))
    return cleaned, int(bool(time and time[3] and (time[1], time[2]) == ("23", "59")))


def _read_serial(expected: Expected, written: str, cleaned: str) -> Reading:
    days, _, fraction = cleaned.partition(".")
    nearly_next = float(f"0.{fraction or 0}") > _NEARLY_MIDNIGHT
    value = _EPOCHS[expected.source] + datetime.timedelta(days=int(days) + nearly_next)
    if value.year > 2100:
        return refuse("date", f"{expected.label}“{written}”的年份不合理")
    return accept(value.replace(day=1) if expected.kind == "month" else value)


def _parts(cleaned: str) -> Parts | None:
    """Year, month and day; the day is None where only a month is written. None for no date."""
    if re.fullmatch(r"\d{8}", cleaned):
        return int(cleaned[:4]), int(cleaned[4:6]), int(cleaned[6:])
    if re.fullmatch(r"(19|20)\d{2}(0[1-9]|1[0-2])", cleaned):
        return int(cleaned[:4]), int(cleaned[4:]), None
    if match := _DATE.fullmatch(cleaned):
        return int(match[1]), int(match[2]), int(match[3]) if match[3] else None
    return None


def _month_and_day(first: int, second: int, year: int) -> Parts | None:
    """The day that two numbers and a year name, such as 6/30/2027 or 30/6/2027; None if it could be
    either of two days, as 6/7/2027 could."""
    if first != second and first <= 12 and second <= 12:
        return None
    return (year, second, first) if first > 12 else (year, first, second)
