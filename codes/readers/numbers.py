"""Reading years, whole numbers, amounts of money, durations, and yes or no."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from codes import text
from codes.readers.expected import Expected, Reading, accept, refuse

TRUE_WORDS = frozenset({"是", "1", "TRUE", "Y", "YES", "已转入", "转入", "√", "对"})
FALSE_WORDS = frozenset({"否", "0", "FALSE", "N", "NO", "未转入", "不转入", "×", "无"})
_CHINESE_DIGITS = dict(zip("一二两三四五六七八九", "1223456789", strict=True))

_UNIT = re.compile("[\uff08(]([^\uff08\uff09()]+)[\uff09)]$")
# How the units that labels name are written behind a number.
_SUFFIXES = {
    "元/月": ("元/月", "元"), "年": ("年",), "月": ("个月", "月"), "天": ("天", "日"),
}  # fmt: skip


def read_year(expected: Expected, written: str, raw: object) -> Reading:
    match = re.fullmatch(r"(20\d{2})(届|年|年度|学年|级)?(毕业生)?", text.plain_code(written))
    if not match:
        return refuse("year", f"年度“{written}”不正确，应为四位年份")
    return accept(int(match[1]))


def read_whole_number(expected: Expected, written: str, raw: object) -> Reading:
    """A whole number of up to seven digits. It may carry the unit that the label names in brackets, as
    in a cell whose format shows 3年, and an amount of money commas."""
    cleaned = text.clean_code(written).removeprefix("¥")
    named = _UNIT.search(expected.label)
    for unit in _SUFFIXES.get(named[1] if named else "", ("元",)):
        if cleaned.endswith(unit):
            cleaned = cleaned.removesuffix(unit)
            break
    cleaned = cleaned.replace(",", "")
    if not re.fullmatch(r"[0-9]{1,7}(\.0+)?", cleaned):
        return refuse("number", f"{expected.label}应为整数")
    return accept(int(cleaned.partition(".")[0]))


def read_duration(expected: Expected, written: str, raw: object) -> Reading:
    """Years in halves, from 1 to 9.5: 4, 2.5, 四年, 两年半."""
    match = re.fullmatch(r"(.+?)(年制|学年|年)?(半)?", text.clean_code(written))
    cleaned = match[1] if match else ""
    cleaned = _CHINESE_DIGITS.get(cleaned, cleaned) + (".5" if match and match[3] else "")
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        return refuse("duration", f"{expected.label}“{written}”不是数字")
    if not value.is_finite() or not Decimal(1) <= value <= Decimal("9.5") or value * 2 % 1:
        return refuse("duration", f"{expected.label}“{written}”应在1至9.5年之间，以半年计")
    return accept(value.quantize(Decimal("0.1")))


def read_bool(expected: Expected, written: str, raw: object) -> Reading:
    cleaned = text.clean_code(written)
    if cleaned in TRUE_WORDS:
        return accept(True)
    if cleaned in FALSE_WORDS:
        return accept(False)
    return refuse("bool", f"{expected.label}应填写是或否")
