"""Clients that send slowly, or hardly take their answer, do not keep an honest one waiting."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator

import pytest
from django.conf import settings

from core.web_worker import HEADER_SECONDS, LEAST_RATE, Client

WORKERS = 2
_APPLICATION = """
def application(environ, start_response):
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/big":
        body = b"x" * 30_000_000
    if environ["PATH_INFO"] == "/file":
        start_response("200 OK", [("Content-Length", "9000000")])
        return environ["wsgi.file_wrapper"](Nine())
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
class Nine:
    left = 9_000_000
    def read(self, size):
        size = min(size, self.left)
        self.left -= size
        return b"y" * size
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """gunicorn with the platform's configuration and a small application."""
    folder = tmp_path_factory.mktemp("slow")
    (folder / "small.py").write_text(_APPLICATION)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    env = os.environ | {"PYTHONPATH": f"{settings.BASE_DIR}{os.pathsep}{folder}"}
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "small:application", "--bind",
             f"fd://{listening.fileno()}", "--workers", str(WORKERS)],
            cwd=settings.BASE_DIR, env=env, stdout=log, stderr=log,
            pass_fds=[listening.fileno()],
        )  # fmt: skip
    try:
        number = listening.getsockname()[1]
        assert ask(number, seconds=20) < 20, (folder / "web.log").read_text()
        yield number
    finally:
        process.terminate()
        assert process.wait(20) == 0, (folder / "web.log").read_text()
        listening.close()
    assert "Traceback" not in (folder / "web.log").read_text()


def ask(port: int, path: str = "/", body: bytes | None = None, seconds: float = 10) -> float:
    """How long an honest request takes, in seconds."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    began = time.monotonic()
    with opener.open(f"http://127.0.0.1:{port}{path}", body, timeout=seconds) as answer:
        assert answer.read() == (body or b"")
    return time.monotonic() - began


@contextlib.contextmanager
def connections(port: int, count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(count):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            opened.append(client)
        yield opened


def test_twelve_slow_clients_do_not_keep_an_honest_one_waiting(port: int) -> None:
    done = threading.Event()

    def drip(clients: list[socket.socket]) -> None:
        while not done.wait(0.1):
            for client in clients:
                with contextlib.suppress(OSError):
                    client.sendall(b"x")

    with connections(port, 12) as slow:
        for client in slow[:4]:
            client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ")
        for client in slow[4:8]:
            client.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\n")
        # Four say nothing at all.
        dripping = threading.Thread(target=drip, args=(slow[:8],))
        dripping.start()
        try:
            assert max(ask(port) for _ in range(20)) < 2
            assert ask(port, body=b"y" * 3_000_000) < 2
        finally:
            done.set()
            dripping.join(5)


def test_clients_that_do_not_take_their_answer_keep_nobody_waiting(port: int) -> None:
    with connections(port, 6) as slow:
        for client in slow:
            client.sendall(b"GET /big HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        time.sleep(0.5)
        assert max(ask(port) for _ in range(10)) < 2
        first = slow[0].recv(100)
        assert first.startswith(b"HTTP/1.1 200 OK")


def test_a_slow_body_arrives_whole(port: int) -> None:
    with connections(port, 1) as (client,):
        client.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 6\r\n\r\n")
        for letter in b"abcdef":
            time.sleep(0.05)
            client.sendall(bytes([letter]))
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.endswith(b"\r\n\r\nabcdef")


def test_a_file_is_sent_whole(port: int) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/file", timeout=10) as answer:
        assert answer.read() == b"y" * 9_000_000


@pytest.mark.parametrize(
    ("header", "status"),
    [("Content-Length: 999999999", b"413"), ("Transfer-Encoding: chunked", b"411"),
     ("X-Long: " + "x" * 70_000, b"431"), ("Content-Length: -1", b"400"),
     ("Content-Length: x", b"400")],
)  # fmt: skip
def test_what_is_too_long_or_of_unknown_length_is_refused(
    header: str, status: bytes, port: int
) -> None:
    with connections(port, 1) as (client,):
        client.sendall(f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\n".encode())
        assert client.recv(4096).split()[1] == status


def test_a_client_that_leaves_in_the_middle_harms_nobody(port: int) -> None:
    for sent in (b"", b"GET", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
                 b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n"):  # fmt: skip
        with connections(port, 1) as (client,):
            client.sendall(sent)
    assert ask(port) < 2


def test_who_waits_for_the_go_ahead_gets_it(port: int) -> None:
    with connections(port, 1) as (client,):
        client.sendall(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        )
        assert client.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"\r\n\r\nabc")


def test_a_header_that_stays_incomplete_is_given_up() -> None:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        client = Client(theirs, None, None)
        began = time.monotonic()
        assert not client.take(b"POST / HTTP/1.1\r\n")
        assert client.due - began <= HEADER_SECONDS + 0.1
        assert not client.take(b"Content-Length: 40960\r\n\r\n")
        assert client.due - began <= HEADER_SECONDS + 40960 / LEAST_RATE + 0.1
        client.end()


def test_bodies_that_would_fill_the_disk_together_are_refused() -> None:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        client = Client(theirs, None, None)
        assert client.take(b"POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\n", lambda: 4999)
        client.begin_answer()
        assert client.send_more()
        assert mine.recv(100).split()[1] == b"503"
        client.end()
