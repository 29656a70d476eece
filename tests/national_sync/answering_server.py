"""An HTTP server that answers as a test says: whatever a national system, or a gateway in front of it,
might send."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from national_sync.transport.http import Endpoint, HttpTransport, Timeouts
from national_sync.transport.pace import Backoff

AT_ONCE = Backoff(first=0.001, most=0.001, attempts=2, patience=0.1)


@dataclass(frozen=True)
class Said:
    """One answer, byte for byte."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    # The answer announces so many bytes more than it sends.
    missing: int = 0


def said(value: Any, status: int = 200, **headers: str) -> Said:
    return Said(json.dumps(value).encode("utf-8", "surrogatepass"), status, headers)


class AnsweringServer:
    """`submitted`, `page` and `batch` make the answers to a batch, to the stream of results, and to the
    question for one batch. `taken` are the batches it was sent, as JSON."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.submitted: Callable[[dict[str, Any]], Said] = lambda batch: said(
            {"batch": batch["batch"], "received": len(batch["lines"])}, 202
        )
        self.page: Callable[[int], Said] = lambda after: said({"results": [], "next": after})
        self.batch: Callable[[str], Said] = lambda batch: said(
            {"batch": batch, "state": "judging", "results": []}
        )
        self.elsewhere = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.taken.append(batch)
                self.answer(outer.submitted(batch))

            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                if path == "/v1/results":
                    self.answer(outer.page(int(query.split("&")[0].removeprefix("after="))))
                elif path.startswith("/v1/batches/"):
                    self.answer(outer.batch(path.rpartition("/")[2]))
                else:
                    outer.elsewhere += 1
                    self.answer(said({}))

            def answer(self, what: Said) -> None:
                self.send_response(what.status)
                for name, value in what.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(what.body) + what.missing))
                self.end_headers()
                self.wfile.write(what.body)
                self.close_connection = bool(what.missing)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def transport(self) -> HttpTransport:
        return HttpTransport(
            Endpoint(self.url, "client", "secret"), backoff=AT_ONCE, timeouts=Timeouts(2, 2, 2, 2)
        )

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def answers_to(batches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The right answer to each line that was sent: accepted, in the order of lines."""
    lines = [(b["batch"], line) for b in batches for line in b["lines"]]
    return [
        {"seq": n, "batch": batch, "line": line["line"], "version": line["version"],
         "verdict": "accepted", "judged_at": "2026-01-01T08:00:00+08:00"}
        for n, (batch, line) in enumerate(lines, 1)
    ]  # fmt: skip
