"""Every page that the access test knows, opened once, and kept so that a browser can load it.

The pages are made by Django's test client in a transaction that is rolled back; a small web server
then answers a browser with what was kept, under the address and with the headers it had.
"""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.db import transaction
from django.http import HttpResponseBase
from django.urls import reverse

from schools.roles import Role
from tests.access_cases import AddressCase
from tests.access_table import Objects
from tests.test_access import KNOWN, PEOPLE, Address, Visitor, expect

# Each page is opened by the first of these that may open it.
_ROLES = (
    Role.SCHOOL_ADMIN, Role.PROVINCE, Role.DEPARTMENT_ADMIN, Role.COUNSELLOR, *PEOPLE[1:], PEOPLE[0],
)  # fmt: skip
_KEPT_HEADERS = ("Content-Type", "Content-Security-Policy")


@dataclass(frozen=True)
class OpenedPage:
    """One answer: `name` says which, for a person who reads a failure."""

    name: str
    path: str
    html: str
    headers: dict[str, str]


def open_pages(part: int, parts: int) -> list[OpenedPage]:
    """The pages of one of `parts` equal parts of all addresses: as they open, and as they come back
    when their form is sent empty."""
    objects = Objects()
    visitors: dict[str, Visitor] = {}
    share = -(-len(KNOWN) // parts)
    pages = []
    for address in KNOWN[part * share : (part + 1) * share]:
        cases = objects.cases(address.name) if address.takes else [AddressCase("", {}, frozenset())]
        pages += _opened(address, cases, objects, visitors)
    return pages


def _opened(
    address: Address, cases: Sequence[AddressCase], objects: Objects, visitors: dict[str, Visitor]
) -> list[OpenedPage]:
    may_open = [
        (role, case)
        for role in _ROLES
        for case in cases
        if expect(role, address, case) in ("open", "allowed")
    ]
    for role, case in may_open:
        if role not in visitors:
            visitors[role] = Visitor(role, objects)
        found = _asked(address, case, role, visitors[role])
        if found is not None:
            return found
    return []


def _asked(
    address: Address, case: AddressCase, role: str, visitor: Visitor
) -> list[OpenedPage] | None:
    """The pages of one address; None if it sends this person elsewhere, as some pages send other
    roles than those they are for."""
    path, found = reverse(address.name, kwargs=case.kwargs), []
    with transaction.atomic():
        answer = visitor.client().get(path)
        transaction.set_rollback(True)
    if answer.status_code in (302, 404):
        return None
    if _is_page(answer):
        found.append(_keep(f"{address.name} as {role}", path, answer))
    with transaction.atomic():
        answer = visitor.client().post(path)
        transaction.set_rollback(True)
    if answer.status_code == 422 and _is_page(answer):
        found.append(_keep(f"{address.name} as {role}, sent empty", f"{path}?empty", answer))
    return found


def _is_page(answer: HttpResponseBase) -> bool:
    is_html = answer.headers.get("Content-Type", "").startswith("text/html")
    return is_html and b"<html" in answer.content[:200]


def _keep(name: str, path: str, answer: HttpResponseBase) -> OpenedPage:
    headers = {k: answer.headers[k] for k in _KEPT_HEADERS if k in answer.headers}
    return OpenedPage(name, path, answer.content.decode(), headers)


@contextmanager
def served(pages: Sequence[OpenedPage], script: Path) -> Iterator[str]:
    """Answer requests for `pages`, each with `script` as its last one, and for static files; gives the
    server's address. The pages' policy allows scripts of their own address only."""
    kept = {page.path: page for page in pages}
    tag, code = '<script src="/checks.js" defer></script></body>', script.read_bytes()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            static = finders.find(path.removeprefix("/static/")) if "/static/" in path else None
            if self.path in kept and "HX-Request" not in self.headers:
                page = kept[self.path]
                html = page.html.replace("</body>", tag)
                self._answer(200, html.encode(), page.headers)
            elif path == "/checks.js":
                headers = {"Content-Type": "text/javascript", "Cache-Control": "max-age=3600"}
                self._answer(200, code, headers)
            elif static:
                kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
                headers = {"Content-Type": kind, "Cache-Control": "max-age=3600"}
                self._answer(200, Path(str(static)).read_bytes(), headers)
            else:  # what the pages fetch once they are loaded: counts, progress, pictures
                self._answer(204, b"", {})

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing: the tests say which page is wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
