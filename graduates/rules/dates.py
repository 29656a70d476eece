"""Reading a day as people, programs and spreadsheets write it."""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Any

from graduates.fields import OriginField
from graduates.rules.types import Issue, Read, plain_code, refuse

EXCEL_EPOCH = datetime.date(1899, 12, 30)
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})[日号]?|月)?")
_DATE_ELSEWHERE = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_TIME = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
_WEEKDAY = re.compile(r"\(?(星期|周)[一二三四五六日天]\)?$")


def read_date(field: OriginField, written: str, raw: Any) -> Read:
    """20230901, 2023-9-1, 2023年9月1日, a date cell or its serial number; a month means its 1st."""
    # The time goes first: without its blank 2023-9-1 10:00 would be the eleventh.
    cleaned = plain_code(_TIME.sub("", unicodedata.normalize("NFKC", written)).replace("。", "."))
    cleaned = _WEEKDAY.sub("", cleaned)
    if isinstance(raw, float) and re.fullmatch(r"\d{4}\.1", cleaned):
        message = f"{field.label}“{written}”看不出是1月还是10月, 请写成八位数字"
        return refuse(field, "date", message)
    parts: tuple[int, int, int | None] | None = None
    if re.fullmatch(r"\d{8}", cleaned):
        parts = int(cleaned[:4]), int(cleaned[4:6]), int(cleaned[6:])
    elif re.fullmatch(r"(19|20)\d{2}(0[1-9]|1[0-2])", cleaned):
        parts = int(cleaned[:4]), int(cleaned[4:]), None
    elif re.fullmatch(r"[2-7]\d{4}(\.\d+)?", cleaned):
        return EXCEL_EPOCH + datetime.timedelta(days=int(cleaned[:5])), []
    elif match := _DATE_ELSEWHERE.fullmatch(cleaned):
        parts = _month_and_day(int(match[1]), int(match[2]), int(match[3]))
        if parts is None:
            message = f"{field.label}“{written}”看不出哪个是月、哪个是日, 请写成八位数字"
            return refuse(field, "date", message)
    elif match := _DATE.fullmatch(cleaned):
        parts = int(match[1]), int(match[2]), int(match[3]) if match[3] else None
    if parts is None:
        return refuse(field, "date", f"{field.label}“{written}”不是日期, 应为八位数字如20230901")
    year, month, day = parts
    try:
        value = datetime.date(year, month, day or 1)
    except ValueError:
        return refuse(field, "date", f"{field.label}“{written}”这一天不存在")
    if not 1980 <= year <= 2100:
        return refuse(field, "date", f"{field.label}“{written}”的年份不合理")
    if day is None:
        note = f"{field.label}没有写到日, 已按{value:%Y-%m-%d}读取"
        return value, [Issue(field.key, "date_month", note, is_error=False)]
    return value, []


def _month_and_day(first: int, second: int, year: int) -> tuple[int, int, int] | None:
    """6/30/2027 and 30/6/2027 can only be one day; 6/7/2027 could be two."""
    if first != second and first <= 12 and second <= 12:
        return None
    return (year, second, first) if first > 12 else (year, first, second)
