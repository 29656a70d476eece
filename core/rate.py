"""Rate limits for what people may ask for without signing in, counted in the cache."""

from __future__ import annotations

from django.core.cache import cache

from core.errors import DomainError


class RateLimited(DomainError):
    status = 429


def check(name: str, *, most: int) -> None:
    """Raises `RateLimited` if `most` were counted already. Counts nothing itself."""
    if cache.get(f"rate:{name}", 0) >= most:
        raise RateLimited("rate", "操作过于频繁，请稍后再试。")


def limit(name: str, *, most: int, seconds: int) -> None:
    """Count one more `name`; raises `RateLimited` beyond `most` within `seconds`."""
    key = f"rate:{name}"
    cache.add(key, 0, timeout=seconds)
    try:
        count = cache.incr(key)
    except ValueError:  # the counter expired between the two calls
        return
    if count > most:
        raise RateLimited("rate", "操作过于频繁，请稍后再试。")
