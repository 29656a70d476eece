"""The national system over HTTP: requests are signed, repeated where that is safe, and made
several at a time."""

from __future__ import annotations

import datetime
import email.utils
import json
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote, urlencode

import httpx

from national_sync.transport import wire
from national_sync.transport.base import (
    MOST_LINES,
    BatchStatus,
    CredentialsRefused,
    HeldPage,
    HeldRecord,
    Key,
    OutgoingBatch,
    Receipt,
    ResultPage,
    TransportDown,
    TransportRefused,
    UnknownBatch,
)
from national_sync.transport.pace import Backoff, TokenBucket
from national_sync.transport.signature import signed_headers

Made = TypeVar("Made")

# It writes every address at INFO, and addresses of records name a 考生号.
logging.getLogger("httpx").setLevel(logging.WARNING)

_LATER = frozenset((408, 425, 429, 500, 502, 503, 504))
# Refusals that the next attempt, signed anew, may well not meet.
_SIGN_AGAIN = frozenset(("replayed_nonce",))
# Bytes of one answer, unpacked. A page of 5,000 results has 3 MB.
_LONGEST_ANSWER = 32 * 1024 * 1024
# Seconds for one answer that keeps coming, however slowly.
_LONGEST_READ = 120.0
# No wait that they ask for is longer: a number without sense must not stop the uploads for years.
_LONGEST_WAIT = 24 * 3600.0
_LOOPBACK = frozenset(("127.0.0.1", "localhost", "::1"))


@dataclass(frozen=True)
class Timeouts:
    """Seconds. `read` is for one answer, however long the batch."""

    connect: float = 5.0
    read: float = 30.0
    write: float = 30.0
    pool: float = 60.0


