"""Reading numbers of documents, students, examinations, majors and units."""

from __future__ import annotations

import re

from codes import text, validators
from codes.readers.expected import (
    Expected,
    Reading,
    accept,
    accept_shape,
    accept_with_leading_zero,
    refuse,
)

# Some people type the last X as a multiplication sign or as a letter that looks the same.
_LIKE_X = re.compile("[×╳✕✖ХΧ]$")


def read_id_number(expected: Expected, written: str, raw: object) -> Reading:
    """Only made plain here: the rules of the record check the number together with its type."""
    value = _LIKE_X.sub("X", text.clean_code(written).replace("-", ""))
    return accept_shape(value, r"[A-Z0-9()]+", "id_shape", "证件号码中有不应出现的字符")


def read_student_no(expected: Expected, written: str, raw: object) -> Reading:
    message = "学号应为2至20位字母或数字"
    return accept_shape(text.plain_code(written), r"[A-Z0-9\-]{2,20}", "student_no", message)


def read_exam_no(expected: Expected, written: str, raw: object) -> Reading:
    message = "考生号应为4至18位数字或大写字母"
    return accept_shape(text.plain_code(written), r"[A-Z0-9]{4,18}", "exam_no", message)


def read_major_code(expected: Expected, written: str, raw: object) -> Reading:
    """本科 six digits with T, K or TK; 专科 six digits; 研究生 four to six."""
    value = text.plain_code(written)
    if re.fullmatch(r"\d{3}|\d{5}(T|K|TK)?", value):
        return accept_with_leading_zero("专业代码", value)
    if not re.fullmatch(r"\d{4}|\d{6}(T|K|TK)?|\d{4}[A-Z]\d|99[A-Z]\d", value):
        return refuse("major_code", f"专业代码“{written}”不正确，应为4位或6位数字，可带T、K")
    return accept(value)


def read_unit_code(expected: Expected, written: str, raw: object) -> Reading:
    """组织机构代码, 工商注册号 or 统一社会信用代码, by their check digits."""
    value = validators.clean_unit_code(text.without_decimals(written))
    return accept(value, list(validators.check_unit_code(value)))


def read_one_time_code(expected: Expected, written: str, raw: object) -> Reading:
    """The six digits of a text message, typed in any width and with blanks or hyphens."""
    value = text.clean_code(written).replace("-", "")
    message = f"{expected.label}应为6位数字，请核对"
    return accept_shape(value, r"[0-9]{6}", "one_time_code", message)
