"""bin/bench attack [REQUESTS]: attacks on the platform as gunicorn serves it.

10,000 made-up requests over all addresses and roles, hostile files to every form that takes files,
and slow clients, while an honest one is timed. JSON: `requests`, `server_errors`, `leaks` (answers
with numbers of people whom the asking one must not see), `hostile_files`, `peak_mb` (the most
memory that a web worker used), `locked_out_s` (the longest that an honest client waited).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from benchmarks import measure

if TYPE_CHECKING:
    from accounts.models import User
    from tests.access_table import Objects
    from tests.attack.fuzz import Answer, Request

REQUESTS = 10_000
WORKERS = 2
_SLOW = 24
_TOKEN = "a" * 32


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    measure.start_django()
    from tests.access_table import Objects
    from tests.attack.fuzz import Fuzzer

    objects = Objects()
    with served() as (origin, web_pid):
        people = People(origin)
        found = Fuzzer(objects, seed=int(time.time())).run(
            lambda request: people.send(request, objects), count=count
        )
        for line in (*found.server_errors[:20], *found.leaks[:20]):
            print(line)
        print("answers by status:", dict(sorted(found.statuses.items())))
        files, broken = hostile_files(people, objects)
        print("hostile files with a server error:", broken)
        waited = waits_among_slow_clients(origin)
        peak = max(peaks_mb(web_pid))
    figures = {
        "requests": found.requests,
        "server_errors": len(found.server_errors) + len(broken),
        "leaks": len(found.leaks),
        "hostile_files": files,
        "peak_mb": round(peak, 1),
        "locked_out_s": round(waited, 2),
    }
    print(json.dumps(figures))


@contextlib.contextmanager
def served() -> Iterator[tuple[str, int]]:
    """The platform's origin, and the process of gunicorn."""
    from launcher import children
    from launcher.run import wait_for_answer
    from launcher.stack import PYTHON

    port = children.free_port()
    env = {**os.environ, "PROCESS_ROLE": "web"}
    argv = [PYTHON, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"]
    argv += ["--workers", str(WORKERS)]
    log = Path(os.environ["BENCH_FOLDER"]) / "web.log"
    web = children.Service("web", argv, log, env, cwd=str(Path(__file__).resolve().parents[1]))
    web.start()
    try:
        wait_for_answer(f"http://127.0.0.1:{port}/healthz", web)
        assert web.process is not None
        yield f"http://127.0.0.1:{port}", web.process.pid
    finally:
        web.stop()


class People:
    """Signed-in browsers. Somebody whom a request has signed out, or whose account it has closed, is
    signed in again."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._browsers: dict[int | None, httpx.Client] = {}

    def send(self, request: Request, objects: Objects) -> Answer:
        from tests.attack.fuzz import Answer

        user = person(request.who, objects)
        browser = self.browser(user)
        fields = {**request.fields, "csrfmiddlewaretoken": _TOKEN}
        has_form = request.method in {"POST", "PUT", "PATCH"}
        answer = browser.request(request.method, request.path, data=fields if has_form else None)
        if user is not None and "/login" in answer.headers.get("Location", ""):
            self.sign_out(user)
        return Answer(answer.status_code, answer.content)

    def upload(self, user: User | None, path: str, field: str, name: str, content: bytes) -> int:
        browser = self.browser(user)
        token = {"csrfmiddlewaretoken": _TOKEN}
        return browser.post(path, data=token, files={field: (name, content)}).status_code

    def browser(self, user: User | None) -> httpx.Client:
        key = user.pk if user else None
        if key not in self._browsers:
            cookies = {"csrftoken": _TOKEN}
            if user is not None:
                cookies["sessionid"] = new_session(user)
            self._browsers[key] = httpx.Client(
                base_url=self._origin, timeout=60, trust_env=False,
                headers={"Cookie": "; ".join(f"{n}={v}" for n, v in cookies.items())},
            )  # fmt: skip
        # Only the two cookies above are ever sent, whatever the platform set meanwhile.
        self._browsers[key].cookies.clear()
        return self._browsers[key]

    def sign_out(self, user: User) -> None:
        self._browsers.pop(user.pk).close()


def person(who: str, objects: Objects) -> User | None:
    match who:
        case "nobody":
            return None
        case "graduate":
            return objects.graduate_user
        case "employer" | "colleague":
            user: User = getattr(objects, who)
            return user
    return objects.world.user(who)


def new_session(user: User) -> str:
    """The key of a new session; a request may have closed the account or changed its password."""
    from django.test import Client

    from accounts.signin import BACKEND

    user.save()
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client.cookies["sessionid"].value


def hostile_files(people: People, objects: Objects) -> tuple[int, list[str]]:
    """Send every hostile file to every form; returns how many files, and which caused an error."""
    from tests.attack.hostile import everything
    from tests.attack.uploads import uploads_of

    broken = []
    files = everything()
    for file in files:
        for upload in uploads_of(objects, file):
            status = people.upload(upload.user, upload.path, upload.field, file.name, file.content)
            if status >= 500:
                broken.append(f"{status} {file.name} {upload.path}")
            upload.finish()
    return len(files), broken


def waits_among_slow_clients(origin: str) -> float:
    """The longest that an honest client waits while others hardly send their requests, in seconds."""
    port = int(origin.rpartition(":")[2])
    done = threading.Event()
    starts = [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ",
        b"POST /activate/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000\r\n\r\n",
        b"",
    ]
    with contextlib.ExitStack() as stack:
        slow = []
        for number in range(_SLOW):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(starts[number % len(starts)])
            slow.append(client)

        def drip() -> None:
            while not done.wait(0.2):
                for client in slow:
                    with contextlib.suppress(OSError):
                        client.sendall(b"x")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            with httpx.Client(base_url=origin, timeout=60, trust_env=False) as honest:
                return max(_timed(honest) for _ in range(40))
        finally:
            done.set()
            dripping.join()


def _timed(client: httpx.Client) -> float:
    began = time.perf_counter()
    assert client.get("/console/login/").status_code == 200
    return time.perf_counter() - began


def peaks_mb(pid: int) -> Iterator[float]:
    """The most memory that each of gunicorn's workers used so far."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for child in children:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{child}/status").read_text())
        if found:
            yield int(found[1]) / 1024


if __name__ == "__main__":
    main()
