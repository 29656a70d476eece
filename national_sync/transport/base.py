"""What the platform and the national system say to each other, by whichever transport.

The words are those of docs/national-protocol.md. A transport carries data and decides nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

Part = Literal["origin", "destination", "archive"]
Mode = Literal["new", "update"]
Verdict = Literal["accepted", "rejected"]
BatchState = Literal["received", "judging", "done"]
Confirmed = Literal["unconfirmed", "confirmed", "lapsed"]

PARTS: tuple[Part, ...] = ("origin", "destination", "archive")
MOST_LINES = 1000


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Which graduate a line is about: 院校代码, 届, 考生号."""

    school: str
    year: int
    exam_no: str


@dataclass(frozen=True, slots=True)
class OutgoingLine:
    """One part of one graduate as it is sent. `record` maps national field names to text; `text`
    is the same as compact JSON if it was written already."""

    id: str
    part: Part
    key: Key
    version: int
    mode: Mode
    record: Mapping[str, str]
    text: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingBatch:
    """Lines that are sent together. The same id with the same lines may be sent any number of
    times; with other lines it is refused."""

    id: str
    lines: Sequence[OutgoingLine]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The national system has stored the batch and will judge it."""

    batch: str
    received: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that the national system finds wrong. `kind` is 生源信息错误, 登记信息错误 or 档案信息错误."""

    kind: str
    code: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to one line in one version. `returns` holds numbers that the national system
    gives (转递编号, 核验编号). `seq` is its place in the stream of all results; None if it was not read
    from the stream."""

    batch: str
    line: str
    version: int
    verdict: Verdict
    faults: Sequence[Fault] = ()
    returns: Mapping[str, str] = field(default_factory=dict)
    judged_at: datetime.datetime | None = None
    seq: int | None = None

    @property
    def accepted(self) -> bool:
        return self.verdict == "accepted"

    @property
    def fault(self) -> Fault | None:
        """The first fault, which gives the reason."""
        return self.faults[0] if self.faults else None


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """How far a batch is; results are there once it is done. They may repeat."""

    batch: str
    state: BatchState
    results: Sequence[Result] = ()
    # The batch, once for each answer that could not be read.
    unreadable: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ResultPage:
    """A page of the stream of results; `next` is where the following page begins."""

    results: Sequence[Result]
    next: int
    # The batches of answers that could not be read.
    unreadable: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class HeldPart:
    """One part of a record as the national side holds it."""

    version: int
    record: Mapping[str, str]
    returns: Mapping[str, str]
    accepted_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The graduate's own confirmation inside the national system."""

    state: Confirmed
    changed_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """All the national side holds about one graduate."""

    key: Key
    parts: Mapping[Part, HeldPart]
    confirmation: Confirmation


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A held record that is not in the protocol's form. `year` is None and `exam_no` empty where they
    can't be read either; `reason` is a Chinese sentence."""

    year: int | None
    exam_no: str
    reason: str


@dataclass(frozen=True, slots=True)
class HeldPage:
    """Held records of a school in order of (届, 考生号); `next` is None on the last page."""

    records: Sequence[HeldRecord]
    next: str | None
    total: int
    unreadable: Sequence[UnreadableRecord] = ()


class TransportError(Exception):
    """The call did not succeed, and whether it had an effect is unknown. `code` is a stable slug,
    `text` what was answered."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code}: {text}" if text else code)
        self.code = code
        self.text = text


class TransportDown(TransportError):
    """The national system is not reachable or not able to answer now: try again later, no sooner
    than in `retry_after` seconds if given. A batch may or may not have arrived; sending it again
    does no harm."""

    def __init__(self, code: str, text: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(code, text)
        self.retry_after = retry_after


class TransportRefused(TransportError):
    """The request was understood and refused. The same request would be refused again, so
    somebody has to look."""


class CredentialsRefused(TransportRefused):
    """We were refused for our client, secret or signature, not for what we sent: every batch
    waits, and nothing is wrong with any of them."""


class NotOffered(TransportRefused):
    """This transport cannot do what was asked: a workbook lists no records."""

    def __init__(self, what: str) -> None:
        super().__init__("not_offered", what)


class UnknownBatch(TransportError):
    """The national system never received this batch: it has to be sent again."""

    def __init__(self, batch: str) -> None:
        super().__init__("unknown_batch", batch)
        self.batch = batch


@runtime_checkable
class Transport(Protocol):
    """A way to reach the national system. Safe to use from several threads at once. Every call
    raises TransportDown or TransportRefused when it does not succeed."""

    def submit(self, batch: OutgoingBatch) -> Receipt:
        """Send a batch. May be repeated."""

    def poll(self, batch_id: str) -> BatchStatus:
        """Ask for a batch. Raises UnknownBatch when it never arrived."""

    def results(self, after: int = 0, *, limit: int = 1000) -> ResultPage:
        """Answers of all batches after place `after` of the stream."""

    def records(
        self, school: str, *, year: int | None = None, after: str | None = None, limit: int = 500
    ) -> HeldPage:
        """A page of what is held about a school's graduates."""

    def record(self, key: Key) -> HeldRecord | None:
        """What is held about one graduate, with the confirmation; None if nothing is held."""

    def close(self) -> None:
        """Close the connections. The transport must not be used afterwards."""


def all_records(
    transport: Transport,
    school: str,
    *,
    year: int | None = None,
    limit: int = 500,
    unreadable: list[UnreadableRecord] | None = None,
) -> Iterator[HeldRecord]:
    """Every record that is held of a school, fetched page by page. Those that can't be read are added
    to the list `unreadable`."""
    after: str | None = None
    seen: set[str] = set()
    while True:
        page = transport.records(school, year=year, after=after, limit=limit)
        if unreadable is not None:
            unreadable.extend(page.unreadable)
        yield from page.records
        if page.next is None:
            return
        if page.next in seen:
            raise TransportDown("bad_answer", "the list of records goes in circles")
        seen.add(page.next)
        after = page.next
