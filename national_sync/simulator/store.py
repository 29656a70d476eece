"""Reading and writing the simulator's database, many rows with each statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from national_sync.simulator.codelists import Unit

Connection = psycopg.Connection[Any]
Row = dict[str, Any]

# --- registry, dictionary, overrides ---------------------------------------------------------

REGISTRY = ("school", "year", "exam_no", "name", "id_number", "major_code", "level")


def load_registry(
    c: Connection, rows: Iterable[Mapping[str, Any]], *, replace: bool = False
) -> int:
    """Store rows of the registry; a 考生号 of a 届 that is already there is overwritten."""
    with c.transaction(), c.cursor() as cursor:
        if replace:
            cursor.execute("DELETE FROM registry")
        cursor.execute(
            "CREATE TEMP TABLE incoming (LIKE registry INCLUDING DEFAULTS) ON COMMIT DROP"
        )
        with cursor.copy(f"COPY incoming ({', '.join(REGISTRY)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([str(row.get(name) or "").strip() for name in REGISTRY])
        values = ", ".join(f"{n} = excluded.{n}" for n in REGISTRY if n not in ("year", "exam_no"))
        cursor.execute(
            "INSERT INTO registry SELECT DISTINCT ON (year, exam_no) * FROM incoming"
            f" ON CONFLICT (year, exam_no) DO UPDATE SET {values}"
        )
        return cursor.rowcount


def make_differ(c: Connection, rows: Iterable[Mapping[str, Any]]) -> int:
    """Make listed rows differ from what was loaded: (year, exam_no, field, value). The field
    `missing` removes the row."""
    changed = 0
    with c.transaction():
        for row in rows:
            key = [int(row["year"]), str(row["exam_no"])]
            name = str(row["field"])
            if name == "missing":
                done = c.execute("DELETE FROM registry WHERE year = %s AND exam_no = %s", key)
            elif name in REGISTRY:
                statement = sql.SQL(
                    "UPDATE registry SET {} = %s WHERE year = %s AND exam_no = %s"
                ).format(sql.Identifier(name))
                done = c.execute(statement, [str(row.get("value") or ""), *key])
            else:
                raise ValueError(f"the registry has no field {name!r}")
            changed += done.rowcount
    return changed


def save_units(c: Connection, units: Iterable[Unit]) -> int:
    with c.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO unit VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (name) DO UPDATE SET"
            " code = excluded.code, property = excluded.property, industry = excluded.industry,"
            " holds_archives = excluded.holds_archives, in_force = excluded.in_force",
            [astuple(u) for u in units],
        )
        return cursor.rowcount


def units(c: Connection) -> list[Unit]:
    rows = c.execute("SELECT name, code, property, industry, holds_archives, in_force FROM unit")
    return [Unit(*row) for row in rows]


def save_overrides(c: Connection, name: str, standings: Mapping[str, str]) -> int:
    with c.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO list_override VALUES (%s, %s, %s)"
            " ON CONFLICT (list, code) DO UPDATE SET standing = excluded.standing",
            [(name, code, standing) for code, standing in standings.items()],
        )
        return cursor.rowcount


def overrides(c: Connection) -> dict[tuple[str, str], str]:
    rows = c.execute("SELECT list, code, standing FROM list_override")
    return {(name, code): standing for name, code, standing in rows}


def first_use(c: Connection, nonce: str) -> bool:
    """Store a nonce; False if it was there. Nonces too old to be replayed are deleted now and
    then."""
    done = c.execute("INSERT INTO nonce (nonce) VALUES (%s) ON CONFLICT DO NOTHING", [nonce])
    return done.rowcount == 1


def forget_nonces(c: Connection) -> None:
    c.execute("DELETE FROM nonce WHERE seen_at < clock_timestamp() - interval '20 minutes'")


# --- batches and results ---------------------------------------------------------------------


def keep_batch(c: Connection, batch: str, body: bytes, lines: int) -> bytes | None:
    """Store a batch that is to be judged. Returns the body stored before under this id, if any."""
    done = c.execute(
        "INSERT INTO batch (id, body, lines) VALUES (%s, %b, %s) ON CONFLICT (id) DO NOTHING",
        [batch, body, lines],
    )
    if done.rowcount:
        return None
    row = c.execute("SELECT body FROM batch WHERE id = %s", [batch]).fetchone()
    assert row is not None
    return bytes(row[0])


def batch_state(c: Connection, batch: str) -> str | None:
    row = c.execute("SELECT state FROM batch WHERE id = %s", [batch]).fetchone()
    return row[0] if row else None


_RESULT = "SELECT seq, batch, line, version, verdict, faults, returns, judged_at FROM result"
_NO_FAULT = dict.fromkeys(("kind", "code", "field", "text"))


def _result(row: Row) -> Row:
    """A result as the protocol shows it: the first fault on top, all of them in `faults`."""
    row.update(row["faults"][0] if row["faults"] else _NO_FAULT)
    row["judged_at"] = row["judged_at"].isoformat()
    return row


def results_of(c: Connection, batch: str) -> list[Row]:
    cursor = c.cursor(row_factory=dict_row)
    rows = cursor.execute(f"{_RESULT} WHERE batch = %s ORDER BY seq", [batch])
    return [_result(row) for row in rows]


def results_after(c: Connection, after: int, limit: int) -> list[Row]:
    cursor = c.cursor(row_factory=dict_row)
    rows = cursor.execute(f"{_RESULT} WHERE seq > %s ORDER BY seq LIMIT %s", [after, limit])
    return [_result(row) for row in rows]


# --- records held ----------------------------------------------------------------------------

_HELD = "SELECT school, year, exam_no, part, version, fields, returns, accepted_at FROM held"


def records(
    c: Connection, school: str, after: tuple[int, str], limit: int, year: int | None = None
) -> list[Row]:
    """At most `limit` graduates of a school in order of (届, 考生号), with all their parts."""
    only = "AND year = %(year)s" if year is not None else ""
    cursor = c.cursor(row_factory=dict_row)
    rows = cursor.execute(
        f"{_HELD} WHERE school = %(school)s AND (year, exam_no) > (%(a)s, %(e)s) {only}"
        " ORDER BY year, exam_no, part LIMIT %(most)s",
        {"school": school, "a": after[0], "e": after[1], "year": year, "most": limit * 3},
    )
    found = list(_by_graduate(rows))[:limit]
    _add_confirmations(c, school, found)
    return found


def record(c: Connection, school: str, year: int, exam_no: str) -> Row | None:
    cursor = c.cursor(row_factory=dict_row)
    rows = cursor.execute(
        f"{_HELD} WHERE school = %s AND year = %s AND exam_no = %s", [school, year, exam_no]
    )
    found = list(_by_graduate(rows))
    _add_confirmations(c, school, found)
    return found[0] if found else None


def _by_graduate(rows: Iterable[Row]) -> Iterator[Row]:
    made: Row = {}
    for row in rows:
        key = {"school": row["school"], "year": row["year"], "exam_no": row["exam_no"]}
        if made and made["key"] != key:
            yield made
            made = {}
        made = made or {"key": key, "parts": {}}
        made["parts"][row["part"]] = {
            "version": row["version"],
            "record": row["fields"],
            "returns": row["returns"],
            "accepted_at": row["accepted_at"].isoformat(),
        }
    if made:
        yield made


def _add_confirmations(c: Connection, school: str, found: list[Row]) -> None:
    years, numbers = [r["key"]["year"] for r in found], [r["key"]["exam_no"] for r in found]
    rows = c.execute(
        "SELECT year, exam_no, state, changed_at FROM confirmation"
        " JOIN unnest(%s::int[], %s::text[]) AS k (year, exam_no) USING (year, exam_no)"
        " WHERE school = %s",
        [years, numbers, school],
    )
    states = {(year, no): (state, at.isoformat()) for year, no, state, at in rows}
    for r in found:
        state, at = states.get((r["key"]["year"], r["key"]["exam_no"]), ("unconfirmed", None))
        r["confirmation"] = {"state": state, "changed_at": at}


def total(c: Connection, school: str, year: int | None) -> int:
    """How many graduates of a school are held."""
    row = c.execute(
        "SELECT count(*) FROM (SELECT DISTINCT year, exam_no FROM held"
        " WHERE school = %s AND (%s::int IS NULL OR year = %s)) AS k",
        [school, year, year],
    ).fetchone()
    return row[0] if row else 0


def confirm(c: Connection, school: str, year: int, exam_no: str, *, confirmed: bool) -> None:
    key = [school, year, exam_no]
    if confirmed:
        c.execute(
            "INSERT INTO confirmation VALUES (%s, %s, %s, 'confirmed')"
            " ON CONFLICT (school, year, exam_no)"
            " DO UPDATE SET state = 'confirmed', changed_at = clock_timestamp()",
            key,
        )
    else:
        c.execute("DELETE FROM confirmation WHERE school = %s AND year = %s AND exam_no = %s", key)


def same_content(body: bytes, other: bytes) -> bool:
    """Whether two bodies say the same, whatever the order of their fields."""
    return body == other or json.loads(body) == json.loads(other)
