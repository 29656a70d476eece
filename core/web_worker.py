"""A gunicorn worker that takes in a whole request before it begins to work on it.

gunicorn's own sync worker reads from the client itself: three clients that send half a header or a
body byte by byte stop a site with three workers, unless a proxy in front buffers. Here one loop reads
from and writes to all clients without waiting for any of them, and the application is called, one
request at a time, once a request is there completely. So nothing of the application has to be ready
for threads, and a page takes as long as with the sync worker.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import selectors
import socket
import tempfile
import time
from collections.abc import Callable
from typing import Any

from gunicorn import util
from gunicorn.workers.sync import SyncWorker

# Seconds until the header has to be there.
HEADER_SECONDS = 15.0
# Bytes a second that a body has to come in, and an answer has to be taken, at least.
LEAST_RATE = 4096
MOST_HEADER = 64 * 1024
# Above every limit of a form; what is longer is not taken in at all.
MOST_BODY = 64 * 1024 * 1024
# The page about a longer one. Django, which has a page of its own, does not see such a request.
_TOO_LARGE = f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>内容过大</title></head><body>
<h1>内容过大，没有接收</h1><p>提交的内容超过{MOST_BODY // 1024 // 1024}MB，没有接收，也没有保存。</p>
<p>请按浏览器的“返回”键回到填写页，已填的文字还在，只需重新选择较小的文件。</p></body></html>"""
# All bodies together that a worker takes in at a time.
MOST_IN_FLIGHT = 512 * 1024 * 1024
# What is longer lies on the disk meanwhile.
_IN_MEMORY = 256 * 1024
_CHUNK = 256 * 1024
# Seconds for clients that are being served when the worker is told to stop.
_LAST_SECONDS = 10.0
# Clients that are accepted and served before the loop looks after the others again.
_IN_A_ROW = 8
# Files that the application may have open beside the connections.
_OTHER_FILES = 200
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,18})[ \t]*\r$", re.I | re.M)
_CHUNKED = re.compile(rb"^transfer-encoding:", re.I | re.M)
_CONTINUE = re.compile(rb"^expect:[ \t]*100-continue", re.I | re.M)


class Client:
    """One connection, and the socket that gunicorn believes it reads from and writes to."""

    def __init__(self, connection: socket.socket, address: Any, listener: Any) -> None:
        self.connection, self.address, self.listener = connection, address, listener
        self.received = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed in end()
        self.answer = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self.header = bytearray()
        self.missing: int | None = None  # bytes of the body; None while the header is incomplete
        self.length = 0  # of the body
        self.unsent: memoryview = memoryview(b"")
        self.refused = False
        self.awaits = 0  # the event that the loop waits for
        self.due = time.monotonic() + HEADER_SECONDS

    # --- in the loop -------------------------------------------------------------------------

    def take(self, data: bytes, room: Callable[[], int] = lambda: MOST_IN_FLIGHT) -> bool:
        """Take in what the client sent. Returns whether the request is complete or refused. `room`
        tells how many bytes of bodies the worker can still take in."""
        if self.missing is None:
            self.header += data
            end = self.header.find(b"\r\n\r\n")
            if end < 0:
                if len(self.header) > MOST_HEADER:
                    self._refuse(431, "Request Header Fields Too Large")
                return self.refused
            header, data = bytes(self.header[: end + 4]), bytes(self.header[end + 4 :])
            self.received.write(header)
            self._begin_body(header, room)
            if self.refused:
                return True
        assert self.missing is not None
        self.received.write(data)
        self.missing -= len(data)
        return self.missing <= 0

    def _begin_body(self, header: bytes, room: Callable[[], int]) -> None:
        found = _LENGTH.search(header)
        length = int(found[1]) if found else 0
        if _CHUNKED.search(header):
            self._refuse(411, "Length Required")
        elif length > MOST_BODY:
            self._refuse(413, "Content Too Large")
        elif length and length > room():
            self._refuse(503, "Service Unavailable", "Retry-After: 10\r\n")
        elif length and _CONTINUE.search(header):
            with contextlib.suppress(OSError):
                self.connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.length = self.missing = length
        self.due = time.monotonic() + HEADER_SECONDS + length / LEAST_RATE

    def _refuse(self, status: int, reason: str, more: str = "") -> None:
        self.refused = True
        page = _TOO_LARGE.encode() if status == 413 else b""
        head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Length: {len(page)}\r\n"
        kind = "Content-Type: text/html; charset=utf-8\r\n" if page else ""
        self.sendall(f"{head}{kind}{more}\r\n".encode() + page)

    def begin_answer(self) -> None:
        size = self.answer.tell()
        self.answer.seek(0)
        self.due = time.monotonic() + HEADER_SECONDS + size / LEAST_RATE

    def send_more(self) -> bool:
        """Send as much of the answer as the client takes now. Returns whether that was all."""
        while True:
            if not self.unsent:
                self.unsent = memoryview(self.answer.read(_CHUNK))
                if not self.unsent:
                    return True
            try:
                self.unsent = self.unsent[self.connection.send(self.unsent) :]
            except BlockingIOError:
                return False

    def end(self) -> None:
        for file in (self.received, self.answer):
            file.close()
        with contextlib.suppress(OSError):
            self.connection.close()

    # --- what gunicorn uses of a socket ----------------------------------------------------------

    def recv(self, size: int) -> bytes:
        return self.received.read(size)

    def sendall(self, data: bytes) -> None:
        self.answer.write(data)

    def send(self, data: bytes) -> int:
        # Only "100 Continue", which was sent already.
        return len(data)

    def gettimeout(self) -> float:
        return 0.0

    def settimeout(self, seconds: float | None) -> None: ...

    def setblocking(self, flag: bool) -> None: ...

    def shutdown(self, how: int) -> None: ...

    def close(self) -> None: ...

    def getsockname(self) -> Any:
        return self.connection.getsockname()

    def fileno(self) -> int:
        return self.connection.fileno()


