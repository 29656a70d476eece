"""Limits on the bodies of requests, checked by their announced length before anything is read.

A form with words has at most `WORDS` bytes. Addresses that take files name their own limit in their
app's `contributions.py` (`body_limits`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve

from core import frame

MEGABYTE = 1024 * 1024
WORDS = MEGABYTE
# What surrounds a file in a form: other fields, boundaries.
_AROUND = MEGABYTE
PICTURE = 20 * MEGABYTE + _AROUND
# Four pictures as cameras make them. No body may be larger than `core.web_worker.MOST_BODY`.
PICTURES = 63 * MEGABYTE + _AROUND
ROSTER = 40 * MEGABYTE + _AROUND
SMALL_FILE = 5 * MEGABYTE + _AROUND
# A browser shows an answer only after it has sent its body, so a refused one is read and forgotten,
# if it is not too long or too slow.
_MOST_DISCARDED = 100 * MEGABYTE
_LONGEST_DISCARD = 3.0
_READ = 64 * 1024
_MOST_DIGITS = 15


class BodyLimits:
    """Answers 413 to a body that is longer than its address takes, and 411 to one that does not say
    how long it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = request.META.get("CONTENT_LENGTH") or ""
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            return _refusal(
                request, 411, "浏览器没有说明提交内容的大小，没有接收。请换用其他浏览器。"
            )
        if not (said.isascii() and said.isdigit()):
            return self.get_response(request)  # Django takes it for no body at all
        length = int(said) if len(said) <= _MOST_DIGITS else 10**_MOST_DIGITS
        most = WORDS if length <= WORDS else body_limit(request.path_info)
        if length <= most:
            return self.get_response(request)
        _discard(request, length)
        return _refusal(request, 413, f"提交的内容超过{most // MEGABYTE}MB，没有接收，也没有保存。")


def body_limit(path: str) -> int:
    """How many bytes a body sent to this path may have."""
    try:
        name = resolve(path).view_name
    except Resolver404:
        return WORDS
    return frame.body_limits().get(name, WORDS)


def files_limit(view_name: str) -> int | None:
    """How many bytes all files may have that are sent together to the address of this name; None if it
    takes no files. Pages write it for `static/js/forms.js`, which says so before anything is sent."""
    most = frame.body_limits().get(view_name)
    return most - _AROUND if most is not None else None


def _discard(request: HttpRequest, length: int) -> None:
    """Read and forget a refused body, so that the browser shows the answer instead of an error."""
    if length > _MOST_DISCARDED:
        return
    stream: Any = request.META.get("wsgi.input")
    until = time.monotonic() + _LONGEST_DISCARD
    while stream is not None and length > 0 and time.monotonic() < until:
        chunk = stream.read(min(_READ, length))
        if not chunk:
            return
        length -= len(chunk)


def _refusal(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    """A page, or JSON for a script that sends a picture by itself."""
    if "text/html" not in request.headers.get("Accept", ""):
        return JsonResponse({"error": sentence}, status=status)
    context = {"message": sentence, "wanted": request.path}
    return render(request, "core/too_large.html", context, status=status)
