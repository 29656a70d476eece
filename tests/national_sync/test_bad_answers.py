"""Whatever the national system answers: staff read what is the matter, no record is moved wrongly, and
the other records go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from national_sync.actions import upload
from national_sync.actions.apply import apply_results
from national_sync.mapping import Mapped, load_simulated
from national_sync.models import Batch, BatchLine, Entry, Feedback
from national_sync.states import BatchState, EntryState
from national_sync.transport import http, wire
from tests.factories import World
from tests.national_sync import reporting
from tests.national_sync.answering_server import AnsweringServer, Said, answers_to, said
from tests.national_sync.surviving import LONG_AGO

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(world: World) -> Iterator[AnsweringServer]:
    """It answers as agreed until a test says otherwise. Two graduates wait to be reported."""
    load_simulated()
    for _ in range(2):
        reporting.approved(world)
    made = AnsweringServer()
    yield made
    made.stop()


def run(server: AnsweringServer) -> upload.Report:
    Batch.objects.filter(state=BatchState.READY).update(due_at=LONG_AGO)
    with server.transport() as transport:
        return upload.run(transport, Mapped.load(simulated=True), seconds=5)


def states() -> set[str]:
    return set(Entry.objects.values_list("state", flat=True))


def answer_everything(server: AnsweringServer) -> None:
    """From now on it answers as agreed, and accepts all it was sent."""

    def page(after: int) -> Said:
        rows = [row for row in answers_to(server.taken[-1:]) if row["seq"] > after]
        return said({"results": rows, "next": rows[-1]["seq"] if rows else after})

    del server.submitted, server.batch
    fresh = AnsweringServer()
    server.submitted, server.batch, server.page = fresh.submitted, fresh.batch, page
    fresh.stop()


# --- answers to a batch ---------------------------------------------------------------------------

WAITS: dict[str, tuple[Said, str]] = {
    "garbage": (Said(b"\xff\x00\xfe garbage"), "无法读取"),
    "nothing": (Said(b""), "无法读取"),
    "truncated JSON": (Said(b'{"batch": "x", "rece'), "无法读取"),
    "fewer bytes than announced": (Said(b'{"batch"', missing=100), "无法连接"),
    "a page of a gateway": (Said("<html>登录</html>".encode()), "无法读取"),
    "null": (said(None), "无法读取"),
    "nulls": (said({"batch": None, "received": None}), "无法读取"),
    "another batch": (said({"batch": "other", "received": 4}), "无法读取"),
    "wrong types": (said({"batch": ["x"], "received": {"a": 1}}), "无法读取"),
    "not a number": (Said(b'{"batch": "x", "received": NaN}'), "无法读取"),
    "infinite": (Said(b'{"batch": "x", "received": 1e999}'), "无法读取"),
    "5,000 digits": (Said(b'{"batch": "x", "received": ' + b"9" * 5000 + b"}"), "无法读取"),
    "very deep": (Said(b"[" * 200_000), "无法读取"),
    "a surrogate": (Said(b'{"batch": "\\ud800", "received": 4}'), "无法读取"),
    "megabytes": (Said(b" " * 3_000_000), "过长"),
    "slow down": (said({"error": "slow"}, 429, Retry_After="600"), "暂时不能处理"),
    "slow down, without words": (Said(b"", 429, {"Retry-After": "600"}), "放慢"),
    "an endless wait": (said({"error": "slow"}, 503, Retry_After="9" * 400), "暂时不能处理"),
    "an absurd date": (
        said({"error": "x"}, 503, Retry_After="Fri, 31 Dec 9999 23:59:59 GMT"), "暂时不能处理",
    ),
    "an error with a surrogate": (
        Said(b'{"error": "\\ud800", "text": "\\u0000\\udfff"}', 500), "暂时不能处理",
    ),
    "not us": (said({"error": "client"}, 401), "核对密钥"),
}  # fmt: skip


@pytest.mark.parametrize("name", WAITS)
def test_a_batch_with_such_an_answer_waits_with_a_sentence_and_goes_later(
    name: str, server: AnsweringServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_LONGEST_ANSWER", 1_000_000)
    answer, words = WAITS[name]
    server.submitted = lambda batch: answer
    assert run(server).failed
    (batch,) = Batch.objects.all()
    assert (batch.state, words in batch.problem) == (BatchState.READY, True), batch.problem
    assert batch.due_at > timezone.now()
    assert batch.due_at < timezone.now() + timedelta(days=2)
    assert states() <= {EntryState.SENT, EntryState.WAITING}
    answer_everything(server)
    run(server)
    assert states() == {EntryState.ACCEPTED}


def test_a_retry_after_is_honoured(server: AnsweringServer) -> None:
    server.submitted = lambda batch: said({"error": "slow"}, 429, Retry_After="600")
    run(server)
    assert Batch.objects.get().due_at > timezone.now() + timedelta(seconds=590)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_says_so(status: int, server: AnsweringServer) -> None:
    server.submitted = lambda batch: Said(b"", status, {"Location": f"{server.url}/elsewhere"})
    run(server)
    batch = Batch.objects.get()
    assert batch.state == BatchState.PARKED
    assert "转到其他地址" in batch.problem
    assert server.elsewhere == 0, "no personal data go where an answer says"


def test_an_answer_that_never_ends_is_given_up(
    server: AnsweringServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_LONGEST_READ", 0.0)
    server.submitted = lambda batch: Said(b" " * 200_000)
    began = time.monotonic()
    run(server)
    assert time.monotonic() - began < 5
    assert "没有按时答复" in Batch.objects.get().problem


# --- answers about records ------------------------------------------------------------------------

Change = Callable[[dict[str, Any]], Any]
UNREADABLE: dict[str, Change] = {
    "null": lambda row: None,
    "a list": lambda row: [row],
    "no verdict": lambda row: row | {"verdict": None},
    "another verdict": lambda row: row | {"verdict": "perhaps"},
    "no version": lambda row: row | {"version": None},
    "a version that is true": lambda row: row | {"version": True},
    "a huge version": lambda row: row | {"version": 10**30},
    "returns that are no text": lambda row: row | {"returns": {"转递编号": {"a": 1}}},
    "a surrogate in returns": lambda row: row | {"returns": {"转递编号": "\ud800"}},
    "faults that are no list": lambda row: row | {"faults": 7},
}  # fmt: skip
NOT_OURS: dict[str, Change] = {
    "another batch": lambda row: row | {"batch": "00000000-0000-0000-0000-000000000000"},
    "another version": lambda row: row | {"version": row["version"] + 5},
    "an unknown line": lambda row: row | {"line": "999999999999"},
    "a line that is a word": lambda row: row | {"line": "x'; DROP TABLE"},
    "a line with a surrogate": lambda row: row | {"line": "\ud800"},
}  # fmt: skip
HARMLESS: dict[str, Change] = {
    "unknown keys": lambda row: row | {"extra": {"deep": [None] * 9}, "ts": "\ud800"},
    "an absurd date": lambda row: row | {"judged_at": "9999-12-31T23:59:59"},
    "a date of the year 1": lambda row: row | {"judged_at": "0001-01-01T00:00:00+23:59"},
    "a date that is a number": lambda row: row | {"judged_at": 5},
    "a date that is none": lambda row: row | {"judged_at": "tomorrow" * 50},
    "nulls": lambda row: row | {"judged_at": None, "returns": None, "faults": None},
}  # fmt: skip


def answer_with(server: AnsweringServer, change: Change) -> None:
    """Everything is accepted; the answer to the first line is changed."""

    def page(after: int) -> Said:
        if after or not server.taken:
            return said({"results": [], "next": after})
        first, *rest = answers_to(server.taken[-1:])
        return said({"results": [change(first), *rest], "next": len(rest) + 1})

    server.page = page


@pytest.mark.parametrize("name", [*UNREADABLE, *NOT_OURS])
def test_an_answer_that_cannot_be_one_moves_nothing_and_holds_up_no_other(
    name: str, server: AnsweringServer, settings: Any
) -> None:
    settings.NATIONAL_PATIENCE = 0.3
    answer_with(server, (UNREADABLE | NOT_OURS)[name])
    run(server)
    first = BatchLine.objects.order_by("pk").first()
    assert first is not None
    assert (first.verdict, first.entry.state) == ("", EntryState.SENT)
    assert Entry.objects.exclude(pk=first.entry_id).filter(state=EntryState.ACCEPTED).count() == 3
    batch = Batch.objects.get()
    assert batch.state == BatchState.SENT
    if name in UNREADABLE and name not in ("null", "a list"):
        assert "无法读取" in batch.problem
    # It is asked for again by its id, and answered then.
    server.batch = lambda b: said(
        {"batch": b, "state": "done", "results": answers_to(server.taken)}
    )
    with server.transport() as transport:
        upload.ask_for_overdue(transport, older_than=timedelta(0))
    assert states() == {EntryState.ACCEPTED}


def test_an_unreadable_answer_that_comes_before_the_receipt_is_told_too(
    server: AnsweringServer, settings: Any
) -> None:
    settings.NATIONAL_PATIENCE = 0.3
    answer_with(server, UNREADABLE["faults that are no list"])
    receipt, page, read = server.submitted, server.page, threading.Event()

    def page_after(after: int) -> Said:
        # Asked for what follows the answers: these have been applied, or are being applied.
        if server.taken and after:
            read.set()
        return page(after)

    def late_receipt(batch: dict[str, Any]) -> Said:
        assert read.wait(5)
        time.sleep(0.2)
        return receipt(batch)

    server.submitted, server.page = late_receipt, page_after
    run(server)
    assert "无法读取" in Batch.objects.get().problem


@pytest.mark.parametrize("name", HARMLESS)
def test_what_does_not_matter_does_not_matter(name: str, server: AnsweringServer) -> None:
    answer_with(server, HARMLESS[name])
    run(server)
    assert states() == {EntryState.ACCEPTED}
    answered = BatchLine.objects.values_list("answered_at", flat=True)
    assert all(at and at <= timezone.now() + timedelta(days=1) for at in answered)


def test_answers_that_contradict_each_other_move_nothing(
    server: AnsweringServer, settings: Any
) -> None:
    settings.NATIONAL_PATIENCE = 0.3

    def page(after: int) -> Said:
        if after or not server.taken:
            return said({"results": [], "next": after})
        rows = answers_to(server.taken[-1:])
        other = rows[0] | {"verdict": "rejected", "seq": 99, "faults": [{"text": "不符"}]}
        return said({"results": [*rows, other], "next": 99})

    server.page = page
    run(server)
    assert BatchLine.objects.filter(verdict="").count() == 1
    assert not Feedback.objects.exists()


def test_a_refusal_with_odd_words_is_a_refusal(server: AnsweringServer) -> None:
    fault = {"kind": "生源信息错误" * 50, "code": None, "field": ["x"], "text": "错\ud800\0" * 900}
    answer_with(server, lambda row: row | {"verdict": "rejected", "faults": [fault, {}]})
    run(server)
    assert states() == {EntryState.ACCEPTED, EntryState.REJECTED}
    assert Feedback.objects.filter(text__startswith="错?").count() == 1


PAGES: dict[str, Callable[[int], Said]] = {
    "garbage": lambda after: Said(b"garbage"),
    "a page of a gateway": lambda after: Said("<html>维护</html>".encode()),
    "no list": lambda after: said({"results": {"a": 1}, "next": after}),
    "going back": lambda after: said({"results": [], "next": -1}),
    "skipping answers": lambda after: said({"results": [], "next": 2**62}),
    "beyond all numbers": lambda after: said({"results": [], "next": 10**40}),
    "megabytes": lambda after: Said(b" " * 3_000_000),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_stream_that_cannot_be_read_stops_neither_sending_nor_answers(
    name: str, server: AnsweringServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches are asked for by their ids instead, and the place in the stream stays where it is."""
    monkeypatch.setattr(http, "_LONGEST_ANSWER", 1_000_000)
    server.page = PAGES[name]
    run(server)
    (batch,) = Batch.objects.all()
    assert (batch.state, "无法读取" in batch.problem) == (BatchState.SENT, True)
    server.batch = lambda b: said(
        {"batch": b, "state": "done", "results": answers_to(server.taken)}
    )
    run(server)
    assert states() == {EntryState.ACCEPTED}
    assert upload.place() == 0


