"""Encryption of small values with keys that are derived from the platform's secret key."""

from __future__ import annotations

import base64
import functools
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings


@functools.cache
def cipher(purpose: str) -> Fernet:
    """A cipher for this purpose. What is encrypted for one purpose cannot be read for another one."""
    key = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
