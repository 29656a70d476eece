"""Uploaded PDFs: always rebuilt before they are stored, in a child process with limits."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from core import child_process
from core.errors import DomainError
from core.files.pages import PRELOAD

# Not imported: it needs parsers that only the child process loads.
_CHILD = Path(__file__).with_name("pdf_child.py")
_LIMITS = child_process.Limits(memory=1024 * 1024**2, cpu_seconds=20, seconds=40)

REFUSALS = {
    "pdf_empty": "文件是空的，请重新选择。",
    "not_pdf": "这不是PDF文件，请在Word等程序中另存为PDF后上传。",
    "pdf_encrypted": "PDF设有密码或权限限制，请去掉后重新上传。",
    "pdf_broken": "PDF已损坏，无法读取，请重新导出后上传。",
    "pdf_pages": "PDF的页数过多，请只保留需要的页。",
    "pdf_heavy": "PDF的内容过于复杂，无法处理，请重新导出或减少图片后上传。",
}


class PdfRefused(DomainError):
    status = 422


def rebuild(content: bytes, *, most_pages: int) -> bytes:
    """A PDF with the same pages as `content` and nothing else: no scripts, actions, links, forms,
    enclosed files or metadata. What forms and comments show is drawn into the pages.

    Raises `PdfRefused` for what is no PDF, is broken or encrypted, has too many pages, or takes too much
    memory or time.
    """
    try:
        done = child_process.run(
            _CHILD, [str(most_pages)], limits=_LIMITS, content=content, preload=PRELOAD
        )
    except subprocess.TimeoutExpired:
        raise _refused("pdf_heavy") from None
    # Without an answer the process was ended by one of its limits.
    if done.returncode or not done.stdout:
        raise _refused("pdf_heavy")
    if done.stdout.startswith(b"{"):
        raise _refused(json.loads(done.stdout)["error"])
    return done.stdout


def _refused(code: str) -> PdfRefused:
    return PdfRefused(code, REFUSALS[code])
