"""A real simulator for tests: its own process and database, real HTTP, every wait bounded."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from psycopg import sql

from national_sync.transport.base import BatchStatus, Key, OutgoingBatch, OutgoingLine, Result
from national_sync.transport.http import Endpoint, HttpTransport, Timeouts
from national_sync.transport.pace import Backoff

CLIENT, SECRET = "34-test", "secret-of-a-test-simulator"
SCHOOL, YEAR = "10357", 2026
QUICK = Backoff(first=0.01, most=0.05, attempts=3, patience=1)


@dataclass
class Simulator:
    """Start it, talk to it, look into its database, kill it, start it again."""

    database: str
    folder: Path
    options: list[str] = field(default_factory=lambda: ["--judge-delay-ms", "0"])
    port: int = 0
    process: subprocess.Popen | None = None
    _open: list[HttpTransport] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self) -> str:
        owner = urlsplit(os.environ["DATABASE_OWNER_URL"])
        return owner._replace(path=f"/{self.database}").geturl()

    @property
    def log(self) -> Path:
        return self.folder / "simulator.log"

    def start(self, *options: str, through_manage: bool = False) -> None:
        """Start it on a port of its own. Raises if it is not up within 20 seconds."""
        start = ["manage.py", "national_simulator"] if through_manage else [
            "-m", "national_sync.simulator"]  # fmt: skip
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *start, "--port", "0", *self.options, *options],
                cwd=settings.BASE_DIR,
                env={
                    **os.environ,
                    "NATIONAL_CLIENT": CLIENT,
                    "NATIONAL_SECRET": SECRET,
                    "NATIONAL_SIMULATOR_DATABASE_URL": self.database_url,
                },
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            said = re.search(r"http://127\.0\.0\.1:(\d+)", self.log.read_text())
            if said:
                self.port = int(said[1])
                return
            time.sleep(0.02)
        self.kill()
        raise AssertionError(self.log.read_text())

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        for transport in self._open:
            transport.close()
        self._open.clear()
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise

    def transport(self, **options: Any) -> HttpTransport:
        options = {"backoff": QUICK, "timeouts": Timeouts(2, 5, 5, 5)} | options
        made = HttpTransport(Endpoint(self.url, CLIENT, SECRET), **options)
        self._open.append(made)
        return made

    def sql(self, statement: str, *values: Any) -> list[tuple]:
        with psycopg.connect(self.database_url, autocommit=True) as c:
            done = c.execute(sql.SQL(statement), values)
            return done.fetchall() if done.description else []

    def faults(self, **wanted: object) -> None:
        """Switch exactly these faults on."""
        self.transport().admin("faults", faults=wanted, replace=True)

    def forget(self) -> None:
        """Bring it to the state of a fresh start."""
        if self.process is None:
            self.start()
        self.faults()
        self._empty_tables()
        self.sql("DELETE FROM unit WHERE name LIKE '虚构%%'")

    def _empty_tables(self) -> None:
        """The simulator may still be judging a batch of an earlier test and lock the same tables in
        another order; PostgreSQL then ends one of the two, and the next attempt succeeds."""
        for attempt in range(5):
            try:
                self.sql(
                    "TRUNCATE registry, nonce, batch, result, held, confirmation, list_override"
                )
                return
            except psycopg.errors.DeadlockDetected:
                if attempt == 4:
                    raise

    def register(self, *numbers: int) -> None:
        rows = [registered(n) for n in numbers]
        self.transport().admin("registry", rows=rows)

    def judged(self, batch: OutgoingBatch, transport: HttpTransport | None = None) -> BatchStatus:
        """Submit and wait for the results, at most ten seconds."""
        transport = transport or self.transport()
        transport.submit(batch)
        return self.wait(batch.id, transport)

    def wait(self, batch_id: str, transport: HttpTransport | None = None) -> BatchStatus:
        transport = transport or self.transport()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            status = transport.poll(batch_id)
            if status.state == "done":
                return status
            time.sleep(0.02)
        raise AssertionError(f"{batch_id} is still {status.state}")

    def verdict(self, line: OutgoingLine) -> Result:
        """The answer to one line alone."""
        batch = OutgoingBatch(f"b-{time.monotonic_ns()}", [line])
        (result,) = self.judged(batch).results
        return result


# --- what it is told -------------------------------------------------------------------------


def exam_no(number: int) -> str:
    return f"2234{number:010d}"


def registered(number: int) -> dict[str, str]:
    """A row of the registry."""
    return {
        "school": SCHOOL,
        "year": str(YEAR),
        "exam_no": exam_no(number),
        "name": f"甲{number}",
        "id_number": f"34010420040101{number:04d}",
        "major_code": "080901",
        "level": "31",
    }


def origin(number: int, **changes: str) -> dict[str, str]:
    row = registered(number)
    return {
        "ksh": row["exam_no"],
        "sfzh": row["id_number"],
        "xm": row["name"],
        "xbdm": "1",
        "mzdm": "01",
        "xldm": "31",
        "zydm": "080901",
        "pyfsdm": "1",
        "syszddm": "340111",
        "mobilePhone": "13800000000",
    } | changes


UNIT = {
    "dwmc": "示例装备制造有限公司",
    "dwzzjgdm": "91340100MA8N1QX17B",
    "dwxzdm": "39",
    "dwhydm": "22",
}
EMPLOYED = {
    "byqxdm": "11",
    "dwszddm": "340111",
    "gzzwlbdm": "13",
    "dwlxr": "王经理",
    "lxrdh": "0551-60000000",
    **UNIT,
}
ARCHIVE = {
    "dazdlx": "1",
    "dazjdwmc": "示例县人才服务中心",
    "dazjdwdz": "示例路1号",
    "dazjlxr": "李主任",
    "dazjlxdh": "0551-61111111",
    "dazjdwyb": "230000",
}


def line(
    number: int,
    part: str = "origin",
    record: dict[str, str] | None = None,
    *,
    version: int = 1,
    mode: str = "new",
    id: str = "",
    year: int = YEAR,
    school: str = SCHOOL,
) -> OutgoingLine:
    default = {"origin": origin(number), "destination": EMPLOYED, "archive": ARCHIVE}
    return OutgoingLine(
        id or f"{part[0]}{number}-{version}",
        part,
        Key(school, year, exam_no(number)),
        version,
        mode,
        default[part] if record is None else record,
    )
