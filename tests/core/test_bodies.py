"""Bodies of requests are limited by their announced length, before anything is read."""

from __future__ import annotations

import inspect
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import URLPattern, get_resolver

from core import bodies, frame, web_worker

pytestmark = pytest.mark.django_db


class CountedStream(io.RawIOBase):
    """A body of any length that counts how much of it is read."""

    def __init__(self, length: int) -> None:
        self.left, self.most_at_once, self.was_read = length, 0, 0

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        self.was_read += size
        self.most_at_once = max(self.most_at_once, size)
        return b"x" * size


def post(path: str, length: int | str, **headers: Any) -> tuple[Any, CountedStream]:
    """The answer to a POST that announces `length` bytes, and its body."""
    stream = CountedStream(length if isinstance(length, int) else 0)
    request = RequestFactory().generic("POST", path, HTTP_ACCEPT="text/html", **headers)
    request.META |= {"wsgi.input": stream, "CONTENT_LENGTH": str(length)}
    called = []

    def view(_: Any) -> str:
        called.append(1)
        return "reached"

    return bodies.BodyLimits(view)(request), stream  # type: ignore[arg-type]


def test_a_form_with_words_is_limited_before_it_is_read() -> None:
    assert post("/login/", bodies.WORDS)[0] == "reached"
    answer, stream = post("/login/", 400 * bodies.MEGABYTE)
    assert answer.status_code == 413
    assert stream.was_read == 0
    page = answer.content.decode()
    assert "提交的内容超过1MB，没有接收，也没有保存。" in page
    assert "已填的文字还在" in page


def test_a_refused_body_is_forgotten_in_small_pieces_so_that_the_browser_shows_the_page() -> None:
    answer, stream = post("/login/", 30 * bodies.MEGABYTE)
    assert answer.status_code == 413
    assert stream.most_at_once <= 64 * 1024


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/invite/abc/upload/certificate/", bodies.PICTURE),
        ("/console/graduates/import/", bodies.ROSTER),
        ("/verify/", bodies.SMALL_FILE),
        ("/employer/invitations/workbook/", bodies.SMALL_FILE),
    ],
)
def test_addresses_that_take_files_have_limits_of_their_own(path: str, most: int) -> None:
    assert post(path, most)[0] == "reached"
    assert post(path, most + 1)[0].status_code == 413


def test_a_script_that_sends_a_picture_gets_json() -> None:
    request = RequestFactory().generic("POST", "/invite/abc/upload/signature/", HTTP_ACCEPT="*/*")
    request.META["CONTENT_LENGTH"] = str(99 * bodies.MEGABYTE)
    request.META["wsgi.input"] = CountedStream(0)
    answer = bodies.BodyLimits(lambda _: None)(request)  # type: ignore[arg-type,return-value]
    assert answer.status_code == 413
    assert b'"error"' in answer.content


def test_a_body_that_does_not_say_its_length_is_refused() -> None:
    answer, stream = post("/login/", "", HTTP_TRANSFER_ENCODING="chunked")
    assert (answer.status_code, stream.was_read) == (411, 0)


@pytest.mark.parametrize("said", ["-1", "²", "9" * 5000, "1e9", "0x10"])
def test_an_odd_length_is_no_error(said: str) -> None:
    answer, stream = post("/login/", said)
    assert answer == "reached" or answer.status_code == 413
    assert stream.was_read == 0


def test_the_limit_stands_before_everything_that_reads_a_body() -> None:
    answer = Client().post(
        "/login/", {"password": "x" * 2 * bodies.MEGABYTE}, headers={"accept": "text/html"}
    )
    assert answer.status_code == 413
    assert "Content-Security-Policy" in answer


def _addresses(patterns: Any, space: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", pattern.callback
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else space
            yield from _addresses(pattern.url_patterns, inner)


def test_every_address_that_reads_files_says_how_much_it_takes() -> None:
    reads = re.compile(r"request\.FILES|sent_picture\(|what_was_signed\(|WorkbookForm\(")
    found = {
        name
        for name, callback in _addresses(get_resolver().url_patterns)
        if reads.search(inspect.getsource(inspect.unwrap(callback)))
    }
    assert len(found) > 15
    assert found - set(frame.body_limits()) == set()


# --- what pages say of the limits -----------------------------------------------------------------


def test_a_page_that_takes_files_writes_how_large_they_may_be_from_the_same_limit() -> None:
    page = Client().get("/verify/").content.decode()
    assert f'data-files-limit="{5 * bodies.MEGABYTE}"' in page
    assert bodies.body_limit("/verify/") == 6 * bodies.MEGABYTE
    assert "js/forms.js" in page
    assert "data-files-limit" not in Client().get("/login/").content.decode()


def test_every_form_with_files_has_a_limit_that_the_browser_can_check() -> None:
    """A form that sends to another address than that of its page names the limit of that address."""
    named = set(frame.body_limits())
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        for form in re.findall(
            r'<form[^>]*enctype="multipart/form-data"[^>]*>', path.read_text("utf-8")
        ):
            target = re.search(r"action=\"\{% url '([^']+)'", form)
            limit = re.search(r'\{% files_limit "([^"]+)" %\}', form)
            assert (target and target[1]) == (limit and limit[1]), path
            assert target is None or target[1] in named


def test_the_server_takes_every_body_that_an_address_may_get() -> None:
    """Otherwise it refuses without the page that says how to go on."""
    assert max(frame.body_limits().values()) <= web_worker.MOST_BODY
