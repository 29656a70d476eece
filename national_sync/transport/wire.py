"""Turning lines into JSON and answers back. An answer of another shape counts as no answer."""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Mapping
from typing import Any

from national_sync.transport.base import (
    BatchStatus,
    Confirmation,
    Fault,
    HeldPage,
    HeldPart,
    HeldRecord,
    Key,
    OutgoingBatch,
    OutgoingLine,
    Receipt,
    Result,
    ResultPage,
    TransportDown,
)


class BadAnswer(TransportDown):
    """The answer is not in the protocol's form: a gateway's error page, say."""

    def __init__(self, what: str) -> None:
        super().__init__("bad_answer", what)


def batch_body(batch: OutgoingBatch) -> bytes:
    """The body of a batch. The same batch always gives the same bytes, in whatever order its
    records were built."""
    lines = ",".join(map(_line, batch.lines))
    return f'{{"batch":{compact(batch.id)},"lines":[{lines}]}}'.encode()


def _line(line: OutgoingLine) -> str:
    """The line as `compact` would write it. Its record, which is nearly all of it, usually comes
    as JSON already."""
    key = f'{{"exam_no":{compact(line.key.exam_no)},"school":{compact(line.key.school)},"year":{line.key.year:d}}}'
    return (
        f'{{"key":{key},"line":{compact(line.id)},"mode":{compact(line.mode)},'
        f'"part":{compact(line.part)},"record":{line.text or compact(dict(line.record))},'
        f'"version":{line.version:d}}}'
    )


# Kept, as json.dumps would make one anew for each value.
compact = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
).encode


# Answers of one batch came about in the same moment.
@functools.lru_cache(maxsize=100)
def _moment(text: str | None) -> datetime.datetime | None:
    return datetime.datetime.fromisoformat(text) if text else None


def receipt(answer: Any, batch: OutgoingBatch) -> Receipt:
    made = Receipt(str(answer["batch"]), int(answer["received"]))
    if made != Receipt(batch.id, len(batch.lines)):
        raise BadAnswer("the receipt is for something else")
    return made


def _result(row: Mapping[str, Any], batch: str | None = None) -> Result:
    verdict = row["verdict"]
    if verdict not in ("accepted", "rejected"):
        raise BadAnswer(f"verdict {verdict!r}")
    faults = [Fault(f["kind"], f["code"], f["field"], f["text"]) for f in row.get("faults") or ()]
    if verdict == "rejected" and not faults:
        faults = [Fault(*(row.get(k) or "" for k in ("kind", "code", "field", "text")))]
    return Result(
        batch=str(row.get("batch") or batch),
        line=str(row["line"]),
        version=int(row["version"]),
        verdict=verdict,
        faults=tuple(faults),
        returns=dict(row.get("returns") or {}),
        judged_at=_moment(row.get("judged_at")),
        seq=row.get("seq"),
    )


def batch_status(answer: Any, batch: str) -> BatchStatus:
    state = answer["state"]
    if answer["batch"] != batch or state not in ("received", "judging", "done"):
        raise BadAnswer("the status is of something else")
    return BatchStatus(batch, state, tuple(_result(row, batch) for row in answer["results"]))


def result_page(answer: Any, after: int) -> ResultPage:
    page = ResultPage(tuple(_result(row) for row in answer["results"]), int(answer["next"]))
    if page.next < after:
        raise BadAnswer("the stream went back")
    return page


def held_record(row: Mapping[str, Any]) -> HeldRecord:
    key = row["key"]
    confirmation = row.get("confirmation") or {"state": "unconfirmed"}
    return HeldRecord(
        Key(str(key["school"]), int(key["year"]), str(key["exam_no"])),
        {
            name: HeldPart(
                int(part["version"]),
                dict(part["record"]),
                dict(part.get("returns") or {}),
                _moment(part.get("accepted_at")),
            )
            for name, part in row["parts"].items()
        },
        Confirmation(confirmation["state"], _moment(confirmation.get("changed_at"))),
    )


def held_page(answer: Any, after: str | None) -> HeldPage:
    page = HeldPage(
        tuple(held_record(row) for row in answer["records"]), answer["next"], int(answer["total"])
    )
    if page.next is not None and page.next == after:
        raise BadAnswer("the list of records does not go on")
    return page
