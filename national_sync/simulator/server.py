"""An HTTP/1.1 server with keep-alive and one thread per connection. It reads a request, applies
the faults, checks the signature and asks `api` for the answer."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from national_sync.simulator.api import Answer, Api, Request
from national_sync.simulator.faults import Faults
from national_sync.simulator.protocol import MOST_BYTES, Malformed
from national_sync.simulator.signing import Gate

# Faults never touch these: whoever set a fault must be able to take it away.
_OPERATION = ("/admin/", "/health")


class Hangup(Exception):
    """Close the connection without an answer."""


class Server(ThreadingHTTPServer):
    """The listening socket and what its handlers share."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        api: Api,
        gate: Gate,
        faults: Faults,
        inherited: int | None = None,
    ) -> None:
        super().__init__(address, Handler, bind_and_activate=inherited is None)
        if inherited is not None:
            self.socket.close()
            self.socket = socket.socket(fileno=inherited)
            self._take_address()
        self.api, self.gate, self.faults = api, gate, faults
        self._busy, self._idle = 0, threading.Condition()

    def server_bind(self) -> None:
        # The stock one looks the host's name up, which may take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self._take_address()

    def _take_address(self) -> None:
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError | Hangup):
            traceback.print_exc(file=sys.stderr)

    def answering(self, step: int) -> None:
        with self._idle:
            self._busy += step
            self._idle.notify_all()

    def drain(self, seconds: float) -> None:
        """Wait until no request is being answered."""
        with self._idle:
            self._idle.wait_for(lambda: not self._busy, seconds)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "NationalSimulator", ""
    timeout = 75
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        self.server.answering(1)
        try:
            try:
                answer = self._answer()
            except Malformed as error:
                answer = refusal(error.status, error.error, error.text)
            self._send(answer)
        except Hangup:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        finally:
            self.server.answering(-1)

    def _answer(self) -> Answer:
        body = self._body()
        path, _, query = self.path.partition("?")
        faults = self.server.faults
        operation = path.startswith(_OPERATION)
        if not operation:
            time.sleep(faults.number("latency") / 1000)
            if faults.strikes("drop"):
                raise Hangup
            if faults.strikes("unavailable"):
                after = str(faults.number("retry_after", 1))
                return refusal(503, "unavailable", "系统维护中，请稍后再试", {"Retry-After": after})
            if faults.strikes("error500"):
                return refusal(500, "internal", "系统内部错误")
        return self._guarded(lambda: self._judged(path, query, body, operation))

    def _judged(self, path: str, query: str, body: bytes, operation: bool) -> Answer:
        faults = self.server.faults
        if path != "/health":
            if not operation and faults.strikes("refuse_signature"):
                return refusal(401, "bad_signature", "签名不正确")
            skew = 0 if operation else faults.number("clock_skew")
            headers = {name.lower(): value for name, value in self.headers.items()}
            refused = self.server.gate.refuses(
                self.command, self.path, headers, body, now=time.time() + skew
            )
            if refused:
                return refusal(refused.status, refused.error, refused.text)
        answer = self.server.api.answer(Request(self.command, path, query, body))
        if answer.stored and faults.strikes("lose_ack"):
            raise Hangup
        return answer

    def _guarded(self, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except (psycopg.OperationalError, PoolTimeout):
            return refusal(503, "database", "数据库暂不可用", {"Retry-After": "1"})
        except (Malformed, Hangup):
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return refusal(500, "internal", "系统内部错误")

    def _body(self) -> bytes:
        said = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not re.fullmatch(r"[0-9]{1,12}", said):
            self.close_connection = True
            raise Malformed("length", "请求须注明 Content-Length", 411)
        if int(said) > MOST_BYTES:
            self.close_connection = True
            raise Malformed("too_large", "请求内容过大", 413)
        body = self.rfile.read(int(said))
        if len(body) < int(said):
            raise Hangup
        return body

    def _send(self, answer: Answer) -> None:
        content = json.dumps(answer.payload, ensure_ascii=False, separators=(",", ":")).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in (answer.headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer as JSON what the library itself refuses: an unknown method, a broken request
        line."""
        self.close_connection = True
        self._send(refusal(code, "bad_request", message or HTTPStatus(code).phrase))

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing about single requests, because their paths contain 考生号."""


def refusal(status: int, error: str, text: str, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, {"error": error, "text": text}, headers)
