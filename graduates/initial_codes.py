"""Initial codes for the first sign-in. They are derived from a secret and a number, not stored.

A code is void once the account is activated, and after its last day. A reset, and showing an expired
code (`actions.initial_codes`), raise the number, which gives another code.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone

from codes import text
from core.clock import database_now

# Without 0, O, 1, I and L, which are mistaken for each other when read out or written by hand.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8


def initial_code(person_id: int, number: int) -> str:
    """A code of eight characters, about 39 bits. The sign-in limits how often people can guess."""
    message = f"initial-code:{person_id}:{number}".encode()
    digest = hmac.new(settings.INITIAL_CODE_KEY.encode(), message, hashlib.sha256).digest()
    left = int.from_bytes(digest, "big")
    letters = []
    for _ in range(LENGTH):
        left, rest = divmod(left, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)


def last_day(made_at: datetime) -> date:
    """The last day on which a code can be used that was made then."""
    return timezone.localdate(made_at) + timedelta(days=settings.INITIAL_CODE_DAYS)


def expired_before() -> datetime:
    """Codes that were made earlier than this have expired, by the database's clock."""
    today = timezone.localdate(database_now())
    first = today - timedelta(days=settings.INITIAL_CODE_DAYS)
    return timezone.make_aware(datetime.combine(first, time.min))


def matches(person_id: int, number: int, typed: str) -> bool:
    """Whether `typed` is the person's code; blanks, hyphens, small and full-width letters don't
    matter."""
    expected = initial_code(person_id, number)
    cleaned = text.clean_code(typed).replace("-", "")
    return hmac.compare_digest(expected.encode(), cleaned.encode())
