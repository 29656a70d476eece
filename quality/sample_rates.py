"""How many of a sample's destinations are not as registered, and how sure that is (DOMAIN-AROUND §5).

A share x of n has Wilson's interval at 95 %. The whole of a stratified sample is the sum of the strata's
shares weighted by their part of the population, with the standard error
√Σ W_h²·p_h·(1 − p_h) ÷ (n_h − 1). Only those who were reached count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_Z = 1.96


@dataclass(frozen=True)
class Share:
    """`x` of `n`, in percent, with the bounds of its interval; None where nobody was reached."""

    x: int
    n: int
    percent: float | None
    low: float | None
    high: float | None


def wilson(x: int, n: int) -> Share:
    if n == 0:
        return Share(x, n, None, None, None)
    p, z = x / n, _Z
    middle = p + z * z / (2 * n)
    spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    low, high = max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)
    return Share(x, n, 100 * p, 100 * low, 100 * high)


@dataclass(frozen=True)
class Weighted:
    """The weighted total in percent and its standard error in percentage points; None where a stratum
    with people in it has nobody who was reached. `without_error` counts strata with one person reached,
    whose error is not known and is left out."""

    percent: float | None
    error: float | None
    without_error: int


def weighted(strata: Sequence[tuple[int, int, int]]) -> Weighted:
    """Of (size, reached, differing) of each stratum."""
    whole = sum(size for size, _, _ in strata)
    if not whole or any(size and not reached for size, reached, _ in strata):
        return Weighted(None, None, 0)
    total = variance = 0.0
    single = 0
    for size, reached, differing in strata:
        if not size:
            continue
        weight, p = size / whole, differing / reached
        total += weight * p
        if reached > 1:
            variance += weight * weight * p * (1 - p) / (reached - 1)
        else:
            single += 1
    return Weighted(100 * total, 100 * math.sqrt(variance), single)
