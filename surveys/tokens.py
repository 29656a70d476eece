"""The links of a survey.

The token of a link is derived from the survey's key and from whom it invites, so that the page of a
signed-in graduate and an e-mail give the same link, and no table holds it. The invitation has the
token's hash; an answer that is being written stands under another value derived from the token. Neither
leads to the other without the token. Once the key is deleted, nobody can derive a token again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from django.conf import settings

from core.encryption import cipher
from surveys.models import SurveyKey

_PURPOSE = "survey-links"
LENGTH = 44  # characters of a token


def new_key() -> bytes:
    """A key for one survey, encrypted as it is stored."""
    return cipher(_PURPOSE).encrypt(secrets.token_bytes(32))


def open_key(key: SurveyKey) -> bytes:
    return cipher(_PURPOSE).decrypt(bytes(key.sealed))


def of_graduate(key: bytes, graduate_id: int) -> str:
    return _derive(key, f"graduate:{graduate_id}")


def of_unit(key: bytes, unit_id: int) -> str:
    return _derive(key, f"unit:{unit_id}")


def _derive(key: bytes, whom: str) -> str:
    """43 random-looking characters after a digit: the log masks keys that have one."""
    digest = hmac.digest(key, whom.encode(), "sha256")
    return "1" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def hash_of(token: str) -> bytes:
    """What an invitation stores of its token."""
    return hashlib.sha256(token.encode()).digest()


def draft_key(token: str) -> bytes:
    """The key of the answer that is being written with this token."""
    own = hashlib.sha256(f"survey-drafts:{settings.SECRET_KEY}".encode()).digest()
    return hmac.digest(own, token.encode(), "sha256")
