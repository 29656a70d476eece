"""Pictures that are no signature."""

from __future__ import annotations

import io

from PIL import Image


def blank(size: tuple[int, int] = (600, 240)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "white").save(buffer, "PNG")
    return buffer.getvalue()
