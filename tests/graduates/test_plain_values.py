"""The roster import does not read plain values; the readers must accept all of these unchanged."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes.readers import CELL
from graduates.fields import BY_KEY
from graduates.roster.checker import PLAIN_VALUES


@pytest.mark.parametrize("key", sorted(PLAIN_VALUES))
@given(data=st.data())
def test_a_reader_accepts_every_plain_value_unchanged(key: str, data: st.DataObject) -> None:
    value = data.draw(st.from_regex(re.compile(PLAIN_VALUES[key]), fullmatch=True))
    assert BY_KEY[key].read(value, source=CELL) == (value, [])
