"""Drawing a sample: how many of each stratum, and who. `order_of` is the rule by which anybody can replay
a draw; the database draws by the same rule."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence

LEAST_OF_STRATUM, LEAST = 2, 30
_WHOLE = 10_000  # a share is in hundredths of a percent


def hash_of(seed: str) -> str:
    """The commitment to a seed, which is shown before the draw."""
    return hashlib.sha256(seed.encode()).hexdigest()


def order_of(seed: str, graduate_ids: Sequence[int]) -> list[int]:
    """The people of a stratum in the order in which they are drawn."""
    return sorted(graduate_ids, key=lambda pk: hashlib.sha256(f"{seed}{pk}".encode()).digest())


def how_many(sizes: Mapping[str, int], *, share: int | None, number: int | None) -> dict[str, int]:
    """How many are drawn of each stratum: in proportion to its size, at least two where there are two.
    A share draws at least 30 altogether. `share` is in hundredths of a percent."""
    whole = sum(sizes.values())
    if not whole:
        return dict.fromkeys(sizes, 0)
    if number is None:
        assert share is not None
        number = max(math.ceil(whole * share / _WHOLE), min(LEAST, whole))
    number = min(number, whole)
    exact = {key: number * size / whole for key, size in sizes.items()}
    drawn = {key: min(max(math.floor(n), min(LEAST_OF_STRATUM, sizes[key])), sizes[key])
             for key, n in exact.items()}  # fmt: skip
    # What rounding down has left goes to the largest remainders.
    left = number - sum(drawn.values())
    for key in sorted(exact, key=lambda k: (math.floor(exact[k]) - exact[k], k)):
        if left <= 0:
            break
        if drawn[key] < sizes[key]:
            drawn[key] += 1
            left -= 1
    return drawn
