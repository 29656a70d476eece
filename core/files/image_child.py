"""Program that decodes an uploaded picture and encodes it anew. `core.files.images` starts it.

Pictures come from outside, and a small file may need much memory or break a decoder. So it runs in a
process of its own with limits (see `core.child_process`).

argv: "compress", most bytes, longest side, most pages; or "signature". stdin: the picture.
stdout: each page as the length in four bytes and a JPEG; or the signature; or a JSON object
{"error": slug} if it is refused.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps, TiffImagePlugin

# Larger than a phone's photo of a page. A picture of 200 megapixels would fill the memory.
MOST_PIXELS = 50_000_000
# Without MPO, which some phones make: Pillow opens it as JPEG, and if it is listed raises KeyError
# for every format behind it.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_QUALITIES = (85, 78, 70, 62, 54)
# A long screenshot is as wide as the phone's screen and many screens high. At this width its text
# has about 16 pixels a character, which is the least that can be read.
_LEGIBLE_SIDE = 440
_LONG_SIDE = 720
_LONG_QUALITIES = (*_QUALITIES, 42, 30)
_HIGHEST = 20_000  # browsers draw no higher picture reliably


class Refused(Exception):
    """The picture is not accepted. The only argument is a slug of `images.REFUSALS`."""


def main() -> None:
    name, *numbers = sys.argv[1:]
    content = sys.stdin.buffer.read()
    try:
        if name == "signature":
            answer = signature(content)
        else:
            pages = compress(content, *map(int, numbers))
            answer = b"".join(len(page).to_bytes(4, "big") + page for page in pages)
    except Refused as refusal:
        answer = json.dumps({"error": refusal.args[0]}).encode()
    except MemoryError:
        answer = b'{"error": "image_pixels"}'
    sys.stdout.buffer.write(answer)


def compress(content: bytes, most_bytes: int, longest_side: int, most_pages: int) -> list[bytes]:
    """See `images.compress_pages`."""
    return [
        _compress_page(page, most_bytes, longest_side) for page in _open_pages(content, most_pages)
    ]


def _compress_page(image: Image.Image, most_bytes: int, longest_side: int) -> bytes:
    short, long = sorted(image.size)
    if long > longest_side and short * longest_side < _LEGIBLE_SIDE * long:
        return _compress_long(image, most_bytes)
    side = longest_side
    while True:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        if encoded := _best_jpeg(image, most_bytes, _QUALITIES):
            return encoded
        side = _smaller(image, most_bytes, _QUALITIES[-1])
        if side < 300:
            raise Refused("image_large")


def _compress_long(image: Image.Image, most_bytes: int) -> bytes:
    """A picture so long that its text could not be read if its longer side had the usual length."""
    narrowest = min(_LEGIBLE_SIDE, *image.size)
    side = max(image.size) * min(_LONG_SIDE / min(image.size), 1)
    while True:
        if side > _HIGHEST:
            raise Refused("image_long")
        image.thumbnail((round(side), round(side)), Image.Resampling.LANCZOS)
        if encoded := _best_jpeg(image, most_bytes, _LONG_QUALITIES):
            return encoded
        if min(image.size) <= narrowest:
            raise Refused("image_long")
        least = max(image.size) * narrowest / min(image.size)
        side = max(_smaller(image, most_bytes, _LONG_QUALITIES[-1]), least)


def _best_jpeg(image: Image.Image, most_bytes: int, qualities: tuple[int, ...]) -> bytes | None:
    """The picture in the best of `qualities` that fits. None if it fits in none of them."""
    # The lowest quality first: if even that is too large, the picture must get smaller.
    fitting = _jpeg(image, qualities[-1])
    if len(fitting) > most_bytes:
        return None
    for quality in qualities[:-1]:
        better = _jpeg(image, quality)
        if len(better) <= most_bytes:
            return better
    return fitting


def _smaller(image: Image.Image, most_bytes: int, quality: int) -> int:
    """The longest side with which the picture probably fits."""
    shrink = (most_bytes / len(_jpeg(image, quality))) ** 0.5
    return int(max(image.size) * min(max(shrink, 0.5), 0.9))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
    return buffer.getvalue()


def _open_pages(content: bytes, most: int) -> Iterator[Image.Image]:
    """The pages of a picture, upright and in RGB; only a TIFF may have several."""
    if not content:
        raise Refused("image_empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(BytesIO(content), formats=_formats_of(content))
            _check_pixels(image)
            if image.format in ("JPEG", "MPO"):
                image.draft("RGB", (4000, 4000))
            numbers = _page_numbers(image)
            if len(numbers) > most:
                raise Refused("image_pages")
            for number in numbers:
                page = _load_page(image, number, content)
                # The next page is loaded into the same object.
                yield page.copy() if len(numbers) > 1 else page
    except (Refused, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise Refused("image_pixels") from None
    except Exception as error:  # decoders raise many kinds of errors for broken pictures
        raise Refused("not_image") from error


def _load_page(image: Image.Image, number: int, content: bytes) -> Image.Image:
    if number:
        image.seek(number)
        _check_pixels(image)
    image.load()
    if image.format == "HEIF":
        _note_orientation(image, content)
    ImageOps.exif_transpose(image, in_place=True)
    return _to_rgb(image)


def _check_pixels(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise Refused("image_pixels")


def _formats_of(content: bytes) -> tuple[str, ...]:
    """The formats to try. The decoder of HEIF is loaded only for a file that begins like one, since
    loading it takes longer than decoding most pictures."""
    if content[4:8] != b"ftyp":
        return FORMATS
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1  # each thread would reserve memory of its own
    pillow_heif.register_heif_opener()
    return (*FORMATS, "HEIF")


def _note_orientation(image: Image.Image, content: bytes) -> None:
    """A HEIF file says in its own properties how to turn the picture, and libheif turns it. Some
    programs write only the orientation of EXIF, which then has to be applied here."""
    orientation = image.info.get("original_orientation")
    head = content[:_HEIF_HEAD]
    if orientation and b"irot" not in head and b"imir" not in head:
        image.getexif()[_ORIENTATION] = orientation


_HEIF_HEAD = 256 * 1024  # the properties stand before the picture's data
_ORIENTATION = 0x0112


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


def _page_numbers(image: Image.Image) -> list[int]:
    """The numbers of the frames that are pages. A TIFF may have many; small previews stored beside a
    page are none."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile) or image.n_frames == 1:
        return [0]
    numbers = []
    for number in range(image.n_frames):
        image.seek(number)
        if not image.tag_v2.get(_SUBFILE_TYPE, 0) & 1:
            numbers.append(number)
    image.seek(0)
    return numbers or [0]


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


