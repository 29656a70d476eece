"""The answers of the simulator: which path does what. Sockets, signatures and most faults are
handled in `server.py`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from psycopg_pool import ConnectionPool

from national_sync.simulator import codelists, protocol, store
from national_sync.simulator.faults import Faults, UnknownFault
from national_sync.simulator.protocol import Malformed


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    body: bytes

    def parameter(self, name: str, otherwise: str = "") -> str:
        return dict(parse_qsl(self.query)).get(name, otherwise)

    def number(self, name: str, otherwise: int, *, least: int = 0, most: int = 2**62) -> int:
        text = self.parameter(name, str(otherwise))
        if not re.fullmatch(r"\d{1,19}", text, re.ASCII) or not least <= int(text) <= most:
            raise Malformed("parameter", f"参数 {name} 应为{least}至{most}的整数", 400)
        return int(text)


@dataclass(frozen=True)
class Answer:
    """An answer. `stored` says that a batch was stored, so that a fault may drop its
    acknowledgement."""

    status: int
    payload: dict[str, Any]
    headers: dict[str, str] | None = None
    stored: bool = False


class Api:
    """All answers, over one database."""

    def __init__(self, pool: ConnectionPool, faults: Faults, *, wake: Callable[[], None]) -> None:
        self._pool, self._faults, self._wake = pool, faults, wake
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
            ("GET", re.compile(r"/health"), self._health),
            ("POST", re.compile(r"/v1/batches"), self._submit),
            ("GET", re.compile(r"/v1/batches/([A-Za-z0-9._:%-]+)"), self._poll),
            ("GET", re.compile(r"/v1/results"), self._results),
            ("GET", re.compile(r"/v1/records"), self._records),
            ("GET", re.compile(r"/v1/records/([0-9]+)/([0-9]{4})/([0-9A-Za-z]+)"), self._record),
            ("POST", re.compile(r"/v1/records/([0-9]+)/([0-9]{4})/([0-9A-Za-z]+)/confirmation"),
             self._confirm),
            ("GET", re.compile(r"/admin/faults"), self._show_faults),
            ("POST", re.compile(r"/admin/faults"), self._set_faults),
            ("POST", re.compile(r"/admin/registry"), self._registry),
            ("POST", re.compile(r"/admin/units"), self._units),
            ("POST", re.compile(r"/admin/lists"), self._lists),
        ]  # fmt: skip

    def answer(self, request: Request) -> Answer:
        allowed = []
        for method, pattern, work in self._routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                return work(request, *map(unquote, match.groups()))
            if match:
                allowed.append(method)
        if allowed:
            error = {"error": "method", "text": "该地址不接受此方法"}
            return Answer(405, error, {"Allow": ", ".join(allowed)})
        return _missing("path", "没有这个地址")

    # --- the protocol ------------------------------------------------------------------------

    def _submit(self, request: Request) -> Answer:
        upload = protocol.read_batch(request.body)
        with self._pool.connection() as c:
            before = store.keep_batch(c, upload.batch, request.body, len(upload.lines))
        if before is not None and not store.same_content(before, request.body):
            return Answer(409, {"error": "batch_conflict", "text": "批次号已用于其他内容"})
        self._wake()
        received = {"batch": upload.batch, "received": len(upload.lines)}
        return Answer(202, received, stored=True)

    def _poll(self, request: Request, batch: str) -> Answer:
        if not protocol.ID.fullmatch(batch):
            return _missing("unknown_batch", "没有收到过该批次")
        with self._pool.connection() as c:
            state = store.batch_state(c, batch)
            results = store.results_of(c, batch) if state == "done" else []
        if state is None:
            return _missing("unknown_batch", "没有收到过该批次")
        answer = {"batch": batch, "state": state, "results": self._disturbed(results)}
        return Answer(200, answer)

    def _results(self, request: Request) -> Answer:
        after = request.number("after", 0)
        limit = request.number("limit", 1000, least=1, most=5000)
        with self._pool.connection() as c:
            found = store.results_after(c, after, limit)
        next_ = found[-1]["seq"] if found else after
        return Answer(200, {"results": self._disturbed(found), "next": next_})

    def _disturbed(self, results: list[store.Row]) -> list[store.Row]:
        if results and self._faults.strikes("duplicate_results"):
            results = [*results, *results]
        if results and self._faults.strikes("reorder_results"):
            results = self._faults.shuffled(results)
        return results

    def _records(self, request: Request) -> Answer:
        school = request.parameter("school")
        if not protocol.SCHOOL.fullmatch(school):
            raise Malformed("parameter", "参数 school 应为院校代码", 400)
        limit = request.number("limit", 500, least=1, most=1000)
        year = request.number("year", 0) or None
        after = _cursor(request.parameter("after"))
        with self._pool.connection() as c:
            found = store.records(c, school, after, limit, year)
            total = store.total(c, school, year)
        next_ = None
        if len(found) == limit:
            last = found[-1]["key"]
            next_ = f"{last['year']}/{last['exam_no']}"
        return Answer(200, {"records": found, "next": next_, "total": total})

    def _record(self, request: Request, school: str, year: str, exam_no: str) -> Answer:
        with self._pool.connection() as c:
            found = store.record(c, school, int(year), exam_no)
        return Answer(200, found) if found else _missing("unknown_record", "没有这名毕业生的数据")

    def _confirm(self, request: Request, school: str, year: str, exam_no: str) -> Answer:
        asked = protocol.read_json(request.body)
        if not isinstance(asked, dict) or type(asked.get("confirmed")) is not bool:
            raise Malformed("shape", "应含 confirmed")
        with self._pool.connection() as c:
            if store.record(c, school, int(year), exam_no) is None:
                return _missing("unknown_record", "没有这名毕业生的数据")
            store.confirm(c, school, int(year), exam_no, confirmed=asked["confirmed"])
        return self._record(request, school, year, exam_no)

    # --- operation ---------------------------------------------------------------------------

    def _health(self, request: Request) -> Answer:
        with self._pool.connection() as c:
            row = c.execute("SELECT count(*) FROM batch WHERE state <> 'done'").fetchone()
        waiting = row[0] if row else 0
        return Answer(200, {"state": "ok", "waiting": waiting, "faults": self._faults.in_force()})

    def _show_faults(self, request: Request) -> Answer:
        return Answer(200, {"faults": self._faults.in_force()})

    def _set_faults(self, request: Request) -> Answer:
        asked = _object(request, "faults")
        if asked.get("replace"):
            self._faults.clear()
        try:
            for name, value in dict(asked["faults"]).items():
                self._faults.set(name, value)
        except UnknownFault as error:
            raise Malformed("fault", str(error)) from None
        return self._show_faults(request)

    def _registry(self, request: Request) -> Answer:
        """Store rows of the registry, and rows that are to differ from it."""
        asked = _object(request, "rows")
        try:
            with self._pool.connection() as c:
                loaded = store.load_registry(c, asked["rows"], replace=bool(asked.get("replace")))
                changed = store.make_differ(c, asked.get("differences") or [])
        except _BAD_ROWS as error:
            raise Malformed("rows", f"数据不合要求：{error}") from None
        return Answer(200, {"loaded": loaded, "changed": changed})

    def _units(self, request: Request) -> Answer:
        asked = _object(request, "units")
        try:
            units = [codelists.unit_from(row) for row in asked["units"]]
        except _BAD_ROWS as error:
            raise Malformed("rows", f"数据不合要求：{error}") from None
        with self._pool.connection() as c:
            return Answer(200, {"saved": store.save_units(c, units)})

    def _lists(self, request: Request) -> Answer:
        """Change the standing of single codes in the shipped lists: call a place too coarse,
        say."""
        asked = _object(request, "standings")
        name = str(asked.get("list") or "")
        with self._pool.connection() as c:
            saved = store.save_overrides(c, name, dict(asked["standings"]))
        return Answer(200, {"saved": saved})


_BAD_ROWS = (KeyError, TypeError, ValueError, AttributeError, store.psycopg.DataError)


def _missing(error: str, text: str) -> Answer:
    return Answer(404, {"error": error, "text": text})


def _object(request: Request, needed: str) -> dict[str, Any]:
    value = protocol.read_json(request.body)
    if not isinstance(value, dict) or not isinstance(value.get(needed), list | dict):
        raise Malformed("shape", f"应含 {needed}")
    return value


def _cursor(text: str) -> tuple[int, str]:
    year, _, exam_no = text.partition("/")
    if not text:
        return 0, ""
    if not re.fullmatch(r"\d{4}", year, re.ASCII) or not protocol.EXAM_NO.fullmatch(exam_no):
        raise Malformed("parameter", "参数 after 不合要求", 400)
    return int(year), exam_no
