"""The import takes plain values at sight; what it takes must be what the rules read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes.readers import CELL
from graduates.fields import BY_KEY
from graduates.roster.checker import PLAIN


@pytest.mark.parametrize("key", sorted(PLAIN))
@given(data=st.data())
def test_what_is_plain_is_read_as_it_stands(key: str, data: st.DataObject) -> None:
    value = data.draw(st.from_regex(re.compile(PLAIN[key]), fullmatch=True))
    assert BY_KEY[key].read(value, source=CELL) == (value, [])
