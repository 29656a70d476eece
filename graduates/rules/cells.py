"""Reading one value as a person or a spreadsheet wrote it: normalise, then judge.

`read_cell(key, raw)` gives the value to store and what is to be said about it; an error leaves
the value None. Pure per value, so an import memoises it.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from codes import text, validators
from codes.validators import Finding
from graduates.fields import BY_KEY, OriginField
from graduates.rules.choices import read_code
from graduates.rules.dates import EXCEL_EPOCH, read_date
from graduates.rules.types import Issue, Read, plain_code, refuse

_TRUE = {"是", "1", "TRUE", "Y", "YES", "已转入", "转入", "√", "对"}
_FALSE = {"否", "0", "FALSE", "N", "NO", "未转入", "不转入", "×", "无"}
# Planes 2 and 3 as a whole: every few years another extension of rare characters comes.
_HAN = "[\u3400-\u9fff\uf900-\ufaff\u3007\U00020000-\U0003fffd]+"
_NAME = re.compile(f"{_HAN}(·{_HAN})*")
_LATIN_NAME = re.compile(
    r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff][A-Za-z\u00c0-\u024f\u1e00-\u1eff'·.,\- ]*"
)
# What people and programs write into a cell that has nothing to say.
_NOTHING = {"无", "暂无", "没有", "不适用", "空", "(无)", "(空)", "/", "//", "\\", "-", "--", "---",
            "NULL", "NONE", "NAN", "N/A"}  # fmt: skip
# Numbers whose every digit counts.
_EXACT = {"id_number", "student_no", "exam_no", "mobile", "major_code", "date", "place", "qq"}


def read_cell(key: str, raw: Any) -> Read:
    field = BY_KEY[key]
    if isinstance(raw, str) and "\ufffd" in raw:
        return None, [Issue(key, "garbled", f"{field.label}中有乱码, 请重新录入")]
    written = _as_text(field, raw)
    if isinstance(written, Issue):
        return None, [written]
    if written == "" or _says_nothing(field, written):
        if field.required:
            return None, [Issue(key, "empty", f"{field.label}不能为空")]
        return _nothing(field), []
    value, issues = _READERS[field.kind](field, written, raw)
    if (
        value is not None
        and field.max_length
        and isinstance(value, str)
        and len(value) > field.max_length
    ):
        return None, [Issue(key, "too_long", f"{field.label}超过{field.max_length}个字")]
    return value, issues


def _says_nothing(field: OriginField, written: str) -> bool:
    """无, / or NULL, where it is not itself a value: a 困难生类别 is 无."""
    if len(written) > 4 or (field.kind == "name" and len(written) > 1 and not written.isascii()):
        return False
    if field.kind == "code":
        return not field.required and written in _NOTHING
    if field.key == "directed_unit" and written == "0":  # what a lookup of an empty cell gives
        return True
    plain = text.clean_code(written)
    return plain in _NOTHING and not (field.kind == "bool" and plain in _FALSE)


def _nothing(field: OriginField) -> Any:
    if field.key == "id_type":
        return "01"
    if field.kind == "bool":
        return False if field.key == "outstanding" else None
    return ""


def _as_text(field: OriginField, raw: Any) -> str | Issue:
    """The cell's text. Numbers that a spreadsheet can't hold exactly are refused."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        word = "是" if raw else "否"
        return word if field.kind in ("bool", "code") else _of_type(field, "逻辑值")
    if isinstance(raw, datetime.date):
        return _date_as_text(field, raw)
    if isinstance(raw, datetime.time | datetime.timedelta):
        return _of_type(field, "时间格式")
    if isinstance(raw, float):
        if abs(raw) >= 1e15:
            return _destroyed(field)
        return str(int(raw)) if raw.is_integer() else repr(raw)
    if isinstance(raw, int):
        return _destroyed(field) if abs(raw) >= 10**15 else str(raw)
    cleaned = text.clean(raw)
    if field.kind in _EXACT and not cleaned.isdigit():
        plain = text.clean_code(cleaned)
        if text.looks_scientific(plain) or re.fullmatch(r"\d{16,}\.0+", plain):
            return _destroyed(field)
    return cleaned


