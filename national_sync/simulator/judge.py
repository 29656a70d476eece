"""Judging batches in the background. What a killed simulator left unjudged is judged after its
next start, because the work is found in rows.

One batch is one transaction: its results, the records it changes and its state `done` are written
together or not at all. Batches are judged one after another, so that the numbers of results
follow their order.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import threading
import traceback
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from psycopg_pool import ConnectionPool

from national_sync.simulator import codelists, store
from national_sync.simulator.codelists import Lists
from national_sync.simulator.faults import Faults
from national_sync.simulator.rules import ARCHIVE, Fault, LineToJudge, Registered, fault, judge
from national_sync.simulator.schema import JUDGE_LOCK
from national_sync.simulator.store import Connection

Key = tuple[str, int, str]
Line = dict[str, Any]
_IDLE = 1.0


class Judge(threading.Thread):
    """A thread that takes the oldest batch that is due, again and again."""

    def __init__(self, pool: ConnectionPool, faults: Faults, *, delay_ms: int, salt: bytes) -> None:
        super().__init__(name="judge", daemon=True)
        self._pool, self._faults = pool, faults
        self._delay_ms, self._salt = delay_ms, salt
        self._stopping, self._news = threading.Event(), threading.Event()

    def wake(self) -> None:
        """Look at once: a batch has come in."""
        self._news.set()

    def stop(self) -> None:
        self._stopping.set()
        self._news.set()
        self.join(10)

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                wait = self._step()
            except Exception:
                # A database that is away, or a batch that can't be judged: others go first then.
                traceback.print_exc(file=sys.stderr)
                wait = _IDLE
            if wait:
                self._news.wait(wait)
                self._news.clear()

    def _step(self) -> float:
        """Judge one batch; returns the seconds to wait before the next look."""
        delay = self._delay_ms + self._faults.number("slow_judging")
        newest_first = self._faults.active("reorder_results")
        with self._pool.connection() as c:
            due = c.execute(
                "SELECT id, extract(epoch FROM received_at - clock_timestamp()) * 1000 + %s"
                " FROM batch WHERE state <> 'done' ORDER BY attempts, "
                + ("received_at DESC, seq DESC" if newest_first else "received_at, seq")
                + " LIMIT 1",
                [delay],
            ).fetchone()
            if due is None:
                store.forget_nonces(c)
        if due is None:
            return _IDLE
        batch, wait_ms = due[0], float(due[1])
        if wait_ms > 0:
            return min(wait_ms / 1000, 0.1)
        with self._pool.connection() as c:
            c.execute(
                "UPDATE batch SET state = 'judging', attempts = attempts + 1"
                " WHERE id = %s AND state <> 'done'",
                [batch],
            )
        with self._pool.connection() as c, c.transaction():
            judge_batch(c, batch, self._salt)
        return 0


def judge_batch(c: Connection, batch: str, salt: bytes) -> None:
    """Judge one batch. The caller opens the transaction."""
    c.execute("SELECT pg_advisory_xact_lock(%s)", [JUDGE_LOCK])
    row = c.execute(
        "SELECT body FROM batch WHERE id = %s AND state <> 'done' FOR UPDATE",
        [batch],
        binary=True,
    ).fetchone()
    if row is None:
        return
    lines: list[Line] = json.loads(row[0])["lines"]
    lists = codelists.lists(store.units(c), store.overrides(c))
    keys = sorted({_key(line) for line in lines})
    registry, known = _registry(c, keys), _known(c, keys)
    verdicts: dict[str, list[Fault]] = {}
    accepted: dict[tuple[Key, str], Line] = {}
    # Origins first: a batch may bring a graduate and the destination in any order.
    for line in sorted(lines, key=lambda one: one["part"] != "origin"):
        faults = _judge_line(line, registry, known, lists)
        verdicts[line["line"]] = faults
        if not faults:
            key = _key(line)
            known.add(key)
            other = accepted.get((key, line["part"]))
            if other is None or other["version"] <= line["version"]:
                accepted[key, line["part"]] = line
    returns = {line["line"]: _returns(line, salt) for line in lines if not verdicts[line["line"]]}
    _write_results(c, batch, lines, verdicts, returns)
    _write_held(c, accepted.values(), returns)
    c.execute(
        "UPDATE batch SET state = 'done', judged_at = clock_timestamp() WHERE id = %s", [batch]
    )


def _key(line: Line) -> Key:
    return line["key"]["school"], line["key"]["year"], line["key"]["exam_no"]


def _judge_line(
    line: Line, registry: dict[tuple[int, str], Registered], known: set[Key], lists: Lists
) -> list[Fault]:
    school, year, exam_no = key = _key(line)
    if line["mode"] == "update" and key not in known:
        return [fault("exam_no_unknown")]
    registered = registry.get((year, exam_no))
    return judge(LineToJudge(line["part"], school, exam_no, line["record"], registered, lists))


def _returns(line: Line, salt: bytes) -> dict[str, str]:
    """转递编号 and 核验编号 of an archive, always the same for the same graduate. The shape of the first
    was seen in one published example: year, school, eleven capital letters. That of the second is
    made up."""
    if line["part"] != ARCHIVE:
        return {}
    school, year, exam_no = _key(line)
    digest = hmac.new(salt, f"{school}/{year}/{exam_no}".encode(), hashlib.sha256).digest()
    letters = "".join(chr(65 + b % 26) for b in digest[:11])
    number = int.from_bytes(digest[11:19], "big") % 10**12
    return {
        "转递编号": f"{year % 100:02d}{school[-5:]:0>5}{letters}",
        "核验编号": f"{number:012d}",
    }


# --- sets of rows ----------------------------------------------------------------------------


def _columns(keys: Iterable[Key]) -> list[list[Any]]:
    keys = list(keys)
    return [[k[0] for k in keys], [k[1] for k in keys], [k[2] for k in keys]]


def _registry(c: Connection, keys: list[Key]) -> dict[tuple[int, str], Registered]:
    _, years, numbers = _columns(keys)
    rows = c.execute(
        "SELECT year, exam_no, school, name, id_number, major_code, level FROM registry"
        " JOIN unnest(%s::int[], %s::text[]) AS k (year, exam_no) USING (year, exam_no)",
        [years, numbers],
    )
    return {(row[0], row[1]): Registered(*row[2:]) for row in rows}


def _known(c: Connection, keys: list[Key]) -> set[Key]:
    rows = c.execute(
        "SELECT DISTINCT school, year, exam_no FROM held"
        " JOIN unnest(%s::text[], %s::int[], %s::text[]) AS k (school, year, exam_no)"
        " USING (school, year, exam_no)",
        _columns(keys),
    )
    return {(row[0], row[1], row[2]) for row in rows}


def _any_confirmed(c: Connection, keys: list[Key]) -> bool:
    row = c.execute(
        "SELECT EXISTS (SELECT FROM confirmation"
        " JOIN unnest(%s::text[], %s::int[], %s::text[]) AS k (school, year, exam_no)"
        " USING (school, year, exam_no) WHERE state = 'confirmed')",
        _columns(keys),
    ).fetchone()
    return bool(row and row[0])


def _write_results(
    c: Connection,
    batch: str,
    lines: list[Line],
    verdicts: dict[str, list[Fault]],
    returns: dict[str, dict[str, str]],
) -> None:
    row = c.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    statement = "COPY result (batch, line, version, verdict, faults, returns, judged_at) FROM STDIN"
    with c.cursor() as cursor, cursor.copy(statement) as copy:
        for line in lines:
            faults = verdicts[line["line"]]
            copy.write_row(
                (
                    batch,
                    line["line"],
                    line["version"],
                    "rejected" if faults else "accepted",
                    json.dumps([asdict(f) for f in faults], ensure_ascii=False),
                    json.dumps(returns.get(line["line"], {}), ensure_ascii=False),
                    row[0],
                )
            )


def _write_held(c: Connection, lines: Iterable[Line], returns: dict[str, dict[str, str]]) -> None:
    """Keep what was accepted, unless a newer version is already kept. A graduate's confirmation
    lapses when a value it was given for changes."""
    lines = sorted(lines, key=lambda line: (_key(line), line["part"]))
    rows = [
        {
            **line["key"],
            "part": line["part"],
            "version": line["version"],
            "fields": line["record"],
            "returns": returns[line["line"]],
        }
        for line in lines
    ]
    # One document goes over more cheaply than arrays of documents, whose quotes are escaped.
    values = [json.dumps(rows, ensure_ascii=False)]
    incoming = (
        "jsonb_to_recordset(%s::jsonb) AS i (school text, year int, exam_no text, part text,"
        " version bigint, fields jsonb, returns jsonb)"
    )
    keys = sorted({_key(line) for line in lines})
    if _any_confirmed(c, keys):
        c.execute(
            "UPDATE confirmation SET state = 'lapsed', changed_at = clock_timestamp()"
            f" FROM {incoming} LEFT JOIN held AS h"
            "   ON (h.school, h.year, h.exam_no, h.part) = (i.school, i.year, i.exam_no, i.part)"
            " WHERE (confirmation.school, confirmation.year, confirmation.exam_no)"
            "       = (i.school, i.year, i.exam_no)"
            "   AND confirmation.state = 'confirmed'"
            "   AND (h.part IS NULL OR (h.version <= i.version AND h.fields <> i.fields))",
            values,
        )
    c.execute(
        "INSERT INTO held (school, year, exam_no, part, version, fields, returns)"
        f" SELECT school, year, exam_no, part, version, fields, returns FROM {incoming}"
        " ON CONFLICT (school, year, exam_no, part) DO UPDATE SET version = excluded.version,"
        " fields = excluded.fields, returns = excluded.returns, accepted_at = clock_timestamp()"
        " WHERE held.version <= excluded.version",
        values,
    )
