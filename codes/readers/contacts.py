"""Reading phone numbers, e-mail addresses, postcodes, QQ numbers and web addresses."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from codes import text, validators
from codes.readers.expected import (
    Expected,
    Reading,
    accept,
    accept_shape,
    accept_with_leading_zero,
    refuse,
)


def read_mobile(expected: Expected, written: str, raw: object) -> Reading:
    """Eleven digits, without +86, blanks and hyphens."""
    value = text.clean_phone(written)
    return accept(value, validators.check_mobile(value))


def read_phone(expected: Expected, written: str, raw: object) -> Reading:
    """Any phone number as it is written, with full-width characters and dashes made plain."""
    value = text.plain_dashes(unicodedata.normalize("NFKC", text.unquote(written)))
    value = text.without_decimals(value)
    return accept(value, validators.check_phone(value))


def read_email(expected: Expected, written: str, raw: object) -> Reading:
    value = unicodedata.normalize("NFKC", written).replace(" ", "").replace("。", ".")
    value = text.unquote(value)
    return accept(value, validators.check_email(value))


def read_qq(expected: Expected, written: str, raw: object) -> Reading:
    return accept_shape(text.plain_code(written), r"\d{5,12}", "qq", "QQ号码应为5至12位数字")


def read_postcode(expected: Expected, written: str, raw: object) -> Reading:
    """Six digits. Five digits are a postcode that lost its leading zero."""
    value = text.plain_code(written)
    if re.fullmatch(r"\d{5}", value):
        return accept_with_leading_zero(expected.label, value)
    return accept(value, validators.check_postcode(value))


def read_url(expected: Expected, written: str, raw: object) -> Reading:
    """A web address. One without a scheme gets https."""
    written = text.unquote(written)
    value = written if "://" in written else f"https://{written}"
    try:
        parts = urlsplit(value)
        is_address = parts.scheme in ("http", "https") and "." in (parts.hostname or "")
    except ValueError:
        is_address = False
    return accept(value) if is_address else refuse("url", f"{expected.label}不是网址")
