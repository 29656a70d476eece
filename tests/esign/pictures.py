"""Pictures that are not accepted as signatures."""

from __future__ import annotations

import io

from PIL import Image


def blank_picture(size: tuple[int, int] = (600, 240)) -> bytes:
    """A white PNG, as a canvas that nobody drew on."""
    buffer = io.BytesIO()
    Image.new("RGB", size, "white").save(buffer, "PNG")
    return buffer.getvalue()
