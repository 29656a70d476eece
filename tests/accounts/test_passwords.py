"""Which passwords are refused."""

from __future__ import annotations

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from tests.factories import PASSWORD


@pytest.mark.parametrize(
    "password", ["password2027", "qwerty123", "iloveyou520", "admin888", "woaini1314", "abc123456"]
)
def test_a_breached_password_is_refused_in_chinese(password: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        validate_password(password)
    assert any("很容易被猜中。请换一个" in sentence for sentence in refusal.value.messages)


@pytest.mark.parametrize(
    "password", [PASSWORD, "白云-kettle-42-石榴", "htwz-2d36-t8ka", "x" * 9 + "七月9k" * 40]
)
def test_a_password_that_nobody_else_has_is_taken(password: str) -> None:
    validate_password(password)
