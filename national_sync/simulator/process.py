"""Starting and stopping the simulator: options, database, giving up root, signals."""

from __future__ import annotations

import argparse
import csv
import gc
import json
import os
import pwd
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from national_sync.simulator import codelists, faults, schema, store
from national_sync.simulator.api import Api
from national_sync.simulator.judge import Judge
from national_sync.simulator.server import Server
from national_sync.simulator.signing import Gate

DATABASE_VARIABLE = "NATIONAL_SIMULATOR_DATABASE_URL"
_LOOPBACK = "127.0.0.1"


def add_options(parser: argparse.ArgumentParser) -> None:
    names = ", ".join(faults.NAMES)
    add = parser.add_argument
    add("--port", type=int, default=8900, help="0 takes a free one")
    add("--socket", type=int, help="number of an inherited socket that listens already")
    add("--bind", default=_LOOPBACK, help="address to listen on (127.0.0.1)")
    add("--database", default="", help=f"URL of its own database; else {DATABASE_VARIABLE}")
    add("--fault", action="append", default=[], metavar="NAME[=VALUE]", help=names)
    add("--latency-ms", type=int, default=0, help="the same as --fault latency=N")
    add("--judge-delay-ms", type=int, default=500, help="from arrival of a batch to its judging")
    add("--registry", action="append", default=[], metavar="FILE", help="csv or json of 学籍 rows")
    add(
        "--differences",
        default="",
        metavar="FILE",
        help="csv or json: year, exam_no, field, value to set in the registry after loading",
    )
    add("--seed", type=int, default=None, help="of the chances, to repeat a run")
    add("--empty", action="store_true", help="forget everything held before starting")  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="national_simulator", description=__doc__)
    add_options(parser)
    options = parser.parse_args(argv)
    secret, client = os.environ.get("NATIONAL_SECRET"), os.environ.get("NATIONAL_CLIENT")
    url = options.database or os.environ.get(DATABASE_VARIABLE, "")
    if not (secret and client and url):
        say(f"NATIONAL_SECRET, NATIONAL_CLIENT and --database or {DATABASE_VARIABLE} are needed")
        return 2
    in_force = faults.Faults(options.seed)
    try:
        for argument in options.fault:
            in_force.set(*faults.parse(argument))
        if options.latency_ms:
            in_force.set("latency", options.latency_ms)
        prepare(url, options)
    except (faults.UnknownFault, psycopg.Error, OSError, ValueError, KeyError) as error:
        say(f"cannot start: {error}")
        return 2
    return serve(url, client, secret.encode(), in_force, options)


def prepare(url: str, options: argparse.Namespace) -> None:
    """Prepare the database, its tables, the lists and the registry: everything that needs rights
    that are given up afterwards."""
    codelists.load()
    schema.make_database(url)
    with psycopg.connect(url, autocommit=True) as c:
        schema.make_tables(c)
        if options.empty:
            c.execute(schema.EMPTY)
        store.save_units(c, codelists.shipped_units())
        for name in options.registry:
            say(f"registry: {store.load_registry(c, rows_of(Path(name)))} rows from {name}")
        if options.differences:
            changed = store.make_differ(c, rows_of(Path(options.differences)))
            say(f"registry: {changed} rows differ")


def rows_of(path: Path) -> Iterator[Mapping[str, Any]]:
    """Rows of a .csv or .json file."""
    with path.open(encoding="utf-8-sig", newline="") as f:
        if path.suffix == ".json":
            yield from json.load(f)
        else:
            yield from csv.DictReader(f)


def serve(
    url: str, client: str, secret: bytes, in_force: faults.Faults, options: argparse.Namespace
) -> int:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    leave_root()
    # What is loaded stays; a batch is tens of thousands of objects that die with it.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    with ConnectionPool(
        url, min_size=2, max_size=8, timeout=5, check=ConnectionPool.check_connection, open=True
    ) as pool:
        judge = Judge(pool, in_force, delay_ms=options.judge_delay_ms, salt=secret)

        def first_use(nonce: str) -> bool:
            with pool.connection() as c:
                return store.first_use(c, nonce)

        api = Api(pool, in_force, wake=judge.wake)
        try:
            server = Server((options.bind, options.port), api, Gate(client, secret, first_use),
                            in_force, options.socket)  # fmt: skip
        except OSError as error:
            say(f"cannot listen on {options.bind}:{options.port}: {error}")
            return 2
        judge.start()
        loop = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1})
        loop.start()
        say(f"national simulator （模拟） on http://{options.bind}:{server.server_port}")
        stopping.wait()
        server.shutdown()
        loop.join()
        server.drain(3)
        judge.stop()
        server.server_close()
    say("national simulator stopped")
    return 0


def leave_root() -> None:
    """If started as root, become the account of the other services, or else `nobody`."""
    if os.geteuid() != 0:
        return
    try:
        account = pwd.getpwnam("graduate-destinations")
    except KeyError:
        account = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    os.chdir("/")


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
