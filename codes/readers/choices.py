"""Reading a code or a name of a code table, and a place of the divisions."""

from __future__ import annotations

import re

from codes import lookup, text, validators
from codes.readers.expected import Expected, Reading, accept, accept_with_warning, refuse

_CODE_AND_NAME = re.compile(
    r"\(?([A-Z]?\d{1,2}|[A-Z])\)?[-_.:、]?([^\dA-Z].*)"
    r"|(.*?[^\dA-Z(])[-_(]?([A-Z]?\d{1,2}|[A-Z])\)?"
)


def read_code(expected: Expected, written: str, raw: object) -> Reading:
    """A code of its table, written as code, name or alias. One digit gets a leading zero where the
    table's codes have two."""
    label = expected.label
    table = lookup.table(expected.table)
    if exact := table.by_text.get(written):
        return accept(exact)
    written = text.unquote(written)
    key = text.without_decimals(text.clean_choice(text.fold_radicals(written)))
    code = _find_code(table, key)
    if code and len(key) == 1 and code == f"0{key}":
        note = f"{label}“{key}”缺少前导零，已按{code}（{table.names[code]}）读取"
        return accept_with_warning(code, "padded", note)
    if code:
        return accept(code)
    for unused, name in table.names.items():
        if key in (unused, name):
            return refuse("code_not_offered", f"{label}“{written}”（{name}）已停用")
    if both := _CODE_AND_NAME.fullmatch(text.clean_code(written)):
        return _read_both(expected, written, [part for part in both.groups() if part])
    return refuse("code_unknown", f"{label}“{written}”不在代码表中")


def is_code(expected: Expected, written: str) -> bool:
    """Whether `written` is a code of the table, perhaps without its leading zero."""
    return _find_code(lookup.table(expected.table), written) is not None


def _find_code(table: lookup.Table, key: str) -> str | None:
    """The code that is written; with a leading zero if it lost one, or without the zeros that it
    should not have. None if there is no such code."""
    code = table.by_choice.get(key)
    if code is None and text.is_digits(key):
        padded, short = f"0{key}", key.lstrip("0") or "0"
        code = padded if len(key) == 1 and padded in table.offered else None
        if code is None and short in table.offered:
            code = short
    return code


def _read_both(expected: Expected, written: str, parts: list[str]) -> Reading:
    """Code and name in one cell, such as 01汉族 or 汉族(01): accepted if they agree."""
    table = lookup.table(expected.table)
    codes = {_find_code(table, text.clean_choice(part)) for part in parts}
    if len(codes) == 1 and None not in codes:
        return accept(codes.pop())
    if None in codes:
        return refuse("code_unknown", f"{expected.label}“{written}”不在代码表中")
    return refuse("code_disagrees", f"{expected.label}“{written}”中的代码与名称不一致")


def read_place(expected: Expected, written: str, raw: object) -> Reading:
    """The six-digit code of a county, written as a code, a name or both."""
    plain = text.fold_radicals(text.unquote(written))
    return accept(*validators.resolve_place(plain))


_BETWEEN_AREAS = re.compile(r"[、,，;；\s]+")


def read_areas(expected: Expected, written: str, raw: object) -> Reading:
    """The codes of several provinces, cities or counties, as a list without repetitions."""
    codes: list[str] = []
    findings = []
    for part in _BETWEEN_AREAS.split(text.fold_radicals(text.unquote(written))):
        if not part:
            continue
        code, found = validators.resolve_area(part)
        findings += found
        if code and code not in codes:
            codes.append(code)
    return accept(codes, findings)
