"""Reading one value as a person or a spreadsheet wrote it: normalise, then judge.

`read_cell(key, raw)` gives the value to store and what is to be said about it; an error leaves
the value None. Pure per value, so an import memoises it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from codes import lookup, text, validators
from codes.validators import Finding
from graduates.fields import BY_KEY, OriginField
from graduates.rules.types import Issue

Read = tuple[Any, list[Issue]]
_EXCEL_EPOCH = datetime.date(1899, 12, 30)
_TRUE = {"是", "1", "TRUE", "Y", "YES", "已转入", "转入", "√", "对"}
_FALSE = {"否", "0", "FALSE", "N", "NO", "未转入", "不转入", "×", "无"}
_NAME = re.compile(
    r"[\u3400-\u9fff\uf900-\ufaff\u3007\U00020000-\U000323af]+(·[\u3400-\u9fff\uf900-\ufaff\u3007\U00020000-\U000323af]+)*"
)
_LATIN_NAME = re.compile(r"[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f'·,\- ]*")
_PLACEHOLDERS = {"无", "/", "-", "—", "--", "——", "NULL", "N/A", "空"}


def read_cell(key: str, raw: Any) -> Read:
    field = BY_KEY[key]
    if isinstance(raw, str) and "\ufffd" in raw:
        return None, [Issue(key, "garbled", f"{field.label}中有乱码, 请重新录入")]
    written = _as_text(field, raw)
    if isinstance(written, Issue):
        return None, [written]
    if written == "":
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
        return "是" if raw else "否"
    if isinstance(raw, datetime.datetime):
        return raw.strftime("%Y%m%d")
    if isinstance(raw, datetime.date):
        return raw.strftime("%Y%m%d")
    if isinstance(raw, datetime.time | datetime.timedelta):
        return Issue(field.key, "type", f"{field.label}的单元格是时间格式, 请改为文本")
    if isinstance(raw, float):
        if abs(raw) >= 1e15:
            return _destroyed(field)
        return str(int(raw)) if raw.is_integer() else repr(raw)
    if isinstance(raw, int):
        return _destroyed(field) if abs(raw) >= 10**15 else str(raw)
    cleaned = text.clean(raw)
    exact = {"id_number", "student_no", "exam_no", "mobile"}
    if field.kind in exact and text.looks_scientific(text.clean_code(cleaned)):
        return _destroyed(field)
    return cleaned


def _destroyed(field: OriginField) -> Issue:
    return Issue(
        field.key,
        "scientific",
        f"{field.label}被表格软件变成了科学计数, 末几位已丢失, 请将该列设为文本后重新录入",
    )


def _from(field: OriginField, value: Any, findings: list[Finding]) -> Read:
    issues = [Issue(field.key, f.code, f.message, f.is_error) for f in findings]
    return (None if any(f.is_error for f in findings) else value), issues


def _refuse(field: OriginField, code: str, message: str) -> Read:
    return None, [Issue(field.key, code, message)]


def _read_text(field: OriginField, written: str, raw: Any) -> Read:
    if field.key == "directed_unit" and written.upper() in _PLACEHOLDERS:
        return "", []
    if any(unicode_private(c) for c in written):
        return _refuse(field, "private_character", f"{field.label}中有无法识别的造字, 请重新录入")
    return written, []


def unicode_private(character: str) -> bool:
    return "\ue000" <= character <= "\uf8ff" or character >= "\U000f0000"


def _read_name(field: OriginField, written: str, raw: Any) -> Read:
    value = text.clean_name(written)
    if any(unicode_private(c) for c in value) or "?" in value or "？" in value:
        return _refuse(field, "private_character", "姓名中有问号或无法识别的造字, 请按证件录入")
    if _NAME.fullmatch(value):
        issues = (
            [] if len(value) > 1 else [Issue(field.key, "short", "姓名只有一个字, 请核对", False)]
        )
        return value, issues
    if _LATIN_NAME.fullmatch(value):
        return value, []
    if " " in value:
        return _refuse(field, "inner_blank", "姓名中间有空格, 请删除")
    return _refuse(field, "name_characters", "姓名中有不应出现的字符, 请按证件录入")


def _read_code(field: OriginField, written: str, raw: Any) -> Read:
    """A code or a name of its table. One digit is padded where the table has two."""
    table = lookup.table(field.table)
    key = text.clean_code(written) if written.isascii() else "".join(written.split())
    for candidate in (key, written, key.replace("（", "(").replace("）", ")")):
        if candidate in table.by_text:
            return table.by_text[candidate], []
    if len(key) == 1 and key.isdigit() and f"0{key}" in table.by_text:
        code = f"0{key}"
        note = f"{field.label}“{key}”缺少前导零, 已按{code}({table.names[code]})读取"
        return code, [Issue(field.key, "padded", note, is_error=False)]
    if key.startswith("0") and key.isdigit() and key.lstrip("0") in table.offered:
        return key.lstrip("0"), []
    if key.isdigit() and key in table.names:
        return _refuse(
            field, "code_not_offered", f"{field.label}“{written}”({table.names[key]})已停用"
        )
    return _refuse(field, "code_unknown", f"{field.label}“{written}”不在代码表中")


def _read_year(field: OriginField, written: str, raw: Any) -> Read:
    match = re.fullmatch(r"(20\d{2})(届|年|年度|级)?", text.clean_code(written))
    if not match:
        return _refuse(field, "year", f"年度“{written}”不正确, 应为四位年份")
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
    }
    cleaned = text.clean_code(written).removesuffix("年制").removesuffix("年")
    cleaned = chinese.get(cleaned, cleaned)
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        return _refuse(field, "duration", f"{field.label}“{written}”不是数字")
    if not value.is_finite() or not Decimal(1) <= value <= Decimal("9.5") or value * 2 % 1:
        return _refuse(field, "duration", f"{field.label}“{written}”应在1至9.5年之间, 以半年计")
    return value.quantize(Decimal("0.1")), []


_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?|月)?(?:[ T]?00:00(:00)?)?")


def _read_date(field: OriginField, written: str, raw: Any) -> Read:
    """20230901, 2023-9-1, 2023年9月1日, a date cell or its serial number; a month means its 1st."""
    cleaned = text.clean_code(written)
    parts: tuple[int, int, int | None] | None = None
    if re.fullmatch(r"\d{8}", cleaned):
        parts = int(cleaned[:4]), int(cleaned[4:6]), int(cleaned[6:])
    elif re.fullmatch(r"(19|20)\d{2}(0[1-9]|1[0-2])", cleaned):
        parts = int(cleaned[:4]), int(cleaned[4:]), None
    elif re.fullmatch(r"[2-7]\d{4}", cleaned):
        return _EXCEL_EPOCH + datetime.timedelta(days=int(cleaned)), []
    elif match := _DATE.fullmatch(cleaned):
        parts = int(match[1]), int(match[2]), int(match[3]) if match[3] else None
    if parts is None:
        return _refuse(field, "date", f"{field.label}“{written}”不是日期, 应为八位数字如20230901")
    year, month, day = parts
    try:
        value = datetime.date(year, month, day or 1)
    except ValueError:
        return _refuse(field, "date", f"{field.label}“{written}”这一天不存在")
    if not 1980 <= year <= 2100:
        return _refuse(field, "date", f"{field.label}“{written}”的年份不合理")
    if day is None:
        note = f"{field.label}没有写到日, 已按{value:%Y-%m-%d}读取"
        return value, [Issue(field.key, "date_month", note, is_error=False)]
    return value, []


def _read_bool(field: OriginField, written: str, raw: Any) -> Read:
    cleaned = text.clean_code(written)
    if cleaned in _TRUE:
        return True, []
    if cleaned in _FALSE:
        return False, []
    return _refuse(field, "bool", f"{field.label}应填写是或否")


def _read_place(field: OriginField, written: str, raw: Any) -> Read:
    key = text.clean_code(written) if written.isascii() or written[0].isdigit() else written
    code, findings = validators.resolve_place(key)
    return _from(field, code, findings)


def _read_id_number(field: OriginField, written: str, raw: Any) -> Read:
    """Judged together with its type by the record rules; here only made plain."""
    value = text.clean_code(written).replace("-", "")
    if not re.fullmatch(r"[A-Z0-9()]+", value):
        return _refuse(field, "id_shape", "证件号码中有不应出现的字符")
    return value, []


def _read_student_no(field: OriginField, written: str, raw: Any) -> Read:
    value = text.clean_code(written)
    if not re.fullmatch(r"[A-Z0-9\-]{2,20}", value):
        return _refuse(field, "student_no", "学号应为2至20位字母或数字")
    return value, []


def _read_exam_no(field: OriginField, written: str, raw: Any) -> Read:
    value = text.clean_code(written)
    if not re.fullmatch(r"[A-Z0-9]{4,18}", value):
        return _refuse(field, "exam_no", "考生号应为4至18位数字或大写字母")
    return value, []


def _read_major_code(field: OriginField, written: str, raw: Any) -> Read:
    """本科 six digits with T, K or TK; 专科 six digits; 研究生 four to six."""
    value = text.clean_code(written)
    if re.fullmatch(r"\d{5}", value) and isinstance(raw, int | float):
        padded = f"0{value}"
        note = f"专业代码“{value}”缺少前导零, 已按{padded}读取"
        return padded, [Issue(field.key, "padded", note, is_error=False)]
    if not re.fullmatch(r"\d{4,6}(T|K|TK)?|\d{4}[A-Z]\d", value):
        return _refuse(field, "major_code", f"专业代码“{written}”不正确, 应为4至6位数字, 可带T、K")
    return value, []


def _read_mobile(field: OriginField, written: str, raw: Any) -> Read:
    value = text.clean_phone(written)
    return _from(field, value, validators.check_mobile(value))


def _read_email(field: OriginField, written: str, raw: Any) -> Read:
    import unicodedata

    value = unicodedata.normalize("NFKC", written).replace(" ", "")
    return _from(field, value, validators.check_email(value))


def _read_qq(field: OriginField, written: str, raw: Any) -> Read:
    value = text.clean_code(written)
    if not re.fullmatch(r"\d{5,12}", value):
        return _refuse(field, "qq", "QQ号码应为5至12位数字")
    return value, []


def _read_postcode(field: OriginField, written: str, raw: Any) -> Read:
    value = text.clean_code(written)
    return _from(field, value, validators.check_postcode(value))


def _read_phone(field: OriginField, written: str, raw: Any) -> Read:
    return _from(field, written, validators.check_phone(written))


_READERS: dict[str, Callable[[OriginField, str, Any], Read]] = {
    "text": _read_text,
    "name": _read_name,
    "code": _read_code,
    "number": _read_year,
    "decimal": _read_decimal,
    "date": _read_date,
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
