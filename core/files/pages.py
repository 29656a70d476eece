"""The pages of a stored PDF as pictures, for browsers that open no PDF, such as WeChat's on Android."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from django.core.cache import caches

from core import child_process, files
from core.errors import DomainError
from core.files import page_child
from core.models import StoredFile

_CHILD = Path(page_child.__file__)
_LIMITS = child_process.Limits(memory=768 * 1024**2, cpu_seconds=20, seconds=30)
PRELOAD = ("pypdfium2", "PIL.Image", "PIL.PngImagePlugin")
WIDTH = 1240  # A4 at 150 dpi: the small print is 18 pixels high
_MOST_PAGES = 20


class PagesUnavailable(DomainError):
    """The pages could not be drawn; the PDF itself can still be downloaded."""

    status = 503


def page_pictures(file: StoredFile) -> list[bytes]:
    """A PNG of each page of a PDF, `WIDTH` pixels wide, in gray.

    The pictures are drawn once from the stored bytes and kept in the cache "pictures", under the
    file's hash. Raises `PagesUnavailable`.
    """

    def read() -> bytes:
        with files.open_file(file) as f:
            return f.read()

    return pictures_of(read, file.sha256)


def pictures_of(make_pdf: Callable[[], bytes], name: str) -> list[bytes]:
    """As `page_pictures`, of a PDF that is made only if its pictures are not kept under `name`."""
    kept, key = caches["pictures"], f"pages:{WIDTH}:{name}"
    pictures = kept.get(key)
    if pictures is None:
        pictures = _draw(make_pdf())
        kept.set(key, pictures)
    return pictures


def _draw(content: bytes) -> list[bytes]:
    arguments = [str(WIDTH), str(_MOST_PAGES)]
    try:
        done = child_process.run(
            _CHILD, arguments, limits=_LIMITS, content=content, preload=PRELOAD
        )
    except subprocess.TimeoutExpired:
        raise _unavailable() from None
    head, _, body = done.stdout.partition(b"\n")
    if done.returncode or not head:
        raise _unavailable()
    pictures, start = [], 0
    for size in json.loads(head):
        pictures.append(body[start : start + size])
        start += size
    return pictures


def _unavailable() -> PagesUnavailable:
    return PagesUnavailable("pages", "页面图片暂时无法生成，请下载PDF文件查看。")
