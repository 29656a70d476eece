"""Cleaning: the short way for plain values gives what the long way gives."""

from __future__ import annotations

import sys

from codes import text


def the_long_way(value: str) -> str:
    return text._BLANKS.sub(" ", text._INVISIBLE.sub("", value)).strip()


def test_every_character_is_cleaned_alike() -> None:
    for number in range(sys.maxunicode + 1):
        value = f"甲{chr(number)}乙"
        assert text.clean(value) == the_long_way(value), hex(number)


def test_blanks_around_and_within() -> None:
    assert text.clean(" 甲 \u3000 乙\u200b\n") == "甲 乙"
    assert text.clean("") == text.clean(" ") == ""
