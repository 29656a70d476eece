"""Rates of samples: Wilson's interval, the weighted total, and how many are drawn of each stratum."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality import drawing
from quality.sample_rates import weighted, wilson


@pytest.mark.parametrize(
    ("x", "n", "low", "high"),
    # Values worked out by hand from the formula of DOMAIN-AROUND §5.
    [(0, 10, 0.0, 27.75), (1, 10, 1.79, 40.41), (5, 10, 23.66, 76.34), (10, 10, 72.25, 100.0), (8, 200, 2.04, 7.69)],
)  # fmt: skip
def test_wilson(x: int, n: int, low: float, high: float) -> None:
    share = wilson(x, n)
    assert share.percent == pytest.approx(100 * x / n)
    assert share.low == pytest.approx(low, abs=0.01)
    assert share.high == pytest.approx(high, abs=0.01)


def test_nobody_reached_has_no_rate() -> None:
    assert wilson(0, 0).percent is None
    assert weighted([(10, 0, 0)]).percent is None
    assert weighted([]).percent is None


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share(pair: tuple[int, int]) -> None:
    share = wilson(*pair)
    assert share.low is not None and share.high is not None and share.percent is not None
    assert -1e-9 <= share.low <= share.percent + 1e-9
    assert share.percent - 1e-9 <= share.high <= 100 + 1e-9


def test_the_weighted_total() -> None:
    # 300 of 400 in the first: 0.75 × 10 % + 0.25 × 50 % = 20 %.
    found = weighted([(300, 20, 2), (100, 10, 5)])
    assert found.percent == pytest.approx(20.0)
    variance = 0.75**2 * 0.1 * 0.9 / 19 + 0.25**2 * 0.5 * 0.5 / 9
    assert found.error == pytest.approx(100 * variance**0.5)
    assert weighted([(300, 20, 2), (100, 1, 1)]).without_error == 1


def test_a_stratum_without_people_changes_nothing() -> None:
    assert weighted([(300, 20, 2), (0, 0, 0)]).percent == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("sizes", "share", "number", "drawn"),
    [
        ({"a": 1000, "b": 1000}, 500, None, {"a": 50, "b": 50}),
        ({"a": 100, "b": 100}, 500, None, {"a": 15, "b": 15}),  # at least 30 altogether
        ({"a": 10, "b": 5}, 500, None, {"a": 10, "b": 5}),  # all, where there are fewer than 30
        ({"a": 990, "b": 1}, 500, None, {"a": 49, "b": 1}),
        ({"a": 990, "b": 10}, None, 20, {"a": 19, "b": 2}),  # two of a small stratum
        ({"a": 5, "b": 5}, None, 100, {"a": 5, "b": 5}),
        ({}, 500, None, {}),
    ],
)
def test_how_many(
    sizes: dict[str, int], share: int | None, number: int | None, drawn: dict[str, int]
) -> None:
    assert drawing.how_many(sizes, share=share, number=number) == drawn


@given(
    st.dictionaries(st.text("abcdef", min_size=1), st.integers(1, 3000), min_size=1, max_size=12),
    st.integers(1, 10_000),
)
def test_nobody_is_drawn_who_is_not_there_and_no_stratum_is_left_out(
    sizes: dict[str, int], share: int
) -> None:
    drawn = drawing.how_many(sizes, share=share, number=None)
    assert drawn.keys() == sizes.keys()
    assert all(min(2, sizes[key]) <= n <= sizes[key] for key, n in drawn.items())
    assert sum(drawn.values()) >= min(
        sum(sizes.values()), -(-sum(sizes.values()) * share // 10_000)
    )


def test_the_order_is_that_of_the_hashes() -> None:
    order = drawing.order_of("seed", [1, 2, 3, 4])
    keys = [hashlib.sha256(f"seed{pk}".encode()).hexdigest() for pk in order]
    assert keys == sorted(keys)
    assert drawing.order_of("seed", [4, 3, 2, 1]) == order