@dataclass(frozen=True)
class Endpoint:
    """Where the national system is and who we are there. Personal data leave this machine only
    encrypted: any address but https must be a loopback address."""

    url: str
    client: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        url = httpx.URL(self.url)
        if url.scheme != "https" and not (url.scheme == "http" and url.host in _LOOPBACK):
            raise ValueError("the national system is reached by https, or http on this machine")
        if not (self.client and self.secret):
            raise ValueError("client and secret of the national system are needed")

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is on this machine, and so a simulator: only there may codes
        marked 模拟 be sent."""
        return httpx.URL(self.url).host in _LOOPBACK


_TIMEOUTS, _BACKOFF = Timeouts(), Backoff()


class _Failed(Exception):
    """One attempt failed in a way that another attempt may not."""

    def __init__(self, code: str, text: str, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.down = TransportDown(code, text, retry_after=retry_after)


class HttpTransport:
    """One per process; its connections are shared by threads and kept open between calls.

    Every call of the protocol may be repeated (a batch is known by its id), so all of them are,
    within the bounds of `backoff`. `bucket` limits requests a second, attempts included.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeouts: Timeouts = _TIMEOUTS,
        backoff: Backoff = _BACKOFF,
        bucket: TokenBucket | None = None,
        connections: int = 8,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        wire_transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._endpoint, self._backoff, self._bucket = endpoint, backoff, bucket
        self._clock, self._sleep = clock, sleep
        # Jitter, not a secret.
        self._chance = random.Random()  # noqa: S311
        self._http = httpx.Client(
            base_url=endpoint.url,
            timeout=httpx.Timeout(
                connect=timeouts.connect,
                read=timeouts.read,
                write=timeouts.write,
                pool=timeouts.pool,
            ),
            limits=httpx.Limits(
                max_connections=connections,
                max_keepalive_connections=connections,
                keepalive_expiry=30,
            ),
            headers={"Accept": "application/json", "User-Agent": "graduate-destinations"},
            follow_redirects=False,
            trust_env=False,
            transport=wire_transport,
        )

    # --- the interface -----------------------------------------------------------------------

    def submit(self, batch: OutgoingBatch) -> Receipt:
        if not 0 < len(batch.lines) <= MOST_LINES:
            raise TransportRefused("batch_size", f"{len(batch.lines)} lines")
        body = wire.batch_body(batch)
        return self._call("POST", "/v1/batches", lambda a: wire.receipt(a, batch), body=body)

    def poll(self, batch_id: str) -> BatchStatus:
        path = f"/v1/batches/{quote(batch_id, safe='')}"
        try:
            return self._call("GET", path, lambda a: wire.batch_status(a, batch_id))
        except _Missing as error:
            if error.code == "unknown_batch":
                raise UnknownBatch(batch_id) from None
            raise

    def results(self, after: int = 0, *, limit: int = 1000) -> ResultPage:
        query = urlencode({"after": after, "limit": limit})
        return self._call("GET", f"/v1/results?{query}", lambda a: wire.result_page(a, after))

    def records(
        self, school: str, *, year: int | None = None, after: str | None = None, limit: int = 500
    ) -> HeldPage:
        asked = {"school": school, "limit": str(limit)}
        asked |= {"year": str(year)} if year is not None else {}
        asked |= {"after": after} if after is not None else {}
        path = f"/v1/records?{urlencode(asked)}"
        return self._call("GET", path, lambda a: wire.held_page(a, after))

    def record(self, key: Key) -> HeldRecord | None:
        try:
            return self._call("GET", _record_path(key), wire.held_record)
        except _Missing as error:
            if error.code == "unknown_record":
                return None
            raise

    @property
    def endpoint(self) -> Endpoint:
        return self._endpoint

    def __enter__(self) -> HttpTransport:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # --- beyond the interface: aids for tests and demo, offered by the simulator only -----------

    def confirm(self, key: Key, *, confirmed: bool = True) -> HeldRecord:
        """Confirm as the graduate does inside the national system."""
        body = wire.compact({"confirmed": confirmed}).encode()
        return self._call("POST", f"{_record_path(key)}/confirmation", wire.held_record, body=body)

    def admin(self, what: str, **asked: Any) -> Any:
        """POST /admin/<what> of the simulator: faults, registry, units, lists."""
        return self._call("POST", f"/admin/{what}", lambda a: a, body=wire.compact(asked).encode())

    # --- one call, several attempts ------------------------------------------------------------

    def _call(
        self, method: str, target: str, read: Callable[[Any], Made], *, body: bytes = b""
    ) -> Made:
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._attempt(method, target, read, body)
            except _Failed as failed:
                after = failed.down.retry_after
                pause = self._backoff.pause(attempt, after, self._chance)
                if pause is None:
                    raise failed.down from failed.__cause__
            self._sleep(pause)

    def _attempt(self, method: str, target: str, read: Callable[[Any], Made], body: bytes) -> Made:
        if self._bucket is not None:
            self._bucket.acquire()
        headers = {"Content-Type": "application/json"} if body else {}
        request = self._http.build_request(method, target, content=body, headers=headers)
        request.headers.update(
            signed_headers(
                client=self._endpoint.client,
                secret=self._endpoint.secret.encode(),
                method=method,
                target=request.url.raw_path.decode("ascii"),
                body=body,
                now=self._clock(),
            )
        )
        try:
            response = self._http.send(request, stream=True)
            try:
                content = _read_bounded(response)
            finally:
                response.close()
        except httpx.TimeoutException as error:
            raise _Failed("timeout", type(error).__name__) from error
        except httpx.TransportError as error:
            raise _Failed("unreachable", type(error).__name__) from error
        except httpx.DecodingError as error:
            raise _Failed("bad_answer", type(error).__name__) from error
        if not response.is_success:
            self._refuse(response, content)
        try:
            return read(json.loads(content))
        except wire.BadAnswer as error:
            raise _Failed(error.code, error.text) from error
        except Exception as error:  # whatever it is, it is no answer in the protocol's form
            raise _Failed("bad_answer", type(error).__name__) from error

    def _refuse(self, response: httpx.Response, content: bytes) -> NoReturn:
        status = response.status_code
        code, text = _said(response, content)
        if status in _LATER or code in _SIGN_AGAIN:
            raise _Failed(code, text, _retry_after(response, self._clock()))
        if code == "stale_timestamp":
            # One of the clocks is wrong. Ours or theirs will be put right; nothing we sent is bad.
            raise TransportDown(code, text)
        if status in (401, 403):
            raise CredentialsRefused(code, text)
        if status == 404:
            raise _Missing(code, text)
        raise TransportRefused(code, text)


class _Missing(TransportRefused):
    """The answer was 404; the caller knows what that means."""


def _record_path(key: Key) -> str:
    parts = (key.school, str(key.year), key.exam_no)
    return "/v1/records/" + "/".join(quote(part, safe="") for part in parts)


def _read_bounded(response: httpx.Response) -> bytes:
    """The whole answer, unless it is too long or takes too long."""
    content, ends = bytearray(), time.monotonic() + _LONGEST_READ
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > _LONGEST_ANSWER:
            raise _Failed("too_long", f"more than {_LONGEST_ANSWER} bytes")
        if time.monotonic() > ends:
            raise _Failed("timeout", "the answer does not end")
    return bytes(content)


def _said(response: httpx.Response, content: bytes) -> tuple[str, str]:
    """Slug and sentence of a refusal, whatever kind of server answered."""
    try:
        answer = json.loads(content)
        return wire.words(answer["error"], 60), wire.words(answer.get("text") or "", 500)
    except Exception:  # a gateway's page, say
        return f"http_{response.status_code}", response.reason_phrase


def _retry_after(response: httpx.Response, now: float) -> float | None:
    """Seconds of a Retry-After, which is a number or a date (RFC 9110, 10.2.3)."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST_WAIT)
    if not value:
        return None
    try:
        moment = email.utils.parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        return min(max(0.0, moment.timestamp() - now), _LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return None
