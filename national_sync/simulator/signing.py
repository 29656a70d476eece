"""Checking who calls, by the signature of docs/national-protocol.md.

It is written independently of the platform's signing on purpose: the two agree through the
document only.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

TOLERANCE = 300
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True)
class Refusal:
    """Why a request is not accepted: HTTP status, slug, sentence."""

    status: int
    error: str
    text: str


def signature(
    secret: bytes, method: str, target: str, stamp: str, nonce: str, *, body: bytes
) -> str:
    """The signature of a request. `target` is path and query exactly as they stand in the request
    line."""
    digest = hashlib.sha256(body).hexdigest()
    message = "\n".join((method, target, stamp, nonce, digest)).encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Gate:
    """Knows one client and its secret. `first_use` stores a nonce and returns False if it was
    used before."""

    client: str
    secret: bytes
    first_use: Callable[[str], bool]

    def refuses(
        self, method: str, target: str, headers: dict[str, str], body: bytes, *, now: float
    ) -> Refusal | None:
        """The reason to refuse the request; None if it may pass."""
        stamp, nonce = headers.get("x-timestamp", ""), headers.get("x-nonce", "")
        given = headers.get("x-signature", "")
        if not (headers.get("x-client") and stamp and nonce and given):
            return Refusal(401, "unsigned", "请求未签名")
        expected = signature(self.secret, method, target, stamp, nonce, body=body)
        known = hmac.compare_digest(headers["x-client"].encode(), self.client.encode())
        if not (hmac.compare_digest(expected.encode(), given.encode()) and known):
            return Refusal(401, "bad_signature", "签名不正确")
        if not re.fullmatch(r"\d{9,11}", stamp) or abs(now - int(stamp)) > TOLERANCE:
            return Refusal(401, "stale_timestamp", f"请求时间与服务器时间（{int(now)}）相差过大")
        if not _NONCE.fullmatch(nonce):
            return Refusal(401, "bad_nonce", "随机串不合要求")
        if not self.first_use(nonce):
            return Refusal(403, "replayed_nonce", "该请求已经提交过")
        return None
