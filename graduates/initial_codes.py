"""Initial codes for the first sign-in. They are derived from a secret and a counter, not stored.

A code is void once the account is activated. A reset raises the counter, which gives another code.
"""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

from codes import text

# Without 0, O, 1, I and L, which are mistaken for each other when read out or written by hand.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8


def initial_code(person_id: int, counter: int) -> str:
    """A code of eight characters, about 39 bits. The sign-in limits how often people can guess."""
    message = f"initial-code:{person_id}:{counter}".encode()
    digest = hmac.new(settings.INITIAL_CODE_KEY.encode(), message, hashlib.sha256).digest()
    number = int.from_bytes(digest, "big")
    letters = []
    for _ in range(LENGTH):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)


def matches(person_id: int, counter: int, typed: str) -> bool:
    """Whether `typed` is the person's code; blanks, hyphens, small and full-width letters don't
    matter."""
    expected = initial_code(person_id, counter)
    cleaned = text.clean_code(typed).replace("-", "")
    return hmac.compare_digest(expected.encode(), cleaned.encode())
