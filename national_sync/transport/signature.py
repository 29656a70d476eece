"""The signature on every request to the national system (docs/national-protocol.md)."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def signed_headers(
    *, client: str, secret: bytes, method: str, target: str, body: bytes, now: float
) -> dict[str, str]:
    """Headers that sign a request, with a new nonce for each attempt. `target` is path and query
    exactly as they are sent."""
    stamp, nonce = str(int(now)), secrets.token_urlsafe(18)
    lines = (method, target, stamp, nonce, hashlib.sha256(body).hexdigest())
    made = hmac.new(secret, "\n".join(lines).encode(), hashlib.sha256).hexdigest()
    return {"X-Client": client, "X-Timestamp": stamp, "X-Nonce": nonce, "X-Signature": made}
