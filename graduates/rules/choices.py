"""Reading a code or a name of a code table."""

from __future__ import annotations

import re
from typing import Any

from codes import lookup, text
from graduates.fields import OriginField
from graduates.rules.types import Issue, Read, refuse, without_decimals

_CODE_AND_NAME = re.compile(
    r"\(?([A-Z]?\d{1,2}|[A-Z])\)?[-_.:、]?([^\dA-Z].*)"
    r"|(.*?[^\dA-Z(])[-_(]?([A-Z]?\d{1,2}|[A-Z])\)?"
)


def read_code(field: OriginField, written: str, raw: Any) -> Read:
    """A code or a name of its table. One digit is padded where the table has two."""
    table = lookup.table(field.table)
    key = without_decimals(text.clean_choice(written))
    code = _find_code(table, key)
    if code and len(key) == 1 and code == f"0{key}":
        note = f"{field.label}“{key}”缺少前导零, 已按{code}({table.names[code]})读取"
        return code, [Issue(field.key, "padded", note, is_error=False)]
    if code:
        return code, []
    for unused, name in table.names.items():
        if key in (unused, name):
            return refuse(field, "code_not_offered", f"{field.label}“{written}”({name})已停用")
    if both := _CODE_AND_NAME.fullmatch(text.clean_code(written)):
        return _read_both(field, written, [part for part in both.groups() if part])
    return refuse(field, "code_unknown", f"{field.label}“{written}”不在代码表中")


def _find_code(table: lookup.Table, key: str) -> str | None:
    """As it stands, with the zero it lost, or without zeros it should not have."""
    found = table.by_choice.get(key)
    if found is None and key.isdigit():
        padded, short = f"0{key}", key.lstrip("0") or "0"
        found = padded if len(key) == 1 and padded in table.offered else None
        if found is None and short in table.offered:
            found = short
    return found


def _read_both(field: OriginField, written: str, parts: list[str]) -> Read:
    """Code and name in one cell, 01汉族 or 汉族(01): taken when they agree."""
    table = lookup.table(field.table)
    found = {_find_code(table, text.clean_choice(part)) for part in parts}
    if len(found) == 1 and None not in found:
        return found.pop(), []
    if None in found:
        return refuse(field, "code_unknown", f"{field.label}“{written}”不在代码表中")
    return refuse(field, "code_disagrees", f"{field.label}“{written}”中的代码与名称不一致")
