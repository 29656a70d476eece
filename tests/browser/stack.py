"""A platform for browser journeys, with its own database, web server and Celery worker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

from tests.conftest import clone_database
from tests.national_sync.conftest import drop_database
from tests.national_sync.simulator_process import CLIENT, SECRET, Simulator

PASSWORD = "journey-7f3k-test"
NOTICE_SECONDS = 3  # instead of 60, so that tests need not wait


@dataclass
class Stack:
    """One platform for all journeys of a worker. `manage` runs a command on its database."""

    folder: Path
    worker: str = "gw0"
    port: int = 0
    processes: list[subprocess.Popen] = field(default_factory=list)
    national: Simulator = field(init=False)

    def __post_init__(self) -> None:
        self.national = Simulator(f"national_browser_{self.worker}", self.folder)

    @property
    def name(self) -> str:
        """The database's name. Each worker has its own platform."""
        return f"test_browser_{self.worker}"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{self.name}").geturl()
        redis = os.environ["REDIS_URL"].removesuffix("/0") + f"/{1 + int(self.worker[2:] or 0)}"
        return {
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": redis,
            "PRIVATE_ROOT": str(self.folder / "private"),
            "DEMO_PASSWORD": PASSWORD,
            "PUBLIC_ORIGIN": self.origin,
            "NOTICE_SECONDS": str(NOTICE_SECONDS),
            "SIGNING_KEY_SECRET": f"{PASSWORD}-of-the-signing-key",
            "NATIONAL_URL": self.national.url,
            "NATIONAL_CLIENT": CLIENT,
            "NATIONAL_SECRET": SECRET,
            "NATIONAL_DEMO": "1",
            "CALL_HOURS": "0-24",
        }

    def manage(self, *args: str) -> str:
        return self._run("manage.py", *args)

    def python(self, module: str, *args: str) -> str:
        """Run a module of the tests on this platform's database, to prepare a journey."""
        return self._run("-m", module, *args)

    def _run(self, *args: str) -> str:
        done = subprocess.run(
            [sys.executable, *args],
            cwd=settings.BASE_DIR,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        clone_database(self.name)
        (self.folder / "private").mkdir(exist_ok=True)
        drop_database(self.national.database)
        self.national.start()
        self.manage("load_demo")
        self.manage("issue_signing_key")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        python = [sys.executable, "-m"]
        self._spawn(
            [*python, "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}",
             "--workers", "2"],
            "web",
        )  # fmt: skip
        self._spawn([*python, "celery", "-A", "config", "worker", "--concurrency", "1"], "worker")
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.origin}/healthz", timeout=2).close()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError((self.folder / "web.log").read_text()[-3000:])

    def _spawn(self, argv: list[str], role: str) -> None:
        with (self.folder / f"{role}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    argv,
                    cwd=settings.BASE_DIR,
                    env=self.env | {"PROCESS_ROLE": role},
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def people_in_logs(self) -> list[str]:
        """Names and numbers of people that stand in the logs of web and worker."""
        with psycopg.connect(self.env["DATABASE_URL"]) as c:
            rows = c.execute(
                "SELECT g.name, g.mobile, p.id_number FROM graduates_graduate g"
                " JOIN graduates_person p ON p.id = g.person_id"
                " UNION SELECT name, '', '' FROM employers_unitmember"
                " UNION SELECT '', login, '' FROM accounts_user WHERE realm = 'employer'"
            ).fetchall()
        written = "".join(path.read_text() for path in self.folder.glob("*.log"))
        assert "request_finished" in written
        return sorted({value for row in rows for value in row if value and value in written})

    def stop(self) -> None:
        self.national.kill()
        drop_database(self.national.database)
        for process in self.processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
