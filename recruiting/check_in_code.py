"""The code on the screen at an event, by which graduates check in. It changes every 30 seconds.

A code holds the event's id and the number of its half minute, signed. It is good for its own half
minute and the following one, so that nobody is refused who scanned it just before it changed.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from django.core.signing import BadSignature, Signer

from core.errors import Refused

SECONDS = 30
_SIGNER = Signer(salt="recruiting.check_in_code")
_CONTENT = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,9})", re.ASCII)


@dataclass(frozen=True)
class Scan:
    """What a code says: for which event it was shown, and whether it still is, or was just before."""

    fair_id: int
    is_fresh: bool


def code_of(fair_id: int, now: datetime.datetime) -> str:
    """The code that the screen shows now."""
    return _SIGNER.sign(f"{fair_id}-{_step(now)}")


def read(code: str, now: datetime.datetime) -> Scan | None:
    """What a scanned code says; None if no screen has ever shown it."""
    try:
        content = _CONTENT.fullmatch(_SIGNER.unsign(code))
    except BadSignature:
        return None
    if content is None:
        return None
    age = _step(now) - int(content[2])
    return Scan(int(content[1]), age in (0, 1))


def refuse_old() -> Refused:
    return Refused("old_code", "请扫描现场屏幕上最新的二维码。")


def _step(now: datetime.datetime) -> int:
    return int(now.timestamp()) // SECONDS
