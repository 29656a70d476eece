"""Reading texts and the names of persons."""

from __future__ import annotations

import re

from codes import text
from codes.readers.expected import Expected, Reading, accept, accept_with_warning, refuse

# With the whole of planes 2 and 3, because every few years Unicode adds rare characters there.
_HAN = "[\u3400-\u9fff\uf900-\ufaff\u3007\U00020000-\U0003fffd]+"
# A Chinese name, which may have separators and initials: 约翰·F·试验.
_NAME = re.compile(f"{_HAN}(·({_HAN}|[A-Z]))*|[A-Z](·[A-Z])*·{_HAN}(·({_HAN}|[A-Z]))*")
_LATIN_NAME = re.compile(
    r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff][A-Za-z\u00c0-\u024f\u1e00-\u1eff'·.,\- ]*"
)


def _private_character(value: str) -> str:
    """The first character of a private use area, or "". Each computer shows those differently."""
    return next((c for c in value if "\ue000" <= c <= "\uf8ff" or c >= "\U000f0000"), "")


def _refuse_private(expected: Expected, value: str) -> Reading | None:
    if not (found := _private_character(value)):
        return None
    return refuse(
        "private_character",
        f"{expected.label}中有无法识别的造字（U+{ord(found):04X}），请用标准汉字重新录入",
    )


def read_text(expected: Expected, written: str, raw: object) -> Reading:
    """One line of text, with full-width letters and digits made plain. Quotes around the content of a
    cell are removed, since programs put them there; those in a form were typed."""
    plain = text.unquote(written) if expected.is_cell else written
    return _refuse_private(expected, written) or accept(text.narrow(plain))


def read_long_text(expected: Expected, written: str, raw: object) -> Reading:
    """Text of several lines. Line breaks of a form are kept, those of a cell become blanks."""
    return _refuse_private(expected, written) or accept(text.fold_radicals(text.unmark(written)))


def read_clauses(expected: Expected, written: str, raw: object) -> Reading:
    """Clauses of a contract, of several lines, as they were typed: both sides sign this very text."""
    return _refuse_private(expected, written) or accept(written)


def read_name(expected: Expected, written: str, raw: object) -> Reading:
    """A person's name in Chinese characters or in Latin letters, with one kind of separator."""
    value = text.clean_name(written)
    if refusal := _refuse_private(expected, value):
        return refusal
    if "?" in value or "？" in value:
        return refuse("private_character", "姓名中有问号，请按证件录入")
    if _NAME.fullmatch(value):
        if len(value) > 1:
            return accept(value)
        return accept_with_warning(value, "short", "姓名只有一个字，请核对")
    if _LATIN_NAME.fullmatch(value):
        return accept(value)
    if " " in value:
        return refuse("inner_blank", "姓名中间有空格，请删除")
    return refuse("name_characters", "姓名中有不应出现的字符，请按证件录入")


def read_search(expected: Expected, written: str, raw: object) -> Reading:
    """What is typed into a search box, with full-width characters and radicals made plain."""
    return accept(text.narrow(written).strip())
