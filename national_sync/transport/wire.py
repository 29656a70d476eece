"""Turning lines into JSON and answers back. An answer of another shape counts as no answer."""

from __future__ import annotations

import datetime
import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, get_args
from zoneinfo import ZoneInfo

from national_sync.transport.base import (
    PARTS,
    BatchStatus,
    Confirmation,
    Confirmed,
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
    UnreadableRecord,
)

_ZONE = ZoneInfo("Asia/Shanghai")
# Beyond these, text of theirs is cut. Their codes, fields and kinds are short words.
_LONGEST_TEXT, _LONGEST_WORD, _LONGEST_KIND = 300, 40, 12
_LONGEST_FIELD = 20
# Of version numbers and of places in the stream, as the database keeps them.
_MOST_VERSION, _MOST_PLACE = 2**31 - 1, 2**63 - 1
# An answer that was judged before this, or after tomorrow, carries no usable time.
_FIRST_YEAR = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


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
def _read_moment(text: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=_ZONE)
        latest = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
        return moment if _FIRST_YEAR <= moment <= latest else None
    except (ValueError, OverflowError):
        return None


def _moment(value: Any) -> datetime.datetime | None:
    """The moment that `value` says; None if it says none that can be meant."""
    return _read_moment(value) if isinstance(value, str) and len(value) <= 40 else None


def words(value: Any, longest: int) -> str:
    """Text of theirs as it can be kept and shown: without NUL and lone surrogates, and cut."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)[:longest]
    return text[: longest * 2].encode("utf-8", "replace").decode().replace("\0", "")[:longest]


def _number(value: Any, most: int) -> int:
    """A whole number from 0 to `most`, which may be written as text."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,19}", value):
        value = int(value)
    if type(value) is not int or not 0 <= value <= most:
        raise BadAnswer("a number is none, or out of range")
    return value


def _values(found: Any) -> dict[str, str]:
    """Values by name; whatever is not text that can be kept makes the answer unreadable."""
    values = dict(found or {})
    for pair in values.items():
        for text in pair:
            if not isinstance(text, str) or words(text, len(text) or 1) != text:
                raise BadAnswer("a value is no text")
    return values


def receipt(answer: Any, batch: OutgoingBatch) -> Receipt:
    made = Receipt(str(answer["batch"]), int(answer["received"]))
    if made != Receipt(batch.id, len(batch.lines)):
        raise BadAnswer("the receipt is for something else")
    return made


def _name(value: Any) -> str:
    """A short name of theirs, such as a 考生号, exactly as it is."""
    name = str(value)
    if words(name, 64) != name:
        raise BadAnswer("a name is too long or no text")
    return name


def _fault(found: Mapping[str, Any]) -> Fault:
    return Fault(
        words(found.get("kind"), _LONGEST_KIND),
        words(found.get("code"), _LONGEST_WORD),
        words(found.get("field"), _LONGEST_FIELD),
        words(found.get("text"), _LONGEST_TEXT),
    )


def _result(row: Mapping[str, Any], batch: str | None = None) -> Result:
    verdict = row["verdict"]
    if verdict not in ("accepted", "rejected"):
        raise BadAnswer(f"verdict {verdict!r}")
    faults = [_fault(f) for f in row.get("faults") or ()]
    if verdict == "rejected" and not faults:
        faults = [_fault(row)]
    return Result(
        batch=words(row.get("batch") or batch, _LONGEST_WORD),
        line=words(row["line"], _LONGEST_WORD),
        version=_number(row["version"], _MOST_VERSION),
        verdict=verdict,
        faults=tuple(faults),
        returns=_values(row.get("returns")),
        judged_at=_moment(row.get("judged_at")),
        seq=None if row.get("seq") is None else _number(row["seq"], _MOST_PLACE),
    )


def _results(rows: Any, batch: str | None = None) -> tuple[tuple[Result, ...], tuple[str, ...]]:
    """The answers that can be read, and the batches of those that cannot. One answer of another form
    does not hold up the others."""
    if not isinstance(rows, list):
        raise BadAnswer("the results are no list")
    read, unreadable = [], []
    for row in rows:
        try:
            read.append(_result(row, batch))
        except (BadAnswer, ValueError, KeyError, TypeError, AttributeError, OverflowError):
            said = row.get("batch") if isinstance(row, dict) else None
            unreadable.append(words(said or batch, _LONGEST_WORD))
    return tuple(read), tuple(unreadable)


