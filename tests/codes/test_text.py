"""Cleaning: the short way for plain values gives what the long way gives."""

from __future__ import annotations

import sys

from codes import text


def the_long_way(value: str) -> str:
    visible = text._BROKEN_LINE.sub("", text._INVISIBLE.sub("", value))
    return text._BLANKS.sub(" ", visible).strip()


def test_every_character_is_cleaned_alike() -> None:
    for number in range(sys.maxunicode + 1):
        value = f"甲{chr(number)}乙"
        assert text.clean(value) == the_long_way(value), hex(number)


def test_blanks_around_and_within() -> None:
    assert text.clean(" 甲 \u3000 乙\u200b\n") == "甲 乙"
    assert text.clean("") == text.clean(" ") == ""


def test_a_line_broken_to_fit_its_cell() -> None:
    assert text.clean("软件\r\n工程") == text.clean("软件 \n 工程") == "软件工程"
    assert text.clean("Main Street\n1") == "Main Street 1"
