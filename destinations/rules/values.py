"""Reading one field of a destination as it was typed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from codes import lookup, text, validators
from codes.validators import Finding
from destinations.fields import BY_KEY, DestinationField, empty_of

Read = tuple[Any, list[Finding]]


def read_value(key: str, raw: Any) -> Read:
    """The value to store and the findings about it; an error leaves the value empty."""
    return read_field(BY_KEY[key], raw)


def read_field(field: DestinationField, raw: Any) -> Read:
    """The same for a field that some other form declares."""
    written = text.clean(raw) if type(raw) is str else _written(raw)
    if not written:
        return empty_of(field), []
    value, findings = _READERS.get(field.kind, _as_it_is)(field, written)
    if isinstance(value, str) and field.max_length and len(value) > field.max_length:
        findings = [Finding("too_long", f"{field.label}超过{field.max_length}个字")]
    if findings and any(f.is_error for f in findings):
        return empty_of(field), findings
    return value, findings


def _written(raw: Any) -> str:
    if raw is None:
        return ""
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
        raw = int(raw)
    return raw.strftime("%Y-%m-%d") if hasattr(raw, "strftime") else text.clean(str(raw))


def _as_it_is(field: DestinationField, written: str) -> Read:
    return written, []


def _unit_code(field: DestinationField, written: str) -> Read:
    value = validators.clean_unit_code(written)
    return value, validators.check_unit_code(value)


def _place(field: DestinationField, written: str) -> Read:
    return validators.resolve_place(text.clean_code(written) if written.isascii() else written)


def _mobile(field: DestinationField, written: str) -> Read:
    value = text.clean_phone(written)
    return value, validators.check_mobile(value)


def _code(field: DestinationField, written: str) -> Read:
    table = lookup.table(field.table)
    # As a rule it is written as it stands in the table.
    if written in table.by_text:
        return table.by_text[written], []
    key = "".join(written.split())
    for candidate in (key, key.upper(), key.replace("(", "（").replace(")", "）")):
        if candidate in table.by_text:
            return table.by_text[candidate], []
    return "", [Finding("code_unknown", f"{field.label}“{written}”不在代码表中")]


def _date(field: DestinationField, written: str) -> Read:
    match = re.fullmatch(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?: 00:00:00)?", written)
    try:
        value = datetime.date(*map(int, match.groups())) if match else None
    except ValueError:
        value = None
    if value is None or not 1980 <= value.year <= 2100:
        return None, [Finding("date", f"{field.label}“{written}”不是日期")]
    return value, []


def _number(field: DestinationField, written: str) -> Read:
    cleaned = text.clean_code(written).removesuffix("元").replace(",", "")
    if not re.fullmatch(r"\d{1,7}(\.0+)?", cleaned):
        return None, [Finding("number", f"{field.label}应为整数")]
    return int(float(cleaned)), []


def _url(field: DestinationField, written: str) -> Read:
    value = written if "://" in written else f"https://{written}"
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or "." not in (parts.hostname or ""):
        return "", [Finding("url", f"{field.label}不是网址")]
    return value, []


_READERS: dict[str, Callable[[DestinationField, str], Read]] = {
    "code": _code,
    "unit_code": _unit_code,
    "place": _place,
    "date": _date,
    "number": _number,
    "mobile": _mobile,
    "phone": lambda field, written: (written, validators.check_phone(written)),
    "email": lambda field, written: (written, validators.check_email(written)),
    "postcode": lambda field, written: (written, validators.check_postcode(written)),
    "url": _url,
}
