"""The cache in Valkey. While Valkey is away, full or a replica, everything is a miss."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache

from core import outage

T = TypeVar("T")
# After Valkey did not answer it is left alone for so many seconds, so that pages don't wait for it.
_PAUSE = 5.0
# Errors after which reading would be of no use either: a replica is behind, or never catches up.
_AWAY = (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError)


class _State:
    """What all threads of this process know about Valkey."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.away_until = 0.0
        # Keys whose new value could not be written, or which could not be deleted: Valkey has an
        # older value, which must not be read once Valkey is there again. A session would come back.
        self.outdated: set[str] = set()


_state = _State()


class FailOpenCache(RedisCache):
    """Django's cache in Redis, with which a page works without Valkey too.

    Reads find nothing, writes do nothing, and `add` says that the key is new: limits that are counted
    in the cache are open meanwhile. Keys whose write failed are deleted before the next use.
    """

    def _ask(self, call: Callable[[], T], otherwise: T, *writes: str) -> T:
        """The answer of `call`, or else `otherwise`. `writes` are the full keys that it changes."""
        if time.monotonic() >= _state.away_until:
            try:
                self._delete_outdated()
                return call()
            except _AWAY as error:
                _state.away_until = time.monotonic() + _PAUSE
                outage.note("valkey", error)
            except redis.RedisError as error:  # full, among others
                outage.note("valkey", error)
        if writes:
            with _state.lock:
                _state.outdated.update(writes)
        return otherwise

    def _delete_outdated(self) -> None:
        with _state.lock:
            keys, _state.outdated = _state.outdated, set()
        if not keys:
            return
        try:
            self._cache.delete_many(keys)
        except redis.RedisError:
            with _state.lock:
                _state.outdated |= keys
            raise

    def add(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> bool:
        return self._ask(lambda: super(FailOpenCache, self).add(key, value, timeout, version), True)

    def get(self, key: str, default: Any = None, version: Any = None) -> Any:
        return self._ask(lambda: super(FailOpenCache, self).get(key, default, version), default)

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None
    ) -> None:
        full = self.make_and_validate_key(key, version=version)
        self._ask(lambda: super(FailOpenCache, self).set(key, value, timeout, version), None, full)

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return self._ask(lambda: super(FailOpenCache, self).touch(key, timeout, version), False)

    def delete(self, key: str, version: Any = None) -> bool:
        full = self.make_and_validate_key(key, version=version)
        return self._ask(lambda: super(FailOpenCache, self).delete(key, version), False, full)

    def get_many(self, keys: Any, version: Any = None) -> dict[str, Any]:
        keys = list(keys)
        return self._ask(lambda: super(FailOpenCache, self).get_many(keys, version), {})

    def has_key(self, key: str, version: Any = None) -> bool:
        return self._ask(lambda: super(FailOpenCache, self).has_key(key, version), False)

    def incr(self, key: str, delta: int = 1, version: Any = None) -> int:
        return self._ask(lambda: super(FailOpenCache, self).incr(key, delta, version), delta)

    def delete_many(self, keys: Any, version: Any = None) -> None:
        for key in keys:
            self.delete(key, version)