def _date_as_text(field: OriginField, raw: datetime.date) -> str | Issue:
    """A date is one only in a column of dates: 3-1 as the name of a class became 1 March."""
    if field.kind == "date":
        return raw.strftime("%Y%m%d")
    if field.kind in ("number", "decimal"):  # 4 in a cell that shows dates: 1900-01-04
        day = raw.date() if isinstance(raw, datetime.datetime) else raw
        serial = (day - EXCEL_EPOCH).days
        # Spreadsheets believe that 1900 had a 29 February.
        serial -= day < datetime.date(1900, 3, 1)
        if 0 < serial < 2200:
            return str(serial)
    return _of_type(field, "日期格式")


def _of_type(field: OriginField, kind: str) -> Issue:
    return Issue(field.key, "type", f"{field.label}的单元格是{kind}, 请改为文本后重新录入")


def _destroyed(field: OriginField) -> Issue:
    return Issue(
        field.key,
        "scientific",
        f"{field.label}被表格软件变成了科学计数, 末几位已丢失, 请将该列设为文本后重新录入",
    )


def _from(field: OriginField, value: Any, findings: list[Finding]) -> Read:
    issues = [Issue(field.key, f.code, f.message, f.is_error) for f in findings]
    return (None if any(f.is_error for f in findings) else value), issues


def _read_text(field: OriginField, written: str, raw: Any) -> Read:
    if any(unicode_private(c) for c in written):
        return refuse(field, "private_character", f"{field.label}中有无法识别的造字, 请重新录入")
    return text.narrow(text.unquote(written)), []


def unicode_private(character: str) -> bool:
    return "\ue000" <= character <= "\uf8ff" or character >= "\U000f0000"


def _read_name(field: OriginField, written: str, raw: Any) -> Read:
    value = text.clean_name(written)
    if any(unicode_private(c) for c in value) or "?" in value or "？" in value:
        return refuse(field, "private_character", "姓名中有问号或无法识别的造字, 请按证件录入")
    if _NAME.fullmatch(value):
        issues = (
            [] if len(value) > 1 else [Issue(field.key, "short", "姓名只有一个字, 请核对", False)]
        )
        return value, issues
    if _LATIN_NAME.fullmatch(value):
        return value, []
    if " " in value:
        return refuse(field, "inner_blank", "姓名中间有空格, 请删除")
    return refuse(field, "name_characters", "姓名中有不应出现的字符, 请按证件录入")


def _read_year(field: OriginField, written: str, raw: Any) -> Read:
    match = re.fullmatch(r"(20\d{2})(届|年|年度|学年|级)?(毕业生)?", plain_code(written))
    if not match:
        return refuse(field, "year", f"年度“{written}”不正确, 应为四位年份")
    return int(match[1]), []


def _read_decimal(field: OriginField, written: str, raw: Any) -> Read:
    chinese = {
        "一": "1",
        "二": "2",
        "两": "2",
        "三": "3",
        "四": "4",
        "五": "5",
        "六": "6",
        "七": "7",
        "八": "8",
        "九": "9",
    }
    match = re.fullmatch(r"(.+?)(年制|学年|年)?(半)?", text.clean_code(written))
    cleaned = match[1] if match else ""
    cleaned = chinese.get(cleaned, cleaned) + (".5" if match and match[3] else "")
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        return refuse(field, "duration", f"{field.label}“{written}”不是数字")
    if not value.is_finite() or not Decimal(1) <= value <= Decimal("9.5") or value * 2 % 1:
        return refuse(field, "duration", f"{field.label}“{written}”应在1至9.5年之间, 以半年计")
    return value.quantize(Decimal("0.1")), []


