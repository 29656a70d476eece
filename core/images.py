"""Pictures from outside: opened with care, re-encoded by us, never stored as they came."""

from __future__ import annotations

import warnings
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import DomainError

# 40 megapixels: more than any phone page needs; a "photo" of 200 megapixels is an attack.
MOST_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "MPO", "TIFF")


class ImageRefused(DomainError):
    status = 422


def compress(content: bytes, *, most_bytes: int = 300 * 1024, longest_side: int = 2000) -> bytes:
    """A JPEG of at most `most_bytes`: upright, without metadata, text still legible.

    Raises `ImageRefused` with a sentence for what is no picture or a hostile one.
    """
    image = _open(content)
    side = longest_side
    while True:
        smaller = image.copy()
        smaller.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in (85, 78, 70, 62, 54):
            buffer = BytesIO()
            smaller.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
            if buffer.tell() <= most_bytes:
                return buffer.getvalue()
        side = int(side * 0.8)
        if side < 300:
            raise ImageRefused("image_large", "图片无法压缩到合适的大小, 请重新拍摄。")


def _open(content: bytes) -> Image.Image:
    if not content:
        raise ImageRefused("image_empty", "文件是空的, 请重新选择图片。")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(BytesIO(content), formats=FORMATS)
            if image.width * image.height > MOST_PIXELS:
                raise ImageRefused("image_pixels", "图片尺寸过大, 请用手机重新拍照后上传。")
            if image.format in ("JPEG", "MPO"):
                image.draft("RGB", (4000, 4000))
            image.load()
            upright = ImageOps.exif_transpose(image)
    except ImageRefused:
        raise
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        MemoryError,
        Image.DecompressionBombError,
    ) as error:
        raise ImageRefused(
            "not_image", "这不是图片或图片已损坏, 请上传 JPG、PNG 格式的照片或截图。"
        ) from error  # fmt: skip
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        flat = Image.new("RGB", upright.size, "white")
        rgba = upright.convert("RGBA")
        flat.paste(rgba, mask=rgba.getchannel("A"))
        return flat
    return upright.convert("RGB")
