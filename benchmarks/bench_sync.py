"""bin/bench sync: 20,000 and 100,000 records uploaded to the simulator of the national system.

Batches have 500 records, 4 are under way at once, and the simulator answers after 500 ms. The time
runs from the first claim to the last applied result, with all rules, over HTTP to a simulator with
its own process and database. Ideal: 500 × 4 ÷ 0.5 s = 4,000 records a second.

Last line: {"records_per_s", "ideal_ratio", "growth_20k_100k"}: records a second of 20,000, that ÷
the ideal, and that ÷ the rate of 100,000.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import time

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks.reported import reported_school  # noqa: E402
from core import garbage  # noqa: E402
from national_sync import demo  # noqa: E402
from national_sync.actions import upload  # noqa: E402
from national_sync.mapping import Mapped, load_simulated  # noqa: E402
from national_sync.models import Batch, BatchLine, Cursor, Entry  # noqa: E402
from national_sync.transport.http import Endpoint, HttpTransport  # noqa: E402

SMALL, LARGE = (int(n) for n in os.environ.get("SYNC_SIZES", "20000 100000").split())
LATENCY, SIZE = 0.5, 500
ROUNDS = 5
SECRET = secrets.token_urlsafe(32)


def start_simulator() -> tuple[subprocess.Popen, str]:
    """The simulator's process and its address."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    env = {**os.environ, "NATIONAL_SECRET": SECRET, "NATIONAL_CLIENT": "bench"}
    argv = [
        sys.executable, "manage.py", "national_simulator", "--port", str(port),
        "--judge-delay-ms", "0",
    ]  # fmt: skip
    process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return process, f"http://127.0.0.1:{port}"


def connect(url: str) -> HttpTransport:
    """A connection to the simulator, once it answers."""
    transport = HttpTransport(Endpoint(url, "bench", SECRET), connections=8)
    deadline = time.monotonic() + 30
    while True:
        try:
            transport.results(0, limit=1)
            return transport
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def make_wait(count: int) -> None:
    """Make `count` destinations wait for upload as if they had changed, and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM national_sync_batchline")
        cursor.execute("DELETE FROM national_sync_batch")
        cursor.execute("UPDATE national_sync_entry SET state = 'quiet', owner = '', due_at = NULL")
        cursor.execute(
            """UPDATE national_sync_entry SET state = 'waiting', owner = 'system', due_at = now(),
                   version = version + 1, accepted_hash = '', sent_hash = ''
               WHERE id IN (SELECT id FROM national_sync_entry WHERE part = 'destination'
                            ORDER BY id LIMIT %s)""",
            [count],
        )
        cursor.execute("VACUUM ANALYZE national_sync_entry, national_sync_batchline")


def one_run(transport: HttpTransport, mapped: Mapped, count: int) -> float:
    """Records a second of an upload of `count` records."""
    make_wait(count)
    began = time.perf_counter()
    report = upload.run(transport, mapped, seconds=300, size=SIZE)
    took = time.perf_counter() - began
    answered = BatchLine.objects.filter(verdict="accepted").count()
    assert (report.answered, answered, report.failed) == (count, count, 0), (report, answered)
    assert not Batch.objects.exclude(state="done").exists()
    return count / took


def main() -> None:
    settings.NATIONAL_IN_FLIGHT = 4
    reported_school(LARGE)
    load_simulated()
    mapped = Mapped.load(simulated=True)
    garbage.tune()  # as in a worker
    process, url = start_simulator()
    try:
        transport = connect(url)
        demo.share(transport, Entry.objects.values_list("graduate_id", flat=True).distinct())
        prepare(transport, mapped)
        transport.admin("faults", faults={"latency": int(LATENCY * 1000)}, replace=True)
        small, large = [], []
        for round_ in range(ROUNDS):
            small.append(one_run(transport, mapped, SMALL))
            if round_ < 3:
                large.append(one_run(transport, mapped, LARGE))
            print(
                f"round {round_}: {small[-1]:.0f}/s small",
                *(f"{x:.0f}/s large" for x in large[round_:]),
            )
        transport.close()
    finally:
        process.terminate()
        process.wait(20)
    ideal = SIZE * settings.NATIONAL_IN_FLIGHT / LATENCY
    rate, rate_large = statistics.median(small), statistics.median(large)
    print("spread", [f"{x:.0f}" for x in sorted(small)], [f"{x:.0f}" for x in sorted(large)])
    print(
        json.dumps(
            {
                "records_per_s": round(rate),
                "ideal_ratio": round(rate / ideal, 3),
                "growth_20k_100k": round(rate / rate_large, 3),
            }
        )
    )


def prepare(transport: HttpTransport, mapped: Mapped) -> None:
    """Upload the origins first, so that only destinations are measured."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE national_sync_entry SET state = 'quiet', owner = '', due_at = NULL")
        cursor.execute(
            """UPDATE national_sync_entry SET state = 'waiting', owner = 'system', due_at = now()
               WHERE part = 'origin'"""
        )
    report = upload.run(transport, mapped, seconds=400, size=1000)
    print(f"origins: {report.answered} answered")
    states = list(Entry.objects.filter(part="origin").values_list("state", flat=True).distinct())
    assert states == ["accepted"], states
    assert Cursor.objects.exists()


if __name__ == "__main__":
    main()
