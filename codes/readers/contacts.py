"""Reading phone numbers, addresses of mail, postcodes, QQ numbers and web addresses."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from codes import text, validators
from codes.readers.expected import Expected, Reading, accept, accept_with_warning, refuse


def read_mobile(expected: Expected, written: str, raw: Any) -> Reading:
    """Eleven digits, without +86, blanks and hyphens."""
    value = text.clean_phone(written)
    return accept(value, validators.check_mobile(value))


def read_phone(expected: Expected, written: str, raw: Any) -> Reading:
    """Any phone number, as it is written but for full-width characters and kinds of dashes."""
    value = text.plain_dashes(unicodedata.normalize("NFKC", text.unquote(written)))
    value = text.without_decimals(value)
    return accept(value, validators.check_phone(value))


def read_email(expected: Expected, written: str, raw: Any) -> Reading:
    value = unicodedata.normalize("NFKC", written).replace(" ", "").replace("。", ".")
    value = text.unquote(value)
    return accept(value, validators.check_email(value))


def read_qq(expected: Expected, written: str, raw: Any) -> Reading:
    value = text.plain_code(written)
    if not re.fullmatch(r"\d{5,12}", value):
        return refuse("qq", "QQ号码应为5至12位数字")
    return accept(value)


def read_postcode(expected: Expected, written: str, raw: Any) -> Reading:
    """Six digits; five are taken for a number that lost its leading zero."""
    value = text.plain_code(written)
    if re.fullmatch(r"\d{5}", value):
        note = f"{expected.label}“{value}”缺少前导零，已按0{value}读取"
        return accept_with_warning(f"0{value}", "padded", note)
    return accept(value, validators.check_postcode(value))


def read_url(expected: Expected, written: str, raw: Any) -> Reading:
    """A web address; without a scheme it gets https."""
    written = text.unquote(written)
    value = written if "://" in written else f"https://{written}"
    try:
        parts = urlsplit(value)
        named = parts.scheme in ("http", "https") and "." in (parts.hostname or "")
    except ValueError:
        named = False
    return accept(value) if named else refuse("url", f"{expected.label}不是网址")
