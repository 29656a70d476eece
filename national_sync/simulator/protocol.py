"""Reading requests: a batch is stored whole or refused whole, with a sentence that says why."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from national_sync.simulator.rules import PARTS

MOST_LINES = 1000
MOST_BYTES = 8 * 1024 * 1024
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
SCHOOL = re.compile(r"[0-9]{1,20}")
EXAM_NO = re.compile(r"[0-9A-Za-z]{1,32}")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
# Escapes of NUL and of lone halves of characters: no text of a database.
_SUSPECT = re.compile(rb"\\u(0000|[dD][89a-fA-F])")


class Malformed(Exception):
    """The request cannot be read. `status` is the answer's HTTP status."""

    def __init__(self, error: str, text: str, status: int = 422) -> None:
        super().__init__(text)
        self.status, self.error, self.text = status, error, text


@dataclass(frozen=True)
class Upload:
    """A batch as read: its id and its lines."""

    batch: str
    lines: list[dict[str, Any]]


def read_json(body: bytes) -> Any:
    try:
        value = json.loads(body, parse_constant=_no_constant)
        if _SUSPECT.search(body):
            for text in _texts(value):
                text.encode()
                if "\0" in text:
                    raise ValueError("NUL")
    except (ValueError, RecursionError):
        raise Malformed("not_json", "请求内容不是有效的JSON", 400) from None
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def read_batch(body: bytes) -> Upload:
    value = read_json(body)
    if not isinstance(value, dict) or set(value) != {"batch", "lines"}:
        raise Malformed("shape", "批次应只含 batch 和 lines")
    batch, lines = value["batch"], value["lines"]
    if not isinstance(batch, str) or not ID.fullmatch(batch):
        raise Malformed("batch_id", "批次号不合要求")
    if not isinstance(lines, list) or not lines:
        raise Malformed("lines", "批次没有数据")
    if len(lines) > MOST_LINES:
        raise Malformed("too_many_lines", f"每批最多{MOST_LINES}条", 413)
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        wrong = _wrong_with(line)
        if not wrong and line["line"] in seen:
            wrong = "line 重复"
        if wrong:
            raise Malformed("line", f"第{number}条：{wrong}")
        seen.add(line["line"])
    return Upload(batch, lines)


_LINE_KEYS = {"line", "part", "key", "version", "mode", "record"}


def _wrong_with(line: Any) -> str:
    if not isinstance(line, dict) or set(line) != _LINE_KEYS:
        return "应含 line, part, key, version, mode, record"
    if not isinstance(line["line"], str) or not ID.fullmatch(line["line"]):
        return "line 不合要求"
    if line["part"] not in PARTS:
        return "part 应为 origin, destination 或 archive"
    if line["mode"] not in ("new", "update"):
        return "mode 应为 new 或 update"
    version = line["version"]
    if type(version) is not int or not 0 < version < 2**62:
        return "version 应为正整数"
    return _wrong_with_key(line["key"]) or _wrong_with_record(line["record"])


def _wrong_with_key(key: Any) -> str:
    if not isinstance(key, dict) or set(key) != {"school", "exam_no", "year"}:
        return "key 应含 school, exam_no, year"
    if not isinstance(key["school"], str) or not SCHOOL.fullmatch(key["school"]):
        return "school 不合要求"
    if not isinstance(key["exam_no"], str) or not EXAM_NO.fullmatch(key["exam_no"]):
        return "exam_no 不合要求"
    if type(key["year"]) is not int or not 1990 <= key["year"] <= 2100:
        return "year 不合要求"
    return ""


def _wrong_with_record(record: Any) -> str:
    if not isinstance(record, dict) or len(record) > 120:
        return "record 不合要求"
    for name, value in record.items():
        if not _is_field(name):
            return f"字段名 {name[:40]} 不合要求"
        if type(value) is not str or len(value) > 500:
            return f"字段 {name} 应为500字以内的文本"
    return ""


@functools.lru_cache(maxsize=1000)
def _is_field(name: str) -> bool:
    return _FIELD.fullmatch(name) is not None
