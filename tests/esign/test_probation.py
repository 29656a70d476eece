"""Which probation is long enough to be warned about."""

from __future__ import annotations

import pytest

from esign.rules import check_terms
from tests.esign import signing

pytestmark = pytest.mark.django_db


def is_warned(unit_property: str, years: str, months: str) -> bool:
    typed = signing.typed_terms() | {
        "unit_property": unit_property, "term_years": years, "probation_months": months,
    }  # fmt: skip
    return any(i.code == "probation_long" for i in check_terms(typed).issues)


@pytest.mark.parametrize("unit_property", ["10", "20", "21", "22", "23", "29"])
def test_public_units_may_have_a_probation_of_twelve_months(unit_property: str) -> None:
    assert not is_warned(unit_property, "3", "12")


@pytest.mark.parametrize("unit_property", ["20", "29"])
def test_a_short_contract_of_a_public_unit_stays_under_the_labour_contract_law(
    unit_property: str,
) -> None:
    assert is_warned(unit_property, "2", "12")


@pytest.mark.parametrize("unit_property", ["31", "32", "39"])
def test_companies_may_have_a_probation_of_six_months(unit_property: str) -> None:
    assert is_warned(unit_property, "3", "12")
    assert is_warned(unit_property, "3", "7")
    assert not is_warned(unit_property, "3", "6")
