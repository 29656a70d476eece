"""Limiting how often requests are made: a token bucket, and pauses between attempts."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


class TokenBucket:
    """At most `rate` requests a second over time, `burst` at once. Shared by threads, which are
    served in order."""

    def __init__(
        self,
        rate: float,
        burst: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError("rate and burst must be positive")
        self._rate, self._burst = rate, float(burst)
        self._clock, self._sleep = clock, sleep
        self._tokens, self._at = float(burst), clock()
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """Take a token and wait for it if need be. A caller that comes later waits longer."""
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
            self._at = now
            self._tokens -= 1
            wait = -self._tokens / self._rate
        if wait > 0:
            self._sleep(wait)


@dataclass(frozen=True)
class Backoff:
    """Pauses that double up to `most` seconds, each a random share of it (full jitter), so that
    many callers do not come back at the same moment."""

    first: float = 0.25
    most: float = 10.0
    attempts: int = 4
    patience: float = 30.0

    def pause(self, attempt: int, retry_after: float | None, chance: random.Random) -> float | None:
        """Seconds to wait after failed attempt number `attempt` (from 1); None to give up. A
        Retry-After is the least; one longer than our limit ends the attempts."""
        if attempt >= self.attempts:
            return None
        pause = chance.uniform(0, min(self.most, self.first * 2 ** (attempt - 1)))
        if retry_after is None:
            return pause
        return retry_after + pause if retry_after <= self.patience else None