class BufferingWorker(SyncWorker):
    """The worker class of the platform, named in gunicorn.conf.py."""

    def run(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.clients: dict[int, Client] = {}
        self.accepts = True
        open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.most = max(min(self.cfg.worker_connections, open_files - _OTHER_FILES), 10)
        for listener in self.sockets:
            listener.setblocking(False)
            self.selector.register(listener, selectors.EVENT_READ)
        self.selector.register(self.PIPE[0], selectors.EVENT_READ)  # a signal came
        swept, stops_at = time.monotonic(), 0.0
        while True:
            self.notify()
            # Who was there first is served first; new clients come last, so that a worker that has
            # much to do leaves them to the others.
            ready = self.selector.select(1.0)
            for key, events in sorted(ready, key=lambda found: found[0].data is None):
                self._handle_event(key, events)
            now = time.monotonic()
            if now - swept > 1:
                swept = now
                self._close_late(now)
                if not self.is_parent_alive():
                    return
            if not self.alive:
                stops_at = stops_at or now + _LAST_SECONDS
                self._stop_accepting()
                if not self.clients or now > stops_at:
                    return

    def _handle_event(self, key: selectors.SelectorKey, events: int) -> None:
        if isinstance(key.data, Client):
            if key.data.connection.fileno() == -1:
                return  # closed by an event before this one
            if events & selectors.EVENT_READ:
                self._read(key.data)
            else:
                self._write(key.data)
        elif key.fileobj == self.PIPE[0]:
            os.read(self.PIPE[0], 512)
        elif self.accepts:
            # Usually a request is there whole with its connection; several are then served in a row
            # without asking the system each time which clients are ready.
            for _ in range(_IN_A_ROW):
                if not self._accept(key.fileobj):
                    break
                self.notify()

    def _accept(self, listener: Any) -> bool:
        """Accept a client, and serve it if its request is there. Returns whether there was one."""
        try:
            connection, address = listener.accept()
        except OSError:  # another worker was quicker, or the client is gone
            return False
        connection.setblocking(False)
        util.close_on_exec(connection)
        if len(self.clients) >= self.most:
            self._drop_slowest()
        client = Client(connection, address, listener)
        self.clients[connection.fileno()] = client
        self._read(client)
        return True

    def _wait_for(self, client: Client, event: int) -> None:
        """Go on with the client when it has sent something, or can take something."""
        if client.awaits == 0:
            self.selector.register(client.connection, event, client)
        elif client.awaits != event:
            self.selector.modify(client.connection, event, client)
        client.awaits = event

    def _read(self, client: Client) -> None:
        try:
            data = client.connection.recv(_CHUNK)
            if not data:
                self._end(client)
                return
            if client.missing is not None and client.missing <= 0:
                return  # more than was announced; nobody reads it
            complete = client.take(data, self._room)
        except BlockingIOError:
            self._wait_for(client, selectors.EVENT_READ)
            return
        except OSError:  # the client is gone, or the disk is full
            self._end(client)
            return
        if complete:
            self._serve(client)
        else:
            self._wait_for(client, selectors.EVENT_READ)

    def _room(self) -> int:
        return MOST_IN_FLIGHT - sum(client.length for client in self.clients.values())

    def _serve(self, client: Client) -> None:
        """Let the application answer, and send the answer."""
        if not client.refused:
            client.received.seek(0)
            self.handle(client.listener, client, client.address)
        client.begin_answer()
        self._write(client)

    def _write(self, client: Client) -> None:
        try:
            if not client.send_more():
                self._wait_for(client, selectors.EVENT_WRITE)
                return
            client.connection.shutdown(socket.SHUT_WR)
        except OSError:
            self._end(client)
            return
        if client.refused:
            # It may still be sending; closing now could cut the answer off (RFC 9112, 9.6).
            client.missing, client.due = 0, time.monotonic() + 2
            self._wait_for(client, selectors.EVENT_READ)
        else:
            self._end(client)

    def _end(self, client: Client) -> None:
        if client.awaits:
            self.selector.unregister(client.connection)
        self.clients.pop(client.connection.fileno(), None)
        client.end()

    def _close_late(self, now: float) -> None:
        for client in [c for c in self.clients.values() if c.due < now]:
            self._end(client)

    def _drop_slowest(self) -> None:
        """Too many connections: the one whose request has been incomplete for longest has to go."""
        self._end(min(self.clients.values(), key=lambda c: (c.missing is not None, c.due)))

    def _stop_accepting(self) -> None:
        if self.accepts:
            self.accepts = False
            for listener in self.sockets:
                self.selector.unregister(listener)
