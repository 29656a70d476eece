"""The protocol, transport against simulator over real HTTP: batches, results, records."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import socket
import time
from typing import Any

import httpx
import pytest

from national_sync.transport import wire
from national_sync.transport.base import (
    CredentialsRefused,
    Key,
    OutgoingBatch,
    Transport,
    TransportRefused,
    UnknownBatch,
    all_records,
)
from national_sync.transport.http import Endpoint, HttpTransport
from tests.national_sync.simulator_process import (
    ARCHIVE,
    CLIENT,
    EMPLOYED,
    QUICK,
    SCHOOL,
    SECRET,
    YEAR,
    Simulator,
    exam_no,
    line,
    origin,
)


def test_a_batch_from_submitting_to_its_results(simulator: Simulator) -> None:
    simulator.register(1)
    transport = simulator.transport()
    assert isinstance(transport, Transport)
    batch = OutgoingBatch("whole", [line(1), line(1, "destination"), line(1, "archive")])
    receipt = transport.submit(batch)
    assert (receipt.batch, receipt.received) == ("whole", 3)
    status = simulator.wait("whole")
    assert [r.verdict for r in status.results] == ["accepted"] * 3
    numbers = status.results[2].returns
    assert len(numbers["转递编号"]) == 18
    assert numbers["转递编号"].startswith("2610357")
    assert len(numbers["核验编号"]) == 12
    held = transport.record(Key(SCHOOL, YEAR, exam_no(1)))
    assert held is not None
    assert held.parts["destination"].record == EMPLOYED
    assert held.parts["archive"].returns == numbers
    assert held.confirmation.state == "unconfirmed"
    assert transport.record(Key(SCHOOL, YEAR, exam_no(2))) is None


def test_a_batch_sent_again_is_judged_once(simulator: Simulator) -> None:
    simulator.register(1)
    transport = simulator.transport()
    batch = OutgoingBatch("again", [line(1)])
    assert {transport.submit(batch) for _ in range(3)} == {transport.submit(batch)}
    first = simulator.wait("again").results
    transport.submit(batch)
    assert simulator.wait("again").results == first
    assert simulator.sql("SELECT count(*) FROM result") == [(1,)]


def test_the_order_of_fields_is_no_other_content(simulator: Simulator) -> None:
    body = wire.batch_body(OutgoingBatch("order", [line(1)]))
    turned = json.dumps(dict(reversed(json.loads(body).items()))).encode()
    assert turned != body
    assert signed(simulator, "POST", "/v1/batches", body).status_code == 202
    assert signed(simulator, "POST", "/v1/batches", turned).status_code == 202


def test_the_same_id_with_other_content_is_refused(simulator: Simulator) -> None:
    transport = simulator.transport()
    transport.submit(OutgoingBatch("taken", [line(1)]))
    with pytest.raises(TransportRefused) as refusal:
        transport.submit(OutgoingBatch("taken", [line(1, version=2)]))
    assert refusal.value.code == "batch_conflict"
    assert simulator.wait("taken").results[0].version == 1


def test_a_batch_that_never_arrived_is_unknown(simulator: Simulator) -> None:
    for name in ("never", "odd/name ü"):
        with pytest.raises(UnknownBatch):
            simulator.transport().poll(name)


def test_results_come_as_one_stream(simulator: Simulator) -> None:
    simulator.register(*range(1, 8))
    transport = simulator.transport()
    for number in range(1, 8):
        simulator.judged(OutgoingBatch(f"s{number}", [line(number)]), transport)
    seen, after = [], 0
    while True:
        page = transport.results(after, limit=3)
        if not page.results:
            break
        seen += [r.batch for r in page.results]
        assert page.next == page.results[-1].seq
        after = page.next
    assert seen == [f"s{n}" for n in range(1, 8)]
    assert transport.results(after).next == after


def test_records_by_pages(simulator: Simulator) -> None:
    simulator.register(*range(1, 12))
    lines = [line(n) for n in range(1, 12)] + [line(n, "destination") for n in range(1, 12, 2)]
    lines.append(line(50, year=YEAR + 1, school="99999"))
    simulator.judged(OutgoingBatch("many", lines))
    transport = simulator.transport()
    for limit in (1, 4, 11, 500):
        held = list(all_records(transport, SCHOOL, limit=limit))
        assert [r.key.exam_no for r in held] == [exam_no(n) for n in range(1, 12)]
        assert [len(r.parts) for r in held] == [2, 1] * 5 + [2]
    assert transport.records(SCHOOL, limit=4).total == 11
    assert transport.records(SCHOOL, year=YEAR + 1).records == ()
    assert transport.records("99999").total == 0


def test_a_change_in_the_simulators_database_is_seen(simulator: Simulator) -> None:
    """What reconciliation is tested by: a value, a missing row, an extra row."""
    simulator.register(1, 2)
    simulator.judged(OutgoingBatch("alter", [line(1), line(2), line(1, "destination")]))
    simulator.sql(
        """UPDATE held SET fields = fields || '{"dwmc": "别的单位"}' WHERE part = 'destination'"""
    )
    simulator.sql("DELETE FROM held WHERE exam_no = %s", exam_no(2))
    simulator.sql(
        "INSERT INTO held (school, year, exam_no, part, version, fields)"
        " VALUES (%s, %s, %s, 'origin', 9, '{}')",
        SCHOOL, YEAR, exam_no(3),
    )  # fmt: skip
    held = {r.key.exam_no: r for r in all_records(simulator.transport(), SCHOOL)}
    assert set(held) == {exam_no(1), exam_no(3)}
    assert held[exam_no(1)].parts["destination"].record["dwmc"] == "别的单位"
    assert held[exam_no(3)].parts["origin"].version == 9


# --- versions and modes ----------------------------------------------------------------------


def test_an_older_version_never_overwrites(simulator: Simulator) -> None:
    simulator.register(1)
    new = line(1, record=origin(1, mobilePhone="13900000009"), version=9)
    assert simulator.verdict(new).accepted
    late = simulator.verdict(line(1, version=3))
    assert (late.accepted, late.version) == (True, 3)
    (held,) = all_records(simulator.transport(), SCHOOL)
    assert held.parts["origin"].version == 9
    assert held.parts["origin"].record["mobilePhone"] == "13900000009"


def test_both_versions_in_one_batch(simulator: Simulator) -> None:
    simulator.register(1)
    lines = [line(1, version=5), line(1, version=4, record=origin(1, mobilePhone="1"))]
    assert all(r.accepted for r in simulator.judged(OutgoingBatch("both", lines)).results)
    (held,) = all_records(simulator.transport(), SCHOOL)
    assert held.parts["origin"].version == 5


def test_update_of_somebody_new_within_the_batch(simulator: Simulator) -> None:
    simulator.register(1)
    lines = [line(1, "destination", mode="update"), line(1)]
    assert all(r.accepted for r in simulator.judged(OutgoingBatch("mixed", lines)).results)


def test_a_refused_version_changes_nothing(simulator: Simulator) -> None:
    simulator.register(1)
    assert simulator.verdict(line(1)).accepted
    assert not simulator.verdict(line(1, record=origin(1, syszddm="340000"), version=2)).accepted
    (held,) = all_records(simulator.transport(), SCHOOL)
    assert held.parts["origin"].version == 1


def test_an_archive_keeps_its_numbers(simulator: Simulator) -> None:
    simulator.register(1)
    first = simulator.verdict(line(1, "archive"))
    other = line(1, "archive", ARCHIVE | {"dazjlxr": "别人"}, version=2)
    assert simulator.verdict(other).returns == first.returns


def test_a_confirmation_lapses_with_what_it_was_given_for(simulator: Simulator) -> None:
    simulator.register(1)
    transport = simulator.transport()
    simulator.judged(OutgoingBatch("c1", [line(1), line(1, "destination")]))
    key = Key(SCHOOL, YEAR, exam_no(1))
    assert transport.confirm(key).confirmation.state == "confirmed"
    simulator.verdict(line(1, version=2))
    assert confirmation(transport, key) == "confirmed"  # the same values again
    simulator.verdict(line(1, "destination", EMPLOYED | {"dwlxr": "别人"}, version=2))
    assert confirmation(transport, key) == "lapsed"
    assert transport.confirm(key).confirmation.state == "confirmed"
    assert transport.confirm(key, confirmed=False).confirmation.state == "unconfirmed"


def confirmation(transport: HttpTransport, key: Key) -> str:
    held = transport.record(key)
    assert held is not None
    return held.confirmation.state


# --- who may call ----------------------------------------------------------------------------


def signed(
    simulator: Simulator,
    method: str,
    target: str,
    body: bytes = b"",
    *,
    secret: str = SECRET,
    at: float | None = None,
    nonce: str = "",
    signed_body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """A request signed by hand, as the document says."""
    stamp, nonce = str(int(at or time.time())), nonce or secrets.token_hex(12)
    digest = hashlib.sha256(body if signed_body is None else signed_body).hexdigest()
    message = f"{method}\n{target}\n{stamp}\n{nonce}\n{digest}".encode()
    sent = {
        "X-Client": CLIENT,
        "X-Timestamp": stamp,
        "X-Nonce": nonce,
        "X-Signature": hmac.new(secret.encode(), message, hashlib.sha256).hexdigest(),
        **(headers or {}),
    }
    with httpx.Client(trust_env=False) as client:
        return client.request(method, simulator.url + target, content=body, headers=sent)


def test_signed_as_the_document_says(simulator: Simulator) -> None:
    assert signed(simulator, "GET", "/v1/results?after=0").status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"secret": "another"}, 401, "bad_signature"),
        ({"signed_body": b"other"}, 401, "bad_signature"),
        ({"headers": {"X-Client": "stranger"}}, 401, "bad_signature"),
        ({"headers": {"X-Signature": ""}}, 401, "unsigned"),
        ({"headers": {"X-Timestamp": "soon"}}, 401, "bad_signature"),
        ({"nonce": "short"}, 401, "bad_nonce"),
        # Far off, since these are worked out when the tests are collected.
        ({"at": time.time() - 4000}, 401, "stale_timestamp"),
        ({"at": time.time() + 4000}, 401, "stale_timestamp"),
    ],
)
def test_requests_with_a_wrong_signature_are_refused(
    changes: dict[str, Any], status: int, error: str, simulator: Simulator
) -> None:
    answer = signed(simulator, "GET", "/v1/results", **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_request_counts_once(simulator: Simulator) -> None:
    nonce = secrets.token_hex(12)
    assert signed(simulator, "GET", "/v1/results", nonce=nonce).status_code == 200
    again = signed(simulator, "GET", "/v1/results", nonce=nonce)
    assert (again.status_code, again.json()["error"]) == (403, "replayed_nonce")


def test_a_request_for_one_thing_is_not_one_for_another(simulator: Simulator) -> None:
    with httpx.Client(trust_env=False) as client:
        request = signed(simulator, "GET", "/v1/results?after=5").request
        moved = client.get(f"{simulator.url}/v1/results?after=0", headers=request.headers)
    assert moved.json()["error"] == "bad_signature"


def test_a_wrong_secret_is_no_fault_of_the_batch(simulator: Simulator) -> None:
    endpoint = Endpoint(simulator.url, CLIENT, "wrong")
    assert "wrong" not in repr(endpoint)
    transport = HttpTransport(endpoint, backoff=QUICK)
    with pytest.raises(CredentialsRefused) as refusal:
        transport.submit(OutgoingBatch("b", [line(1)]))
    assert refusal.value.code == "bad_signature"
    transport.close()


def test_health_needs_no_signature(simulator: Simulator) -> None:
    with httpx.Client(trust_env=False) as client:
        answer = client.get(f"{simulator.url}/health").json()
    assert answer == {"state": "ok", "waiting": 0, "faults": {}}


# --- what is no batch ------------------------------------------------------------------------


def body_of(**changes: Any) -> bytes:
    value = json.loads(wire.batch_body(OutgoingBatch("bad", [line(1)])))
    value["lines"][0] |= changes
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"", 400, "not_json"),
        (b"{", 400, "not_json"),
        (b"[" * 100_000, 400, "not_json"),
        (b'{"batch": NaN}', 400, "not_json"),
        (b"[]", 422, "shape"),
        (b'{"batch": "b"}', 422, "shape"),
        (b'{"batch": "", "lines": []}', 422, "batch_id"),
        (b'{"batch": "a b", "lines": []}', 422, "batch_id"),
        (b'{"batch": "b", "lines": []}', 422, "lines"),
        (b'{"batch": "b", "lines": [1]}', 422, "line"),
        (body_of(part="face"), 422, "line"),
        (body_of(mode="delete"), 422, "line"),
        (body_of(version=0), 422, "line"),
        (body_of(version=True), 422, "line"),
        (body_of(version=1.0), 422, "line"),
        (body_of(record={"xm": 1}), 422, "line"),
        (body_of(record={"xm": None}), 422, "line"),
        (body_of(record={"xm": "长" * 501}), 422, "line"),
        (body_of(record={"x m": ""}), 422, "line"),
        (body_of(record={"xm": "\0"}), 400, "not_json"),
        (body_of(record={"xm": "\ud800"}), 400, "not_json"),
        (body_of(key={"school": "1", "year": 2026}), 422, "line"),
        (body_of(key={"school": "1", "year": "2026", "exam_no": "1"}), 422, "line"),
        (body_of(key={"school": "1", "year": 2026, "exam_no": "1'2"}), 422, "line"),
        (body_of(extra=1), 422, "line"),
        (wire.batch_body(OutgoingBatch("two", [line(1), line(1)])), 422, "line"),
        (wire.batch_body(OutgoingBatch("big", [line(n) for n in range(1001)])), 413, "too_many_lines"),
    ],
)  # fmt: skip
def test_malformed_batches_are_refused(
    body: bytes, status: int, error: str, simulator: Simulator
) -> None:
    answer = signed(simulator, "POST", "/v1/batches", body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["text"]
    assert simulator.sql("SELECT count(*) FROM batch") == [(0,)]


def test_escaped_backslashes_are_text(simulator: Simulator) -> None:
    body = body_of(record={"xm": "\\u0000"})
    assert signed(simulator, "POST", "/v1/batches", body).status_code == 202


@pytest.mark.parametrize(
    ("header", "status"),
    [("Content-Length: 9000000", 413), ("Content-Length: -1", 411), ("Content-Length: ²", 411),
     ("Transfer-Encoding: chunked", 411)],
)  # fmt: skip
def test_too_large_and_unmeasured_bodies(header: str, status: int, simulator: Simulator) -> None:
    """Refused before a byte of the body is read."""
    with socket.create_connection(("127.0.0.1", simulator.port), timeout=5) as s:
        s.sendall(f"POST /v1/batches HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode("latin-1"))
        assert s.recv(1000).startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/", 404), ("GET", "/v1/batches", 405), ("DELETE", "/v1/batches", 501),
        ("GET", "/v1/records", 400), ("GET", "/v1/records?school=1;2", 400),
        ("GET", "/v1/records?school=1&limit=5000", 400), ("GET", "/v1/results?after=-1", 400),
        ("GET", "/v1/records?school=1&after=x", 400), ("GET", "/v1/records/1/2026/a%00b", 404),
        ("GET", "/v1/records/1/2026/1", 404), ("POST", "/v1/records/1/2026/1/confirmation", 400),
    ],
)  # fmt: skip
def test_other_requests(method: str, target: str, status: int, simulator: Simulator) -> None:
    answer = signed(simulator, method, target)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_our_side_refuses_a_batch_too_large(simulator: Simulator) -> None:
    for lines in ([], [line(n) for n in range(1001)]):
        with pytest.raises(TransportRefused) as refusal:
            simulator.transport().submit(OutgoingBatch("size", lines))
        assert refusal.value.code == "batch_size"


def test_every_character_arrives(simulator: Simulator) -> None:
    simulator.sql(
        "INSERT INTO registry (school, year, exam_no, name) VALUES (%s, %s, %s, '𠮷·㛃')",
        SCHOOL, YEAR, exam_no(1),
    )  # fmt: skip
    record = origin(1, xm="𠮷·㛃", jtdz='引号" 反斜\\ 换行\n')
    assert simulator.verdict(line(1, record=record)).accepted
    (held,) = all_records(simulator.transport(), SCHOOL)
    assert held.parts["origin"].record == record
