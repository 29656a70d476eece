"""bin/run starts the platform, stops it on Ctrl-C, and starts it again with its data."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

pytestmark = pytest.mark.slow
ROOT = Path(settings.BASE_DIR)
MOST_SECONDS = 240  # stops a test that hangs
_IN_BACKGROUND = ("sh", "-c", 'trap \'\' INT; exec "$0" "$@"')
UP = "Ctrl-C stops everything."
# Variables that bin/test sets; the started installation must not see them.
_OF_BIN_TEST = (
    "DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_READER_URL",
    "NATIONAL_SIMULATOR_DATABASE_URL", "REDIS_URL", "PRIVATE_ROOT", "STATIC_ROOT",
    "DJANGO_SETTINGS_MODULE", "PROCESS_ROLE", "PYTHONPATH", "DEBUG",
)  # fmt: skip


def processes_under(pid: int) -> set[tuple[int, str]]:
    """(pid, start time) of a process and its descendants. The time distinguishes reused pids."""
    parents: dict[int, int] = {}
    started: dict[int, str] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        own, values = int(name.split()[0]), rest.split()
        parents[own], started[own] = int(values[1]), values[19]
    found = {pid}
    while more := {p for p, parent in parents.items() if parent in found} - found:
        found |= more
    return {(p, started[p]) for p in found if p in started}


def still_running(processes: set[tuple[int, str]]) -> set[int]:
    return {pid for pid, at in processes if (pid, at) in processes_under(pid)}


@dataclass
class Installation:
    """An installation with its own state folder, which the services' account can enter."""

    folder: Path
    deadline: float
    # The state folder; it can be moved while nothing runs.
    var: Path = field(init=False)
    seen: set[tuple[int, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.var = self.folder / "var"

    def begin(self, *options: str) -> subprocess.Popen[bytes]:
        """Start bin/run, with SIGINT ignored as a shell script's `bin/run &` does."""
        env = {k: v for k, v in os.environ.items() if k not in _OF_BIN_TEST}
        env |= {"STATE_DIR": str(self.var), "FONT_DIR": str(settings.FONT_DIR)}
        with (self.folder / "output.txt").open("wb") as f:
            return subprocess.Popen(
                [*_IN_BACKGROUND, ROOT / "bin" / "run", "--port", "0", *options], env=env, cwd="/",
                stdout=f, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def start(self, *options: str) -> tuple[subprocess.Popen[bytes], str]:
        """Start bin/run and wait until it is up; returns the process and its output."""
        process, out = self.begin(*options), self.folder / "output.txt"
        while UP not in out.read_text() and process.poll() is None:
            self.seen |= processes_under(process.pid)
            assert time.monotonic() < self.deadline, out.read_text()
            time.sleep(0.1)
        assert process.poll() is None, out.read_text()
        self.seen |= processes_under(process.pid)
        return process, out.read_text()

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGINT)
        process.wait(max(self.deadline - time.monotonic(), 1))

    @property
    def database(self) -> str:
        return json.loads((self.var / "running.json").read_text())["DATABASE_URL"]

    def secret(self, name: str) -> str:
        lines = (self.var / "secrets.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)[name]


@pytest.fixture
def installation() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="platform-run-", dir="/tmp"))
    folder.chmod(0o711)
    installation = Installation(folder, time.monotonic() + MOST_SECONDS)
    yield installation
    for pid in still_running(installation.seen):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def names_under(pid: int) -> set[str]:
    """The names of the programs under a process. One that ends meanwhile is left out."""
    names = set()
    for child, _ in processes_under(pid):
        with contextlib.suppress(OSError):
            names.add((Path("/proc") / str(child) / "comm").read_text().strip())
    return names


def status_of(address: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=45) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def address_in(said: str) -> str:
    return next(w for w in said.split() if w.startswith("http://127.0.0.1:")).rstrip("/")


def assert_no_service_knows_other_roles(installation: Installation, launcher: int) -> None:
    """Web, worker and beat have the password of the platform's role only, and the demo's password
    not at all."""
    secrets = {
        name: installation.secret(name).encode()
        for name in ("DATABASE_OWNER_PASSWORD", "DATABASE_READER_PASSWORD",
                     "DATABASE_SIMULATOR_PASSWORD", "DEMO_PASSWORD")
    }  # fmt: skip
    seen = set()
    for pid, _ in processes_under(launcher):
        argv = Path(f"/proc/{pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        kind = next((k for k in (b"gunicorn", b"celery", b"simulator") if k in argv), None)
        if kind is None:
            continue
        seen.add(kind)
        own = {"DATABASE_SIMULATOR_PASSWORD"} if kind == b"simulator" else set()
        for name in secrets.keys() - own:
            assert secrets[name] not in environment, (argv, name)
    assert seen == {b"gunicorn", b"celery", b"simulator"}


def assert_slow_clients_keep_nobody_waiting(origin: str) -> None:
    """More of them than there are workers; half have sent half a header, half a part of a body."""
    host, port = origin.removeprefix("http://").split(":")
    with contextlib.ExitStack() as slow:
        for number in range(12):
            client = slow.enter_context(socket.create_connection((host, int(port)), timeout=10))
            client.sendall(b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            client.sendall(b"X-Half: " if number % 2 else b"Content-Length: 900\r\n\r\nschool=")
        for _ in range(5):
            began = time.monotonic()
            assert status_of(origin + "/login/") == 200
            assert time.monotonic() - began < 2


def assert_the_services_have_an_account_of_their_own(launcher: int) -> None:
    for pid in services_of(launcher).values():
        owner = pwd.getpwuid(Path(f"/proc/{pid}").stat().st_uid).pw_name
        assert owner == "graduate-destinations", Path(f"/proc/{pid}/cmdline").read_bytes()


def assert_no_header_says_where_the_platform_is(origin: str) -> None:
    """A proxy on the same machine would pass such a header on from anybody."""
    host, port = origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as s:
        s.sendall(
            b"GET /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nSCRIPT_NAME: /elsewhere\r\n"
            b"X-Script-Name: /elsewhere\r\nConnection: close\r\n\r\n"
        )
        answer = b"".join(iter(lambda: s.recv(65536), b""))
    assert b"elsewhere" not in answer


# What runs under bin/run, by a part of its command line.
SERVICES = {
    "web": b"gunicorn", "worker": b"celery\0-A\0config\0--quiet\0worker",
    "beat": b"celery\0-A\0config\0--quiet\0beat", "national": b"national_sync.simulator",
    "postgres": b"bin/postgres", "valkey": b"valkey-server",
}  # fmt: skip


def services_of(launcher: int) -> dict[str, int]:
    """The number of each service's main process, a child of bin/run."""
    found: dict[str, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            argv = stat.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if parent == launcher:
            found |= {n: int(stat.parent.name) for n, part in SERVICES.items() if part in argv}
    return found


def kill_each(installation: Installation, launcher: int, names: set[str]) -> None:
    """Kill these services with SIGKILL and wait until all are there again."""
    before = services_of(launcher)
    for name in names:
        os.kill(before[name], signal.SIGKILL)
    while True:
        installation.seen |= processes_under(launcher)
        now = services_of(launcher)
        if now.keys() == before.keys() and all(now[n] != before[n] for n in names):
            return
        assert time.monotonic() < installation.deadline, (before, now)
        time.sleep(0.1)


def assert_what_dies_is_started_again(installation: Installation, launcher: int, at: str) -> None:
    database = installation.database
    kill_each(installation, launcher, {"web", "worker", "beat", "national"})
    # The port was never anybody else's: a connection waits until the web is there again.
    assert status_of(at + "/") == 200
    kill_each(installation, launcher, {"postgres", "valkey"})
    while (status := status_of(at + "/healthz")) != 200:
        assert status == 503
        assert time.monotonic() < installation.deadline, status
        time.sleep(0.2)
    assert installation.database == database
    with psycopg.connect(database) as c:
        found = c.execute("SELECT phone FROM schools_school WHERE code = '99001'").fetchone()
    assert found == ("0551-11111111",)
    log = (installation.var / "run.log").read_text()
    for name in SERVICES:
        assert f"{name} ended (killed by signal 9)" in log
        assert f"{name} was started again" in log


def assert_the_demo_school_is_filled(installation: Installation) -> None:
    """The many graduates come after the pages answer. The last start was ended while they were made."""
    with psycopg.connect(installation.database, autocommit=True) as c:
        while True:
            found = c.execute(
                "SELECT count(*) FROM graduates_graduate g JOIN schools_school s ON s.id = g.school_id"
                " WHERE s.code = '99001' AND g.confirmation <> 'unsubmitted'"
            ).fetchone()
            if found and found[0] > 100:
                return
            log = (installation.var / "demo.log").read_text()
            assert time.monotonic() < installation.deadline, log
            time.sleep(0.2)


def test_bin_run_starts_stops_and_starts_again(installation: Installation) -> None:
    process, said = installation.start()
    origin = address_in(said)
    for path in ("/", "/console/login/", "/employer/"):
        assert status_of(origin + path) == 200
    for part in ("99001admin", "province", installation.secret("DEMO_PASSWORD")):
        assert part in said
    with psycopg.connect(installation.database) as c:
        c.execute("UPDATE schools_school SET phone = '0551-11111111' WHERE code = '99001'")
    names = names_under(process.pid)
    assert {"postgres", "valkey-server"} <= names
    assert_no_service_knows_other_roles(installation, process.pid)
    if os.geteuid() == 0:
        assert_the_services_have_an_account_of_their_own(process.pid)
    assert_no_header_says_where_the_platform_is(origin)
    assert_slow_clients_keep_nobody_waiting(origin)
    assert_what_dies_is_started_again(installation, process.pid, origin)
    for log in (installation.var).glob("*.log"):
        assert log.stat().st_mode & 0o077 == 0, log
    installation.stop(process)
    assert still_running(installation.seen) == set()
    assert not (installation.var / "running.json").exists()

    secret = installation.secret("SECRET_KEY")
    installation.var = installation.var.rename(installation.folder / "moved")
    process, said = installation.start()
    assert status_of(address_in(said) + "/") == 200
    with psycopg.connect(installation.database) as c:
        found = c.execute("SELECT phone FROM schools_school WHERE code = '99001'").fetchone()
    assert found == ("0551-11111111",)
    assert installation.secret("SECRET_KEY") == secret
    assert_the_demo_school_is_filled(installation)
    installation.stop(process)
    assert still_running(installation.seen) == set()


def test_a_first_start_that_is_killed_at_any_moment_is_taken_up_by_the_next(
    installation: Installation,
) -> None:
    chance = random.Random()
    for most in (1.5, 3, 5, 7):
        process = installation.begin("--no-demo")
        until = time.monotonic() + chance.uniform(0.2, most)
        while time.monotonic() < until:
            installation.seen |= processes_under(process.pid)
            time.sleep(0.05)
        process.kill()
        process.wait(10)
    process, said = installation.start("--no-demo")
    origin = address_in(said)
    for path in ("/", "/healthz"):
        assert status_of(origin + path) == 200
    with psycopg.connect(installation.database) as c:
        assert c.execute("SELECT count(*) > 1000 FROM codes_division").fetchone() == (True,)
    installation.stop(process)
    deadline = time.monotonic() + 10
    while left := still_running(installation.seen):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
