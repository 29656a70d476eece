"""Unit codes of 18, 15 and 9 characters, each checked by its own standard."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes.validators import (
    check_unit_code,
    organisation_check_character,
    uscc_check_character,
)

pytestmark = pytest.mark.django_db


def make_uscc(head: str, region: str, body: str) -> str:
    inner = organisation_check_character(body)
    assert inner is not None
    first = head + region + body + inner
    return first + str(uscc_check_character(first))


def codes_of(value: str, *, errors: bool = True) -> set[str]:
    return {f.code for f in check_unit_code(value) if f.is_error == errors}


@pytest.mark.parametrize(
    "value",
    [
        "91110000802100433B",  # published codes of public bodies
        "12100000400010275N",
    ],
)
def test_published_codes_are_accepted(value: str) -> None:
    assert check_unit_code(value) == []


@pytest.mark.parametrize("head", ["N1", "N2", "N3", "Y1", "A1", "G1", "52", "93"])
def test_letters_in_the_first_two_positions_are_accepted(head: str) -> None:
    assert codes_of(make_uscc(head, "340100", "MA2N0ABC")) == set()


def test_a_wrong_check_character_of_the_unit_code_is_an_error() -> None:
    good = make_uscc("91", "340100", "MA2N0ABC")
    wrong = good[:17] + ("0" if good[17] != "0" else "1")
    assert codes_of(wrong) == {"unit_code_check"}


def test_a_wrong_check_character_of_the_inner_code_is_a_warning() -> None:
    body = "MA2N0ABC"
    right = organisation_check_character(body)
    first = "91340100" + body + ("1" if right != "1" else "2")
    value = first + str(uscc_check_character(first))
    assert codes_of(value) == set()
    assert codes_of(value, errors=False) == {"unit_code_inner"}


@pytest.mark.parametrize("letter", "IOSVZ")
@pytest.mark.parametrize("position", [0, 1, 9, 16, 17])
def test_letters_outside_the_alphabet_are_refused_without_an_exception(
    letter: str, position: int
) -> None:
    good = make_uscc("91", "340100", "MA2N0ABC")
    assert codes_of(good[:position] + letter + good[position + 1 :]) == {"unit_code_characters"}


@pytest.mark.parametrize("value", ["110000000000000", "340100000012344"])
def test_registration_numbers_follow_mod_11_10(value: str) -> None:
    from stdnum.iso7064 import mod_11_10

    right = value[:14] + mod_11_10.calc_check_digit(value[:14])
    assert check_unit_code(right) == []
    wrong = right[:14] + str((int(right[14]) + 1) % 10)
    assert codes_of(wrong) == {"unit_code_check"}


def test_codes_of_nine_characters_are_checked() -> None:
    assert check_unit_code("D21439605"[:8] + str(organisation_check_character("D2143960"))) == []
    right = str(organisation_check_character("D2143960"))
    wrong = "0" if right != "0" else "1"
    assert codes_of(f"D2143960{wrong}") == {"unit_code_check"}
    assert codes_of("é21439605") == {"unit_code_characters"}


@pytest.mark.parametrize("length", [0, 1, 8, 10, 13, 16, 17, 19, 40])
def test_other_lengths_are_refused(length: int) -> None:
    assert codes_of("1" * length) == {"unit_code_length"}


@given(st.text(max_size=20))
def test_no_unit_code_raises_an_exception(value: str) -> None:
    check_unit_code(value)


@given(st.text(alphabet=string.ascii_uppercase + string.digits, min_size=17, max_size=17))
def test_a_single_wrong_character_is_found(first: str) -> None:
    check = uscc_check_character(first)
    if check is None or not first[2:8].isdigit():
        return
    changed = ("1" if first[10] != "1" else "2").join([first[:10], first[11:]])
    assert uscc_check_character(changed) != check
