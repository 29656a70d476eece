"""Initial codes: derived from a secret and a counter, so 400,000 of them cost nothing.

A code dies at activation; a reset raises the counter, which makes another code.
"""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

# Readable aloud and by hand: no 0/O, 1/I/L.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8


def initial_code(person_id: int, counter: int) -> str:
    """Eight characters, about 39 bits; guessing is throttled."""
    message = f"initial-code:{person_id}:{counter}".encode()
    digest = hmac.new(settings.INITIAL_CODE_KEY.encode(), message, hashlib.sha256).digest()
    number = int.from_bytes(digest, "big")
    letters = []
    for _ in range(LENGTH):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)


def matches(person_id: int, counter: int, typed: str) -> bool:
    expected = initial_code(person_id, counter)
    cleaned = typed.strip().upper().replace(" ", "").replace("-", "")
    return hmac.compare_digest(expected.encode(), cleaned.encode())
