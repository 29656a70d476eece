"""How the simulator misbehaves: named faults, set at start and while it runs, any together.

Values: a chance is a share of requests ("0.3"), a number of them from now on ("3x"), or on/off; a
span is milliseconds; an offset is seconds.
"""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass

CHANCES = {
    "drop": "closes the connection without an answer, before anything is done",
    "error500": "answers 500 before anything is done",
    "unavailable": "answers 503 with Retry-After",
    "refuse_signature": "takes every signature for wrong: 401",
    "lose_ack": "stores a batch, then closes the connection without an answer",
    "duplicate_results": "gives every result twice",
    "reorder_results": "gives results in any order and judges the newest batch first",
}
SPANS = {
    "latency": "milliseconds before a request is looked at",
    "slow_judging": "milliseconds that a batch waits longer before it is judged",
}
OFFSETS = {
    "clock_skew": "seconds that the simulator's clock is ahead",
    "retry_after": "seconds named by the Retry-After of `unavailable` (1)",
}
NAMES = (*CHANCES, *SPANS, *OFFSETS)
_WORDS = {"": 1.0, "on": 1.0, "true": 1.0, "yes": 1.0, "off": 0.0, "false": 0.0, "no": 0.0}


class UnknownFault(ValueError):
    """There is no such fault, or it does not take this value."""


@dataclass
class Chance:
    """Happens with probability `rate`, or the next `left` times."""

    rate: float = 0.0
    left: int = 0

    @property
    def shown(self) -> str:
        return f"{self.left}x" if self.left else f"{self.rate:g}"


class Faults:
    """The faults that are switched on. Safe to ask and to change from any thread."""

    def __init__(self, seed: int | None = None) -> None:
        self._lock = threading.Lock()
        # Chances of a test server, not secrets.
        self._random = random.Random(seed)  # noqa: S311
        self._chances: dict[str, Chance] = {}
        self._numbers: dict[str, int] = {}

    def set(self, name: str, value: object) -> None:
        """Switch one fault on; null, "off" and 0 switch it off."""
        text = "off" if value is None else str(value).strip().lower()
        if name in CHANCES:
            chance = _chance(name, text)
            with self._lock:
                self._chances[name] = chance
        elif name in SPANS or name in OFFSETS:
            text = "0" if _WORDS.get(text) == 0.0 else text
            if not re.fullmatch(r"-?\d{1,9}", text) or (text[0] == "-" and name != "clock_skew"):
                raise UnknownFault(f"{name} takes a whole number, not {text!r}")
            with self._lock:
                self._numbers[name] = int(text)
        else:
            raise UnknownFault(f"no fault {name!r}; there are {', '.join(NAMES)}")

    def clear(self) -> None:
        with self._lock:
            self._chances.clear()
            self._numbers.clear()

    def strikes(self, name: str) -> bool:
        """Whether the fault happens this time. A fault with a number of times left loses one of
        them."""
        with self._lock:
            chance = self._chances.get(name)
            if chance is None:
                return False
            if chance.left:
                chance.left -= 1
                return True
            return chance.rate > 0 and self._random.random() < chance.rate

    def active(self, name: str) -> bool:
        """Whether the fault may happen at all. Asking does not use up one of a number of
        times."""
        with self._lock:
            chance = self._chances.get(name)
            return chance is not None and bool(chance.left or chance.rate)

    def number(self, name: str, otherwise: int = 0) -> int:
        with self._lock:
            return self._numbers.get(name, otherwise)

    def shuffled(self, items: list) -> list:
        with self._lock:
            return self._random.sample(items, len(items))

    def in_force(self) -> dict[str, str]:
        with self._lock:
            chances = {k: c.shown for k, c in self._chances.items() if c.rate or c.left}
            return chances | {k: str(n) for k, n in self._numbers.items() if n}


def _chance(name: str, text: str) -> Chance:
    if text in _WORDS:
        return Chance(_WORDS[text])
    if re.fullmatch(r"\d{1,6}x", text):
        return Chance(left=int(text[:-1]))
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise UnknownFault(f"{name} takes a share from 0 to 1, a count like 3x, on or off")
    return Chance(rate)


def parse(argument: str) -> tuple[str, str]:
    """Read NAME[=VALUE] from the command line."""
    name, _, value = argument.partition("=")
    return name.strip(), value
