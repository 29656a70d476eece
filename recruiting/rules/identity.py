"""Numbers of documents in the free text of a résumé. No unit needs them, so the graduate is warned; the
text is saved all the same, since nobody can be sure that such a number is one."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator, Mapping

from django.utils import timezone

from codes.validators import id_birth_date, id_check_character
from graduates.models import Graduate

# What people write between the groups of a number.
_BETWEEN = frozenset(" \t\r\n-‐‑‒–—―−_.·・,、。/|:")
_MOST_BETWEEN = 3
# The first two digits of the regions of GB/T 2260, and of residence permits of 港澳台 and foreigners.
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 "
    "71 81 82 83 91".split()
)
# A shorter own number may stand in a text for something else.
_SHORTEST_OWN = 6


def doubts(texts: Mapping[str, str], graduate: Graduate) -> dict[str, list[str]]:
    """Sentences about the numbers of documents in each of `texts`, by its key. `graduate` is read with
    person."""
    found = {key: _doubts_about(text, graduate) for key, text in texts.items() if text}
    return {key: sentences for key, sentences in found.items() if sentences}


def _doubts_about(text: str, graduate: Graduate) -> list[str]:
    names = [name for name, number in _own_numbers(graduate) if _holds(text, number)]
    if not names and holds_identity_number(text):
        names = ["身份证号码"]
    return [f"其中有{'、'.join(names)}，单位招聘不需要，建议删去。"] if names else []


def _own_numbers(graduate: Graduate) -> list[tuple[str, str]]:
    return [
        ("证件号码", graduate.person.id_number),
        ("学号", graduate.student_no),
        ("考生号", graduate.exam_no),
    ]


def _holds(text: str, number: str | None) -> bool:
    number = _squeezed(number or "")
    return len(number) >= _SHORTEST_OWN and number in _squeezed(text)


def _squeezed(text: str) -> str:
    """The text in capitals with plain digits, without anything that is written between groups."""
    return "".join(plain for plain in map(_plain, text) if plain not in _BETWEEN)


def _plain(character: str) -> str:
    """A digit or letter of any width, or in a circle, as plain text."""
    return unicodedata.normalize("NFKC", character).upper()


def holds_identity_number(text: str) -> bool:
    """Whether the text has something like the number of an identity card: 18 characters with the right
    check character, or 15 digits as on cards before 2000, in one piece or in groups."""
    return any(_is_of_18(run) or _is_of_15(run) for run in _runs(text))


def _runs(text: str) -> Iterator[str]:
    """The longest pieces of digits, and of X behind one, that only separators interrupt."""
    run, between = "", 0
    for character in text:
        plain = _plain(character)
        is_digit = len(plain) == 1 and plain.isascii() and plain.isdigit()
        if is_digit or (run and plain in ("X", "×")):
            run, between = run + plain.replace("×", "X"), 0
        elif plain in _BETWEEN and between < _MOST_BETWEEN:
            between += 1
        else:
            if len(run) >= 15:
                yield run
            run, between = "", 0
    if len(run) >= 15:
        yield run


_OF_18 = re.compile(r"(?=(\d{17}[\dX]))")


def _is_of_18(run: str) -> bool:
    """Whether any 18 characters of the run are a number: something may stand before and after it."""
    for match in _OF_18.finditer(run):
        number = match[1]
        born = id_birth_date(number)
        if (
            number[:2] in _PROVINCES
            and born is not None
            and datetime.date(1900, 1, 1) <= born <= timezone.localdate()
            and id_check_character(number[:17]) == number[17]
        ):
            return True
    return False


_OF_15 = re.compile(r"\d{15}")


def _is_of_15(run: str) -> bool:
    """Whether the run is a number of 15 digits, which has no check digit, and nothing more."""
    if not _OF_15.fullmatch(run) or run[:2] not in _PROVINCES:
        return False
    return id_birth_date(f"{run[:6]}19{run[6:]}") is not None
