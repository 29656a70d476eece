"""The HTTP transport against single made-up answers, and its pace."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from email.utils import formatdate

import httpx
import pytest

from national_sync.transport import wire
from national_sync.transport.base import (
    CredentialsRefused,
    Key,
    OutgoingBatch,
    Transport,
    TransportDown,
    TransportRefused,
    UnknownBatch,
)
from national_sync.transport.http import Endpoint, HttpTransport
from national_sync.transport.pace import Backoff, TokenBucket
from national_sync.transport.workbook import WorkbookTransport
from tests.national_sync.simulator_process import line, origin

HERE = "http://127.0.0.1:1"
Answer = Callable[[httpx.Request], httpx.Response]


class Answering:
    """A transport that is answered by `answers` in turn, the last one for ever."""

    def __init__(
        self, *answers: httpx.Response | Exception, backoff: Backoff | None = None
    ) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        self.transport = HttpTransport(
            Endpoint(HERE, "c", "s"),
            backoff=backoff or Backoff(first=1, attempts=3),
            sleep=self.pauses.append,
            wire_transport=httpx.MockTransport(self._answer),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def refused(status: int, error: str = "x", **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"error": error, "text": "文"}, headers=headers)


RECEIVED = httpx.Response(202, json={"batch": "b", "received": 1})
BATCH = OutgoingBatch("b", [line(1)])


def test_every_attempt_is_signed_anew() -> None:
    a = Answering(refused(500), refused(503), RECEIVED)
    assert a.transport.submit(BATCH).received == 1
    assert len({r.headers["X-Nonce"] for r in a.requests}) == 3
    assert len({r.headers["X-Signature"] for r in a.requests}) == 3
    assert len({r.content for r in a.requests}) == 1
    assert len(a.pauses) == 2


def test_a_retry_after_is_kept() -> None:
    a = Answering(refused(503, **{"Retry-After": "7"}), RECEIVED)
    a.transport.submit(BATCH)
    assert 7 <= a.pauses[0] <= 8
    moment = formatdate(time.time() + 20, usegmt=True)
    a = Answering(refused(429, **{"Retry-After": moment}), RECEIVED)
    a.transport.submit(BATCH)
    assert 18 <= a.pauses[0] <= 21


@pytest.mark.parametrize("value", ["soon", "²", "-3"])
def test_a_retry_after_that_is_none(value: str) -> None:
    a = Answering(
        httpx.Response(503, headers=[(b"Retry-After", value.encode("latin-1"))]), RECEIVED
    )
    a.transport.submit(BATCH)
    assert a.pauses[0] <= 1


def test_a_retry_after_beyond_patience_is_handed_on() -> None:
    a = Answering(refused(503, **{"Retry-After": "3600"}))
    with pytest.raises(TransportDown) as down:
        a.transport.submit(BATCH)
    assert (down.value.retry_after, a.pauses) == (3600, [])


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_answers_that_may_change(status: int) -> None:
    a = Answering(httpx.Response(status, text="<html>"))
    with pytest.raises(TransportDown) as down:
        a.transport.results()
    assert (len(a.requests), down.value.code) == (3, f"http_{status}")


@pytest.mark.parametrize("status", [400, 405, 409, 411, 413, 422, 301, 307])
def test_answers_that_stay(status: int) -> None:
    a = Answering(refused(status, "why", Location="http://elsewhere.example/"))
    with pytest.raises(TransportRefused) as refusal:
        a.transport.submit(BATCH)
    assert (refusal.value.code, refusal.value.text, len(a.requests)) == ("why", "文", 1)


def test_answers_about_us() -> None:
    for status in (401, 403):
        a = Answering(refused(status, "bad_signature"))
        with pytest.raises(CredentialsRefused):
            a.transport.results()
        assert len(a.requests) == 1


def test_a_nonce_used_before_is_our_chance_again() -> None:
    a = Answering(refused(403, "replayed_nonce"), RECEIVED)
    assert a.transport.submit(BATCH).received == 1


def test_a_missing_record_is_none() -> None:
    with pytest.raises(UnknownBatch):
        Answering(refused(404, "unknown_batch")).transport.poll("b")
    assert Answering(refused(404, "unknown_record")).transport.record(Key("1", 2026, "1")) is None
    for call in (lambda t: t.poll("b"), lambda t: t.record(Key("1", 2026, "1"))):
        with pytest.raises(TransportRefused) as refusal:  # a gateway's 404 is no answer to this
            call(Answering(httpx.Response(404, text="nginx")).transport)
        assert refusal.value.code == "http_404"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>登录</html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"batch": "other", "received": 1}),
        httpx.Response(200, json={"batch": "b", "received": 2}),
        httpx.Response(200, json={"batch": "b"}),
        httpx.Response(200, content=b"\xff\xfe"),
    ],
)
def test_an_answer_of_another_kind_is_none(answer: httpx.Response) -> None:
    a = Answering(answer)
    with pytest.raises(TransportDown) as down:
        a.transport.submit(BATCH)
    assert (down.value.code, len(a.requests)) == ("bad_answer", 3)


@pytest.mark.parametrize(
    "answer",
    [
        {"batch": "b", "state": "lost", "results": []},
        {"batch": "c", "state": "done", "results": []},
        {"batch": "b", "state": "done", "results": {"line": "1"}},
    ],
)
def test_a_status_of_another_kind_is_none(answer: dict) -> None:
    with pytest.raises(TransportDown):
        Answering(httpx.Response(200, json=answer)).transport.poll("b")


def test_lists_that_do_not_go_on() -> None:
    page = {"records": [], "next": "2026/1", "total": 1}
    with pytest.raises(TransportDown):
        Answering(httpx.Response(200, json=page)).transport.records("1", after="2026/1")
    with pytest.raises(TransportDown):
        Answering(httpx.Response(200, json={"results": [], "next": 3})).transport.results(5)


def test_a_fault_without_a_list() -> None:
    row = {"line": "1", "version": 1, "verdict": "rejected", "kind": "k", "code": "c",
           "field": None, "text": "t"}  # fmt: skip
    answer = {"batch": "b", "state": "done", "results": [row]}
    (result,) = Answering(httpx.Response(200, json=answer)).transport.poll("b").results
    assert result.fault is not None
    assert (result.fault.kind, result.fault.field, result.fault.text) == ("k", "", "t")


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"),
              httpx.DecodingError("x")]
)  # fmt: skip
def test_what_goes_wrong_under_way(error: Exception) -> None:
    a = Answering(error, RECEIVED)
    assert a.transport.submit(BATCH).received == 1
    with pytest.raises(TransportDown) as down:
        Answering(error).transport.results()
    assert down.value.__cause__ is error


def test_names_are_escaped_in_paths() -> None:
    a = Answering(refused(404, "unknown_record"))
    a.transport.record(Key("1/../2", 2026, "a?b#c"))
    assert a.requests[0].url.raw_path == b"/v1/records/1%2F..%2F2/2026/a%3Fb%23c"


def test_the_same_batch_is_the_same_bytes() -> None:
    turned = dict(reversed(origin(1).items()))
    assert wire.batch_body(OutgoingBatch("b", [line(1, record=turned)])) == wire.batch_body(BATCH)
    assert json.loads(wire.batch_body(BATCH))["lines"][0]["record"] == origin(1)


@pytest.mark.parametrize("url", ["http://national.example.cn", "ftp://127.0.0.1", "127.0.0.1:80"])
def test_personal_data_go_encrypted(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Endpoint(url, "c", "s")


def test_where_the_endpoint_is() -> None:
    assert Endpoint(HERE, "c", "s").is_local
    assert not Endpoint("https://national.example.cn/api", "c", "s").is_local
    with pytest.raises(ValueError, match="secret"):
        Endpoint(HERE, "c", "")


def test_both_ways_have_one_interface(tmp_path) -> None:
    assert isinstance(Answering(RECEIVED).transport, Transport)
    assert isinstance(WorkbookTransport(tmp_path), Transport)


# --- pace ------------------------------------------------------------------------------------


def test_the_bucket_limits_over_time() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    bucket = TokenBucket(10, 3, clock=lambda: now[0], sleep=sleep)
    for _ in range(13):
        bucket.acquire()
    assert now[0] == pytest.approx(1.0)
    now[0] += 100
    slept.clear()
    for _ in range(3):
        bucket.acquire()
    assert slept == []
    bucket.acquire()
    assert len(slept) == 1


def test_the_bucket_is_shared_by_threads() -> None:
    bucket = TokenBucket(100, 1)
    started = time.monotonic()
    threads = [threading.Thread(target=bucket.acquire) for _ in range(21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.19 <= time.monotonic() - started < 1


def test_attempts_take_tokens() -> None:
    taken = []

    class Counted(TokenBucket):
        def acquire(self) -> None:
            taken.append(1)

    a = Answering(refused(500), RECEIVED)
    a.transport._bucket = Counted(1, 1)
    a.transport.submit(BATCH)
    assert len(taken) == 2


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (1, 0), (-1, 1)])
def test_impossible_buckets_are_refused(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        TokenBucket(rate, burst)


def test_pauses_grow_and_scatter() -> None:
    backoff, chance = Backoff(first=1, most=8, attempts=10), random.Random(1)
    pauses = [[backoff.pause(n, None, chance) or 0 for _ in range(300)] for n in range(1, 7)]
    tops = [max(p) for p in pauses]
    for top, limit in zip(tops, (1, 2, 4, 8, 8, 8), strict=True):
        assert 0.9 * limit < top <= limit
    assert min(pauses[5]) < 1
    assert backoff.pause(10, None, chance) is None
