"""What is searched for in a list, as it stands in the address: encrypted.

People search by names and by numbers of documents, and addresses get into logs and histories. So the
search form is posted, and the answer leads to an address that holds the words under a key, for one
person and for twelve hours.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

_PREFIX = "~"
LIFETIME = 12 * 3600  # as long as a session


def seal(words: str, user_id: int | None) -> str:
    """The words as they stand in an address."""
    text = json.dumps([user_id, words], ensure_ascii=False)
    return _PREFIX + _cipher().encrypt(text.encode()).decode().rstrip("=")


def unseal(value: str, user_id: int | None) -> str | None:
    """The words in an address; None if they are too old or were sealed for somebody else. Words that
    were never sealed, as in links of the platform, are returned as they are."""
    if not value.startswith(_PREFIX):
        return value
    token = value.removeprefix(_PREFIX)
    try:
        plain = _cipher().decrypt((token + "=" * (-len(token) % 4)).encode(), ttl=LIFETIME)
        sealed_for, words = json.loads(plain)
    except (InvalidToken, ValueError, TypeError):
        return None
    return str(words) if sealed_for == user_id else None


@functools.cache
def _cipher() -> Fernet:
    key = hashlib.sha256(b"search terms of lists:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
