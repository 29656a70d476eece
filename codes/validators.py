"""Checks of numbers on Chinese documents: their shape and their check digits.

Each function `check_…` returns a list of `Finding`s, which is empty if nothing is wrong. None of
them raises an exception, whatever the text. An error refuses the value; a warning is only shown.
"""

from __future__ import annotations

import datetime
import functools
import re

from stdnum.iso7064 import mod_11_10

from codes import lookup
from codes.findings import Finding
from codes.text import clean_code, is_digits


def _error(code: str, message: str) -> list[Finding]:
    return [Finding(code, message)]


def _warning(code: str, message: str) -> list[Finding]:
    return [Finding(code, message, is_error=False)]


# --- identity numbers (GB 11643-1999, ISO 7064 MOD 11-2) -----------------------------------

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_ID_SHAPE = re.compile(r"\d{17}[\dX]")


def id_check_character(first17: str) -> str:
    """The 18th character for the first 17 digits."""
    return _ID_CHECKS[sum(int(d) * w for d, w in zip(first17, _ID_WEIGHTS, strict=True)) % 11]


def id_birth_date(number: str) -> datetime.date | None:
    """The birth date in an 18-digit number; None if there is no such date."""
    try:
        return datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def id_gender(number: str) -> str:
    """The gender in an 18-digit number, as a code of GB/T 2261.1: 1 male, 2 female."""
    return "1" if int(number[16]) % 2 else "2"


def check_id_number(number: str, today: datetime.date | None = None) -> list[Finding]:
    """Check the number of a 居民身份证, 港澳台居民居住证 or 外国人永久居留身份证: 18 characters, one
    algorithm.

    The region is not checked, because a number keeps the code that was in force when it was issued.
    """
    if len(number) == 15 and is_digits(number):
        return _error("id_15", "15位旧身份证号已停用，请填写18位公民身份号码")
    if not _ID_SHAPE.fullmatch(number):
        return _error("id_shape", "证件号码应为18位数字，末位可为X")
    if id_check_character(number[:17]) != number[17]:
        return _error("id_check", "证件号码校验位不正确，请核对是否有错位或错字")
    born = id_birth_date(number)
    if born is None:
        return _error("id_birth", "证件号码中的出生日期不存在")
    today = today or datetime.date.today()
    if born > today:
        return _error("id_birth", "证件号码中的出生日期晚于今天")
    age = today.year - born.year
    if not 14 <= age <= 70:
        return _warning("id_age", f"按证件号码年龄为{age}岁，请核对")
    return []


_DOCUMENTS = {
    "04": (re.compile(r"[A-Z0-9]{5,12}"), "护照号码应为5至12位字母或数字"),
    "05": (re.compile(r"[HM]\d{8}(\d{2})?"), "通行证号码应为H或M加8位数字"),
    "06": (re.compile(r"\d{8}(\d{2})?"), "台胞证号码应为8位数字"),
}
# 外国人永久居留证 issued before 2023: the country in three letters and twelve digits.
_OLD_RESIDENCE_CARD = re.compile(r"[A-Z]{3}\d{12}")
_RESIDENCE_PREFIXES = {"02": ("81", "82", "83"), "03": ("9",)}


def check_document(id_type: str, number: str) -> list[Finding]:
    """Check the number of a document of any type in the code table id_type."""
    if id_type in _DOCUMENTS:
        pattern, message = _DOCUMENTS[id_type]
        return [] if pattern.fullmatch(number) else _error("document_shape", message)
    if id_type == "03" and _OLD_RESIDENCE_CARD.fullmatch(number):
        return []
    findings = check_id_number(number)
    prefixes = _RESIDENCE_PREFIXES.get(id_type)
    if prefixes and not findings and not number.startswith(prefixes):
        return _error("document_type", "证件号码与证件类型不符")
    return findings


# --- unit codes ------------------------------------------------------------------------------