# --- any answer -----------------------------------------------------------------------------------

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["\ud800", "\0", "accepted", "rejected", 2**31, 2**63, -1]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["kind", "code", "text", "field", "转递编号"]), inner),
    max_leaves=6,
)  # fmt: skip
_KEYS = ("batch", "line", "version", "verdict", "faults", "returns", "judged_at", "seq", "kind")
_CHANGES = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(_KEYS), _JSON), max_size=5)


class _Undone(Exception):
    pass


@settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(changes=_CHANGES, repeated=st.booleans())
def test_no_answer_whatever_moves_a_record_that_it_does_not_accept(
    server: AnsweringServer, changes: list[tuple[int, str, Any]], repeated: bool
) -> None:
    if not server.taken:
        with server.transport() as transport:
            upload.run(transport, Mapped.load(simulated=True), seconds=0.2)
    rows = answers_to(server.taken)
    right = [dict(row) for row in rows]
    for number, key, value in changes:
        rows[number] = rows[number] | {key: value}
    answer = {"results": rows * (2 if repeated else 1), "next": 4}
    try:
        page = wire.result_page(answer, 0)
    except (wire.BadAnswer, ValueError, KeyError, TypeError, AttributeError):
        return
    try:
        with transaction.atomic():
            apply_results(page.results, next_place=page.next)
            for row, sent in zip(rows, right, strict=True):
                state = Entry.objects.get(sent_lines__pk=int(sent["line"])).state
                untouched = all(row[k] == sent[k] for k in ("batch", "line", "version", "verdict"))
                assert state in (EntryState.SENT, EntryState.ACCEPTED, EntryState.REJECTED,
                                 EntryState.WAITING)  # fmt: skip
                if state == EntryState.ACCEPTED:
                    assert row["verdict"] == "accepted"
                    assert str(row["version"]) == str(sent["version"])
                if untouched and row == sent:
                    assert state == EntryState.ACCEPTED
            raise _Undone
    except _Undone:
        pass