def _read_bool(field: OriginField, written: str, raw: Any) -> Read:
    cleaned = text.clean_code(written)
    if cleaned in _TRUE:
        return True, []
    if cleaned in _FALSE:
        return False, []
    return refuse(field, "bool", f"{field.label}应填写是或否")


def _read_place(field: OriginField, written: str, raw: Any) -> Read:
    code, findings = validators.resolve_place(written)
    return _from(field, code, findings)


def _read_id_number(field: OriginField, written: str, raw: Any) -> Read:
    """Judged together with its type by the record rules; here only made plain."""
    # Some type the last character as a multiplication sign or a letter that looks the same.
    value = re.sub("[×╳✕✖ХΧ]$", "X", text.clean_code(written).replace("-", ""))
    if not re.fullmatch(r"[A-Z0-9()]+", value):
        return refuse(field, "id_shape", "证件号码中有不应出现的字符")
    return value, []


def _read_student_no(field: OriginField, written: str, raw: Any) -> Read:
    value = plain_code(written)
    if not re.fullmatch(r"[A-Z0-9\-]{2,20}", value):
        return refuse(field, "student_no", "学号应为2至20位字母或数字")
    return value, []


def _read_exam_no(field: OriginField, written: str, raw: Any) -> Read:
    value = plain_code(written)
    if not re.fullmatch(r"[A-Z0-9]{4,18}", value):
        return refuse(field, "exam_no", "考生号应为4至18位数字或大写字母")
    return value, []


def _read_major_code(field: OriginField, written: str, raw: Any) -> Read:
    """本科 six digits with T, K or TK; 专科 six digits; 研究生 four to six."""
    value = plain_code(written)
    if re.fullmatch(r"\d{3}|\d{5}(T|K|TK)?", value):
        padded = f"0{value}"
        note = f"专业代码“{value}”缺少前导零, 已按{padded}读取"
        return padded, [Issue(field.key, "padded", note, is_error=False)]
    if not re.fullmatch(r"\d{4}|\d{6}(T|K|TK)?|\d{4}[A-Z]\d|99[A-Z]\d", value):
        return refuse(field, "major_code", f"专业代码“{written}”不正确, 应为4位或6位数字, 可带T、K")
    return value, []


def _read_mobile(field: OriginField, written: str, raw: Any) -> Read:
    value = text.clean_phone(written)
    return _from(field, value, validators.check_mobile(value))


def _read_email(field: OriginField, written: str, raw: Any) -> Read:
    value = unicodedata.normalize("NFKC", written).replace(" ", "").replace("。", ".")
    value = text.unquote(value)
    return _from(field, value, validators.check_email(value))


def _read_qq(field: OriginField, written: str, raw: Any) -> Read:
    value = plain_code(written)
    if not re.fullmatch(r"\d{5,12}", value):
        return refuse(field, "qq", "QQ号码应为5至12位数字")
    return value, []


def _read_postcode(field: OriginField, written: str, raw: Any) -> Read:
    value = plain_code(written)
    if re.fullmatch(r"\d{5}", value):
        note = f"{field.label}“{value}”缺少前导零, 已按0{value}读取"
        return f"0{value}", [Issue(field.key, "padded", note, is_error=False)]
    return _from(field, value, validators.check_postcode(value))


def _read_phone(field: OriginField, written: str, raw: Any) -> Read:
    value = unicodedata.normalize("NFKC", written)
    return _from(field, value, validators.check_phone(value))


_READERS: dict[str, Callable[[OriginField, str, Any], Read]] = {
    "text": _read_text,
    "name": _read_name,
    "code": read_code,
    "number": _read_year,
    "decimal": _read_decimal,
    "date": read_date,
    "bool": _read_bool,
    "place": _read_place,
    "id_number": _read_id_number,
    "student_no": _read_student_no,
    "exam_no": _read_exam_no,
    "major_code": _read_major_code,
    "mobile": _read_mobile,
    "email": _read_email,
    "qq": _read_qq,
    "postcode": _read_postcode,
    "phone": _read_phone,
}