# GB 32100-2015: 0-9 A-Z without I, O, S, V, Z.
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUES = {c: i for i, c in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS = tuple(3**i % 31 for i in range(17))
# Registering departments in force: 机构编制…市场监管 9, 中央军委 A, 农业农村 N, 其他 Y.
_USCC_DEPARTMENTS = frozenset("123456789ANY")
# GB 11714-1997: letters count 10 to 35.
_ORG_VALUES = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def uscc_check_character(first17: str) -> str | None:
    """The 18th character of a 统一社会信用代码; None if another character is not in the alphabet."""
    total = 0
    for character, weight in zip(first17, _USCC_WEIGHTS, strict=True):
        value = _USCC_VALUES.get(character)
        if value is None:
            return None
        total += value * weight
    return _USCC_ALPHABET[(31 - total % 31) % 31]


def organisation_check_character(first8: str) -> str | None:
    """The 9th character of a 组织机构代码: 11 minus the weighted sum modulo 11, where 10 is written X
    and 11 is written 0. None if a character is not in the alphabet."""
    total = 0
    for character, weight in zip(first8, _ORG_WEIGHTS, strict=True):
        value = _ORG_VALUES.get(character)
        if value is None:
            return None
        total += value * weight
    rest = 11 - total % 11
    return "X" if rest == 10 else "0" if rest == 11 else str(rest)


def clean_unit_code(value: str) -> str:
    """The code in capitals, without blanks and without the hyphen before a 9-digit code's check
    digit."""
    return clean_code(value).replace("-", "")


@functools.lru_cache(maxsize=50_000)
def check_unit_code(value: str) -> list[Finding]:
    """Check the check digit of a 组织机构代码 (9 characters), 工商注册号 (15) or 统一社会信用代码 (18)."""
    if len(value) == 18:
        return _check_uscc(value)
    if len(value) == 15:
        return _check_registration(value)
    if len(value) == 9:
        expected = organisation_check_character(value[:8])
        if expected is None:
            return _error("unit_code_characters", "组织机构代码只能由数字和大写字母组成")
        if expected != value[8]:
            return _error("unit_code_check", "组织机构代码校验位不正确，请对照证照核对")
        return []
    return _error(
        "unit_code_length",
        f"现为{len(value)}位，应为18位统一社会信用代码、15位工商注册号或9位组织机构代码",
    )


def _check_uscc(value: str) -> list[Finding]:
    expected = uscc_check_character(value[:17])
    if expected is None or value[17] not in _USCC_VALUES:
        return _error(
            "unit_code_characters", "统一社会信用代码只能由数字和大写字母组成，且不含 I、O、S、V、Z"
        )
    if not is_digits(value[2:8]):
        return _error("unit_code_region", "统一社会信用代码第3至8位应为登记地区的六位数字")
    if expected != value[17]:
        return _error("unit_code_check", "统一社会信用代码校验位不正确，请对照证照核对")
    findings = []
    if value[0] not in _USCC_DEPARTMENTS:
        findings += _warning("unit_code_department", "统一社会信用代码首位的登记部门少见，请核对")
    if organisation_check_character(value[8:16]) != value[16]:
        findings += _warning(
            "unit_code_inner", "统一社会信用代码中的主体标识码（第9至17位）校验不符，请核对"
        )
    if value[2:8] != "100000" and value[2:8] not in lookup.places():
        findings += _warning("unit_code_region_unknown", "统一社会信用代码中的登记地区未知，请核对")
    return findings


def _check_registration(value: str) -> list[Finding]:
    if not is_digits(value):
        return _error("unit_code_characters", "工商注册号应为15位数字")
    if not mod_11_10.is_valid(value):
        return _error("unit_code_check", "工商注册号校验位不正确，请对照证照核对")
    return []


# --- phones, mail, post ----------------------------------------------------------------------

_MOBILE = re.compile(r"1[3-9]\d{9}")
_PHONE = re.compile(r"(?:[\d\s()（）+\-—#*/,;:、 ]|转|分机|ext\.?)+", re.IGNORECASE)
_EMAIL = re.compile(
    r"(?!\.)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+(?<!\.)"
    r"@(?!-)[A-Za-z0-9-]+((?<!-)\.(?!-)[A-Za-z0-9-]+)+(?<!-)"
)


def check_mobile(value: str) -> list[Finding]:
    if _MOBILE.fullmatch(value):
        return []
    return _error("mobile", "手机号码应为11位，以1开头")


def check_phone(value: str) -> list[Finding]:
    """Check any phone number, leniently: it has 7 to 20 digits, and may have an extension."""
    digits = re.sub(r"\D", "", value)
    if 7 <= len(digits) <= 20 and _PHONE.fullmatch(value):
        return []
    return _error("phone", "联系电话不正确：请填写手机号码，或区号加号码")


def check_email(value: str) -> list[Finding]:
    if len(value) <= 60 and _EMAIL.fullmatch(value) and ".." not in value:
        return []
    return _error("email", "电子邮箱格式不正确")


def check_postcode(value: str) -> list[Finding]:
    return [] if re.fullmatch(r"\d{6}", value) else _error("postcode", "邮政编码应为6位数字")


# --- places ----------------------------------------------------------------------------------

_PLACE_BOTH = re.compile(
    r"\(?(?P<before>\d{6})\)?(?P<name>\D+)|(?P<named>\D+?)\(?(?P<after>\d{6})\)?"
)


def _place_parts(text: str) -> tuple[str, str]:
    """The code and the name in a text such as 340104, 蜀山区, 340104 蜀山区 or 蜀山区(340104); "" for
    what is missing."""
    written = re.sub(r"[\-/>,、·_|\\:;]", "", clean_code(text)).removesuffix(".0")
    if is_digits(written):
        return (written[:6] if len(written) == 12 and written.endswith("000000") else written), ""
    if both := _PLACE_BOTH.fullmatch(written):
        return both["before"] or both["after"], both["name"] or both["named"]
    return "", written


def _only_place(codes: list[str]) -> str:
    """The one of several codes that is meant, or "". Abolished places are one if they all have the
    same successor."""
    places = lookup.places()
    if len(codes) > 1:
        successors = {places[code].successor_code for code in codes} - {""}
        if places[codes[0]].selectable or len(successors) != 1:
            return ""
        return next(code for code in codes if places[code].successor_code)
    return codes[0]


def resolve_place(text: str) -> tuple[str, list[Finding]]:
    """The code of a county that is written as code or name; ("", findings) if it can't be chosen.

    An abolished code or name is refused with the name of its successor (DOMAIN §2).
    """
    places = lookup.places()
    code, named = _place_parts(text)
    if named:
        codes = lookup.place_names().get(named, [])
        if not codes:
            return "", _error("place_unknown", f"没有找到“{text}”，请填写省市区县全称或六位代码")
        if code and code not in codes and (code not in places or places[code].selectable):
            return "", _error("place_disagrees", f"“{text}”中的代码与名称不是同一处，请核对")
        code = code or _only_place(codes)
        if not code:
            some = "、".join(f"{c} {places[c].full_name}" for c in codes[:3])
            return "", _error("place_ambiguous", f"“{text}”不止一处（{some}），请填写省市区县全称")
    place = places.get(code)
    if place is None:
        return "", _error("place_unknown", f"行政区划代码“{text}”不存在")
    if place.selectable:
        return code, []
    if place.successor_code:
        new = places[place.successor_code]
        return "", _error(
            "place_abolished",
            f"{place.full_name}（{code}）已撤销或更名，现为 {new.code} {new.full_name}",
        )
    if place.level < 3:
        return "", _error("place_not_county", f"{place.full_name}须具体到区县一级")
    return "", _error("place_abolished", f"{place.full_name}（{code}）已撤销，请选择现行区县")


def resolve_area(text: str) -> tuple[str, list[Finding]]:
    """The code of a province, city or county in force that is written as code or name; ("", findings)
    if there is none. A name of several levels, such as 吉林, means the largest."""
    places = lookup.places()
    code, named = _place_parts(text)
    if named and not code:
        codes = lookup.place_names().get(named, [])
        larger = [c for c in codes if places[c].level < 3]
        code = min(larger, key=lambda c: places[c].level) if larger else ""
    place = places.get(code)
    if place is not None and place.level < 3:
        return code, []
    return resolve_place(text)
