"""Uploaded pictures: checked, and always encoded anew before they are stored. They are decoded in a
child process with limits."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from core import child_process
from core.errors import DomainError
from core.files import image_child

_CHILD = Path(image_child.__file__)
# Enough for a JPEG, PNG or TIFF of the most pixels. A WebP of so many may need more and is refused.
_LIMITS = child_process.Limits(memory=768 * 1024**2, cpu_seconds=30, seconds=60)
_PRELOAD = (
    "PIL.ImageOps", "PIL.JpegImagePlugin", "PIL.PngImagePlugin", "PIL.WebPImagePlugin",
    "PIL.GifImagePlugin", "PIL.BmpImagePlugin", "PIL.TiffImagePlugin", "PIL.MpoImagePlugin",
)  # fmt: skip

REFUSALS = {
    "image_empty": "文件是空的，请重新选择图片。",
    "not_image": "这不是图片或图片已损坏，请上传 JPG、PNG、HEIC 格式的照片或截图。",
    "image_pixels": "图片尺寸过大，请用手机重新拍照后上传。",
    "image_pages": "这个文件的页数超过可以保存的张数，请把需要的每页另存为一张图片后分别上传。",
    "image_large": "图片无法压缩到合适的大小，请重新拍摄。",
    "image_long": "图片太长，缩小后会看不清文字，请分成几张较短的截图后分别上传。",
    "signature_empty": "请在框内手写签名后再提交。",
    "signature_unlike": "签名不清楚，请在框内用手指或鼠标重新书写。",
}


class ImageRefused(DomainError):
    status = 422


def compress(content: bytes, *, most_bytes: int = 300 * 1024, longest_side: int = 2000) -> bytes:
    """A JPEG of at most `most_bytes`, upright, without metadata, and with legible text.

    A long screenshot may be longer than `longest_side`, so that its text stays legible. Raises
    `ImageRefused` if `content` is no picture, is broken, has too many pixels or can't be kept
    legible.
    """
    (page,) = compress_pages(
        content, most_pages=1, most_bytes=most_bytes, longest_side=longest_side
    )
    return page


def compress_pages(
    content: bytes, *, most_pages: int, most_bytes: int = 300 * 1024, longest_side: int = 2000
) -> list[bytes]:
    """A JPEG for each page of a TIFF, otherwise one for the picture; each as `compress` makes it. Raises
    `ImageRefused`, also for more than `most_pages`."""
    answer = _run(content, "compress", str(most_bytes), str(longest_side), str(most_pages))
    pages = []
    while answer:
        end = 4 + int.from_bytes(answer[:4], "big")
        pages.append(answer[4:end])
        answer = answer[end:]
    return pages


def signature(content: bytes) -> bytes:
    """A handwritten signature as a small black-on-white PNG, cropped to the strokes.

    Raises `ImageRefused` for an empty sheet, a single dot, or a file that is no picture.
    """
    return _run(content, "signature")


def _run(content: bytes, *arguments: str) -> bytes:
    try:
        done = child_process.run(
            _CHILD, list(arguments), limits=_LIMITS, content=content, preload=_PRELOAD
        )
    except subprocess.TimeoutExpired:
        raise _refused("image_pixels") from None
    # Without an answer the process was ended by one of its limits.
    if done.returncode or not done.stdout:
        raise _refused("image_pixels")
    if done.stdout.startswith(b"{"):
        raise _refused(json.loads(done.stdout)["error"])
    return done.stdout


def _refused(code: str) -> ImageRefused:
    return ImageRefused(code, REFUSALS[code])