def batch_status(answer: Any, batch: str) -> BatchStatus:
    state = answer["state"]
    if answer["batch"] != batch or state not in ("received", "judging", "done"):
        raise BadAnswer("the status is of something else")
    return BatchStatus(batch, state, *_results(answer["results"], batch))


def result_page(answer: Any, after: int) -> ResultPage:
    read, unreadable = _results(answer["results"])
    page = ResultPage(read, _number(answer["next"], _MOST_PLACE), unreadable)
    if page.next < after:
        raise BadAnswer("the stream went back")
    # Otherwise answers in between would never be read.
    places = [row.get("seq") for row in answer["results"] if isinstance(row, dict)]
    last = max((n for n in places if type(n) is int), default=after)
    if page.next > max(last, after):
        raise BadAnswer("the stream skips answers")
    return page


def held_record(row: Mapping[str, Any]) -> HeldRecord:
    parts = {name: _held_part(part) for name, part in row["parts"].items() if name in PARTS}
    return HeldRecord(_held_key(row), parts, _confirmation(row))


def _held_key(row: Mapping[str, Any]) -> Key:
    key = row["key"]
    return Key(_name(key["school"]), _number(key["year"], 9999), _name(key["exam_no"]))


def _held_part(part: Mapping[str, Any]) -> HeldPart:
    return HeldPart(
        _number(part["version"], _MOST_VERSION),
        _values(part["record"]),
        _values(part.get("returns")),
        _moment(part.get("accepted_at")),
    )


def _confirmation(row: Mapping[str, Any]) -> Confirmation:
    found = row.get("confirmation") or {"state": "unconfirmed"}
    if found["state"] not in get_args(Confirmed):
        raise BadAnswer("the confirmation is in an unknown state")
    return Confirmation(found["state"], _moment(found.get("changed_at")))


# What reading an answer of another form raises.
_NO_SUCH_FORM = (BadAnswer, ValueError, KeyError, TypeError, AttributeError, OverflowError)


def held_page(answer: Any, after: str | None) -> HeldPage:
    """A page of records. One of another form does not hold up the others."""
    rows = answer["records"]
    if not isinstance(rows, list):
        raise BadAnswer("the records are no list")
    read, unreadable = [], []
    for row in rows:
        try:
            read.append(held_record(row))
        except _NO_SUCH_FORM:
            unreadable.append(_unreadable_record(row))
    page = HeldPage(
        tuple(read), answer["next"], _number(answer["total"], _MOST_PLACE), tuple(unreadable)
    )
    if page.next is not None and not isinstance(page.next, str):
        raise BadAnswer("the next page has no name")
    if page.next is not None and page.next == after:
        raise BadAnswer("the list of records does not go on")
    return page


def _unreadable_record(row: Any) -> UnreadableRecord:
    """Whose record it is, as far as that can be read, and what of it can't be."""
    key = row.get("key") if isinstance(row, dict) else None
    said = key if isinstance(key, dict) else {}
    try:
        year: int | None = _number(said.get("year"), 9999)
    except BadAnswer:
        year = None
    exam_no = said["exam_no"] if isinstance(said.get("exam_no"), str) else ""
    return UnreadableRecord(year, words(exam_no, 64), _why_unreadable(row))


def _why_unreadable(row: Any) -> str:
    reads: list[tuple[str, Callable[[], object]]] = [
        ("记录不是约定的格式", lambda: dict(row["parts"])),
        ("院校代码、届别或考生号无法读取", lambda: _held_key(row)),
        ("确认情况不是约定的取值", lambda: _confirmation(row)),
    ]
    for reason, read in reads:
        try:
            read()
        except _NO_SUCH_FORM:
            return f"{reason}。"
    for name, part in row["parts"].items():
        try:
            _held_part(part)
        except _NO_SUCH_FORM:
            return f"{_PART_NAMES.get(name, '其他')}部分的版本号或内容无法读取。"
    return "记录不是约定的格式。"


_PART_NAMES = {"origin": "生源", "destination": "去向", "archive": "档案"}
