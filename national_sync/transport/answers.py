"""Reading the workbook of results that comes back, and writing one in the same columns.

The national system's own result workbook was not found published: columns are known by several
headers, only 考生号 and a verdict or a reason have to be there.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core import spreadsheets
from core.spreadsheets.child import plain_header
from national_sync.transport.base import Fault, OutgoingBatch, OutgoingLine, Result, Verdict

_ZONE = ZoneInfo("Asia/Shanghai")
# column → the headers it goes by, ours first
_HEADERS = {
    "exam_no": ("考生号", "KSH"),
    "part": ("数据类别", "数据类型"),
    "verdict": ("审核结果", "审核状态", "反馈状态", "处理结果", "JYSHZT"),
    "kind": ("错误类型", "反馈类型"),
    "text": ("错误原因", "审核不通过原因", "反馈信息", "错误信息", "反馈内容", "原因", "REASON"),
    "field": ("错误字段", "字段"),
    "judged_at": ("审核时间", "反馈时间"),
    "转递编号": ("转递编号",),
    "核验编号": ("核验编号",),
    "year": ("届", "届别", "年度"),
    "batch": ("批次", "批次号"),
}
_CLOCKS_DIFFER = datetime.timedelta(minutes=10)
_PARTS = {"origin": "生源信息", "destination": "毕业去向信息", "archive": "档案转寄信息"}
_PART_WORDS = {"生源": "origin", "登记": "destination", "去向": "destination", "档案": "archive"}
_ACCEPTED = frozenset("通过 审核通过 已通过 正常 成功 是 接收 已接收 accepted".split())
_REJECTED = frozenset("不通过 审核不通过 未通过 需审核 失败 否 退回 已退回 rejected".split())


@dataclass(frozen=True)
class Stray:
    """A row that answers no line of the batch, with the reason."""

    row: int
    text: str
    # About somebody or something of another file.
    elsewhere: bool = False


@dataclass(frozen=True)
class ReadResults:
    """What a result workbook says about a batch. `unanswered` are the lines it says nothing
    about."""

    results: Sequence[Result]
    strays: Sequence[Stray]
    unanswered: Sequence[OutgoingLine]


def read_results(
    path: Path,
    batch: OutgoingBatch,
    *,
    most_rows: int = 20_000,
    not_before: datetime.datetime | None = None,
) -> ReadResults:
    """Match the rows of a result workbook to the lines of `batch`; versions are the lines' own.
    What was judged `not_before` the batch was made can't be about it.

    A row without 数据类别 answers the part its 错误类型 names; accepted and without either, all
    parts of the graduate. Where rows contradict each other the refusal stands. Raises core's
    WorkbookRefused.
    """
    headers = [plain_header(h) for known in _HEADERS.values() for h in known]
    sheet = spreadsheets.read(path, headers=headers, most_rows=most_rows)
    places = _places(sheet.header)
    if "exam_no" not in places or not {"verdict", "text"} & set(places):
        raise spreadsheets.WorkbookRefused(
            "no_header", "结果工作簿应有“考生号”和“审核结果”或“错误原因”列"
        )
    lines: dict[str, list[OutgoingLine]] = {}
    for line in batch.lines:
        lines.setdefault(line.key.exam_no, []).append(line)
    found: dict[str, Result] = {}
    strays = []
    for number, cells in sheet.rows:
        row = {name: _text(cells[i]) for name, i in places.items() if i < len(cells)}
        outside = _outside(row, lines.get(row["exam_no"], []), batch.id, not_before)
        if outside:
            strays.append(Stray(number, outside, elsewhere=True))
            continue
        answer = _answer(row, lines[row["exam_no"]], batch.id)
        if isinstance(answer, str):
            strays.append(Stray(number, answer))
            continue
        for result in answer:
            found[result.line] = _together(found.get(result.line), result)
    unanswered = [line for line in batch.lines if line.id not in found]
    return ReadResults(tuple(found.values()), tuple(strays), tuple(unanswered))


def _places(header: Sequence[str]) -> dict[str, int]:
    """Which column holds what. Of several headers with one meaning, the one nearer the front of
    its list counts."""
    plain = [plain_header(h) for h in header]
    found = {}
    for name, known in _HEADERS.items():
        there = [plain_header(h) for h in known if plain_header(h) in plain]
        if there:
            found[name] = plain.index(there[0])
    return found


def _text(cell: Any) -> str:
    value = spreadsheets.real_value(cell)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip().lstrip("'")


def _outside(
    row: dict[str, str], lines: list[OutgoingLine], batch: str, not_before: datetime.datetime | None
) -> str:
    """Why the row belongs to another batch; "" if it belongs to this one."""
    if row.get("batch", "") not in ("", batch):
        return "此行属于另一个批次"
    if not lines:
        return "该考生号不在本批次"
    year = row.get("year", "")
    if year and not any(str(line.key.year) == year for line in lines):
        return "该考生号不在本批次的这一届"
    judged = _moment(row.get("judged_at", ""))
    if judged is not None and not_before is not None and _is_before(judged, not_before):
        return "审核时间早于本批次生成的时间"
    return ""


def _is_before(judged: datetime.datetime, made: datetime.datetime) -> bool:
    """Whether the row was judged before the batch was made. Some minutes are allowed, because
    clocks differ, and workbooks that give only the day are compared by day."""
    judged, made = judged.astimezone(_ZONE), made.astimezone(_ZONE)
    if judged.time() == datetime.time():
        return judged.date() < made.date()
    return judged < made - _CLOCKS_DIFFER


def _answer(row: dict[str, str], lines: list[OutgoingLine], batch: str) -> list[Result] | str:
    """The results of one row, or the reason why it has none."""
    verdict = _verdict(row)
    if verdict is None:
        return f"审核结果“{row.get('verdict', '')}”不明"
    said = row.get("part") or row.get("kind", "")
    part = next((p for word, p in _PART_WORDS.items() if word in said), None)
    meant = [line for line in lines if part in (None, line.part)]
    if not meant:
        return "该类数据不在本批次"
    if verdict == "rejected" and len(meant) > 1:
        return "不通过的数据类别不明"
    return [_result(row, line, verdict, batch) for line in meant]


def _verdict(row: dict[str, str]) -> Verdict | None:
    said = row.get("verdict", "")
    if said in _ACCEPTED:
        return "accepted"
    if said in _REJECTED or (not said and row.get("text")):
        return "rejected"
    return None


def _result(row: dict[str, str], line: OutgoingLine, verdict: Verdict, batch: str) -> Result:
    faults: tuple[Fault, ...] = ()
    if verdict == "rejected":
        kind = row.get("kind") or _kind_of(line)
        faults = (Fault(kind, "workbook", row.get("field", ""), row.get("text", "")),)
    returns = {k: row[k] for k in ("转递编号", "核验编号") if row.get(k)}
    if line.part != "archive":
        returns = {}
    return Result(
        batch=batch,
        line=line.id,
        version=line.version,
        verdict=verdict,
        faults=faults,
        returns=returns,
        judged_at=_moment(row.get("judged_at", "")),
    )


def _kind_of(line: OutgoingLine) -> str:
    words = {"origin": "生源信息错误", "destination": "登记信息错误", "archive": "档案信息错误"}
    return words[line.part]


def _together(one: Result | None, other: Result) -> Result:
    """Two rows about one line: a refusal outweighs, several refusals are told together."""
    if one is None or (one.accepted and not other.accepted):
        return other
    if other.accepted:
        return one
    faults = (*one.faults, *(f for f in other.faults if f not in one.faults))
    return Result(one.batch, one.line, one.version, "rejected", faults, {}, one.judged_at)


def _moment(text: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=_ZONE)


def write_results(results: Iterable[Result], batch: OutgoingBatch) -> bytes:
    """Write a result workbook in our columns: a template for people who type answers in, also
    used by tests and demo."""
    names = ("exam_no", "part", "verdict", "kind", "text", "field", "judged_at", "转递编号",
             "核验编号", "batch")  # fmt: skip
    lines = {line.id: line for line in batch.lines}
    rows = []
    for result in results:
        line = lines[result.line]
        judged = result.judged_at.astimezone(_ZONE) if result.judged_at else None
        for fault in result.faults or (None,):
            rows.append(
                [
                    line.key.exam_no,
                    _PARTS[line.part],
                    "通过" if result.accepted else "不通过",
                    fault.kind if fault else "",
                    fault.text if fault else "",
                    fault.field if fault else "",
                    judged.strftime("%Y-%m-%d %H:%M:%S") if judged else "",
                    result.returns.get("转递编号", ""),
                    result.returns.get("核验编号", ""),
                    batch.id,
                ]
            )
    return spreadsheets.write([_HEADERS[n][0] for n in names], rows, title="审核结果")
