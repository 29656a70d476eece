"""Uploaded pictures: checked, and always encoded anew before they are stored."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from PIL import Image, ImageFile, ImageOps, TiffImagePlugin

from core.errors import DomainError

# Larger than a phone's photo of a page. A picture of 200 megapixels would fill the memory.
MOST_PIXELS = 50_000_000
# Without MPO, which some phones make: Pillow opens it as JPEG, and if it is listed raises KeyError
# for every format behind it.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_QUALITIES = (85, 78, 70, 62, 54)


class ImageRefused(DomainError):
    status = 422


def compress(content: bytes, *, most_bytes: int = 300 * 1024, longest_side: int = 2000) -> bytes:
    """A JPEG of at most `most_bytes`, upright, without metadata, and with legible text.

    Raises `ImageRefused` if `content` is no picture, is broken or has too many pixels.
    """
    image = _open(content)
    side = longest_side
    while True:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        # The lowest quality first: if even that is too large, the picture must get smaller.
        fitting = _jpeg(image, _QUALITIES[-1])
        if len(fitting) <= most_bytes:
            for quality in _QUALITIES[:-1]:
                better = _jpeg(image, quality)
                if len(better) <= most_bytes:
                    return better
            return fitting
        shrink = (most_bytes / len(fitting)) ** 0.5
        side = int(max(image.size) * min(max(shrink, 0.5), 0.9))
        if side < 300:
            raise ImageRefused("image_large", "图片无法压缩到合适的大小，请重新拍摄。")


def _jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
    return buffer.getvalue()


@contextmanager
def _whole_images_only() -> Iterator[None]:
    """Refuse truncated pictures. Importing WeasyPrint makes Pillow accept them everywhere."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _open(content: bytes) -> Image.Image:
    if not content:
        raise ImageRefused("image_empty", "文件是空的，请重新选择图片。")
    try:
        with warnings.catch_warnings(), _whole_images_only():
            warnings.simplefilter("ignore")
            image = Image.open(BytesIO(content), formats=FORMATS)
            if image.width * image.height > MOST_PIXELS:
                raise _too_many_pixels()
            if image.format in ("JPEG", "MPO"):
                image.draft("RGB", (4000, 4000))
            _refuse_several_pages(image)
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
    except ImageRefused:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except Exception as error:  # decoders raise many kinds of errors for broken pictures
        raise ImageRefused(
            "not_image", "这不是图片或图片已损坏，请上传 JPG、PNG 格式的照片或截图。"
        ) from error
    return _to_rgb(image)


def _to_rgb(image: Image.Image) -> Image.Image:
    """The picture in 8 bits a colour on white ground, without what its file said beside it."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _to_eight_bits(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        flat = Image.new("RGB", image.size, "white")
        rgba = image.convert("RGBA")
        flat.paste(rgba, mask=rgba.getchannel("A"))
        return flat
    image = image if image.mode == "RGB" else image.convert("RGB")
    image.info.clear()  # Pillow would write a JPEG's comment into the new file
    return image


def _refuse_several_pages(image: Image.Image) -> None:
    """Only the first page of a TIFF would be kept. Small previews stored beside it are no pages."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or image.n_frames == 1:
        return
    pages = 0
    for number in range(image.n_frames):
        image.seek(number)
        pages += not image.tag_v2.get(_SUBFILE_TYPE, 0) & 1
        if pages > 1:
            raise ImageRefused(
                "image_pages", "这个文件有多页，只能保存一页，请把每页另存为一张图片后分别上传。"
            )
    image.seek(0)


_SUBFILE_TYPE = 254  # TIFF 6.0, NewSubfileType: bit 0 is set for a smaller copy of another page


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """A gray picture of 16 or 32 bits or of floats in 8 bits. Pillow's `convert` would cut every
    level above 255 off, which makes a scan all white."""
    levels = image.convert("F")
    highest: Any = levels.getextrema()[1]
    white = next((w for w in _WHITES if highest <= w), highest)
    scaled = levels.point(lambda level: level * (255 / white) + 0).convert("L")
    scaled.info.clear()
    return scaled


# The level of white in pictures of floats, of 8, 12 and 16 bits.
_WHITES = (1, 255, 4095, 65535)


def _too_many_pixels() -> ImageRefused:
    return ImageRefused("image_pixels", "图片尺寸过大，请用手机重新拍照后上传。")


def signature(content: bytes) -> bytes:
    """A handwritten signature as a small black-on-white PNG, cropped to the strokes.

    Raises `ImageRefused` for an empty sheet, a single dot, or a file that is no picture.
    """
    gray = _open(content).convert("L")
    gray.thumbnail((1600, 1600), Image.Resampling.LANCZOS)
    strokes = gray.point(lambda level: 255 if level < 140 else 0)
    box = strokes.getbbox()
    if box is None or box[2] - box[0] < 20 or box[3] - box[1] < 8:
        raise ImageRefused("signature_empty", "请在框内手写签名后再提交。")
    inked = strokes.histogram()[255]
    area = (box[2] - box[0]) * (box[3] - box[1])
    if inked < 60 or inked > area * 0.6:
        raise ImageRefused("signature_unlike", "签名不清楚，请在框内用手指或鼠标重新书写。")
    cut = ImageOps.expand(gray.crop(box), border=6, fill=255)
    cut.thumbnail((480, 180), Image.Resampling.HAMMING)
    buffer = BytesIO()
    # For lines on white, run-length compression is nearly as small as zlib's slowest level.
    cut.point(_INK).save(buffer, "PNG", compress_level=6, compress_type=_RUN_LENGTHS)
    return buffer.getvalue()


_SHADES = 8
_INK = [round(round(n * (_SHADES - 1) / 255) * 255 / (_SHADES - 1)) for n in range(256)]
_RUN_LENGTHS = 3  # zlib's Z_RLE
