"""Cleaning of text: the quick way for plain values gives the same as the full one."""

from __future__ import annotations

import sys

from codes import text


def clean_fully(value: str) -> str:
    visible = text._BROKEN_LINE.sub("", text._INVISIBLE.sub("", value))
    return text._BLANKS.sub(" ", visible).strip()


def test_every_character_is_cleaned_the_same_by_the_quick_way() -> None:
    for number in range(sys.maxunicode + 1):
        value = f"甲{chr(number)}乙"
        assert text.clean(value) == clean_fully(value), hex(number)


def test_blanks_are_trimmed_and_reduced_to_one() -> None:
    assert text.clean(" 甲 \u3000 乙\u200b\n") == "甲 乙"
    assert text.clean("") == text.clean(" ") == ""


def test_a_line_break_between_chinese_characters_is_removed() -> None:
    assert text.clean("软件\r\n工程") == text.clean("软件 \n 工程") == "软件工程"
    assert text.clean("Main Street\n1") == "Main Street 1"


def test_the_forms_of_a_letter_have_its_accents_and_both_cases() -> None:
    assert {"e", "E", "é", "É", "ễ", "Ễ"} <= set(text.forms_of_letter("e"))
    for letter in ("E", "é", "ễ"):
        assert text.forms_of_letter(letter) == text.forms_of_letter("e")
    assert "đ" in text.forms_of_letter("D")
    assert text.forms_of_letter("й") == "Йй"
    assert text.forms_of_letter("ß") == "ß"
    assert text.forms_of_letter("-") == "-"