def signature(content: bytes) -> bytes:
    """See `images.signature`."""
    (sheet,) = _open_pages(content, 1)
    gray = sheet.convert("L")
    gray.thumbnail((1600, 1600), Image.Resampling.LANCZOS)
    strokes = gray.point(lambda level: 255 if level < 140 else 0)
    box = strokes.getbbox()
    if box is None or box[2] - box[0] < 20 or box[3] - box[1] < 8:
        raise Refused("signature_empty")
    inked = strokes.histogram()[255]
    area = (box[2] - box[0]) * (box[3] - box[1])
    if inked < 60 or inked > area * 0.6:
        raise Refused("signature_unlike")
    cut = ImageOps.expand(gray.crop(box), border=6, fill=255)
    cut.thumbnail((480, 180), Image.Resampling.HAMMING)
    buffer = BytesIO()
    # For lines on white, run-length compression is nearly as small as zlib's slowest level.
    cut.point(_INK).save(buffer, "PNG", compress_level=6, compress_type=_RUN_LENGTHS)
    return buffer.getvalue()


_SHADES = 8
_INK = [round(round(n * (_SHADES - 1) / 255) * 255 / (_SHADES - 1)) for n in range(256)]
_RUN_LENGTHS = 3  # zlib's Z_RLE


if __name__ == "__main__":
    main()
