"""The perceptual hash (dHash, 64 bits) of a picture: pictures that look alike have hashes of which few bits
differ. The picture is decoded in a child process with limits."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from core import child_process
from core.errors import DomainError
from core.files import print_child

_CHILD = Path(print_child.__file__)
_LIMITS = child_process.Limits(memory=512 * 1024**2, cpu_seconds=10, seconds=20)
_PRELOAD = (
    "dhash", "PIL.Image", "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.WebPImagePlugin",
)  # fmt: skip


class PrintRefused(DomainError):
    """The picture could not be read."""

    status = 422


def perceptual_hash(content: bytes) -> int | None:
    """The hash as a number from 0 to 2⁶⁴ − 1; None of a picture that says nothing, such as one of one
    colour, which would look like every other one of these. Raises `PrintRefused`."""
    try:
        done = child_process.run(_CHILD, [], limits=_LIMITS, content=content, preload=_PRELOAD)
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode or not done.stdout:
        raise PrintRefused("print_unreadable", "图片无法读取，没有算出指纹。")
    found: int | None = json.loads(done.stdout)["hash"]
    return found
