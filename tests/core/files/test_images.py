"""Compression of uploaded pictures."""

from __future__ import annotations

import base64
import dataclasses
import io
import random
import re
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from core.files import image_child, images
from core.files.images import ImageRefused, compress
from tests.factories import make_photo


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def noise(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 80).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def test_the_least_compressible_picture_fits_the_limit() -> None:
    small = compress(noise(2400, 1600))
    assert len(small) <= 300 * 1024
    assert opened(small).format == "JPEG"


def test_a_small_picture_keeps_its_size() -> None:
    assert opened(compress(make_photo((400, 300)))).size == (400, 300)


def test_the_longest_side_is_2000() -> None:
    assert opened(compress(make_photo((4000, 1000)))).size == (2000, 500)


def test_text_stays_legible_after_compression() -> None:
    """Black lines two pixels high on white are still dark lines on light afterwards."""
    image = opened(compress(make_photo((1200, 1600)))).convert("L")
    middle: list[Any] = [image.getpixel((600, y)) for y in range(1600)]
    assert min(middle) < 120 < 220 < max(middle)


def test_a_picture_that_cannot_be_made_small_enough_is_refused() -> None:
    with pytest.raises(ImageRefused) as refusal:
        compress(noise(800, 800), most_bytes=500)
    assert refusal.value.code == "image_large"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_pictures_of_every_colour_mode_are_compressed(mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    buffer = io.BytesIO()
    Image.new(mode, (60, 40)).save(buffer, kind)
    assert opened(compress(buffer.getvalue())).mode == "RGB"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation: int) -> None:
    """The red corner of an upright picture is top left whatever way the phone was held."""
    upright = Image.new("RGB", (160, 80), "white")
    upright.paste((255, 0, 0), (0, 0, 40, 40))
    undo = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    held = upright.transpose(undo) if undo is not None else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    held.save(buffer, "JPEG", quality=95, exif=exif)
    image = opened(compress(buffer.getvalue()))
    assert image.size == (160, 80)
    red, green, _ = image.getpixel((15, 15))
    assert red > 200
    assert green < 80


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_damaged_pictures_are_read_or_refused(kind: str) -> None:
    whole = make_photo((120, 90), kind)
    chance = random.Random(kind)
    for _ in range(60):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        cut = bytes(broken[: chance.randint(1, len(broken))])
        try:
            (small,) = image_child.compress(cut, 300 * 1024, 2000, 1)
            assert len(small) <= 300 * 1024
        except image_child.Refused as refusal:
            assert refusal.args[0] in ("not_image", "image_pixels", "image_long")


def test_a_decompression_bomb_is_refused_at_once() -> None:
    buffer = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(buffer, "PNG")
    started = time.monotonic()
    with pytest.raises(ImageRefused) as refusal:
        compress(buffer.getvalue())
    assert refusal.value.code == "image_pixels"
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "I;16"), ("TIFF", "I;16"), ("TIFF", "I"), ("TIFF", "F")]
)
def test_a_scan_of_more_than_eight_bits_keeps_its_grays(kind: str, mode: str) -> None:
    scan = Image.new("F", (400, 300), 65535)
    scan.paste(16384, (0, 0, 200, 300))
    if mode == "F":
        scan = scan.point(lambda level: level * (1 / 65535) + 0)
    elif mode == "I;16":
        scan = scan.convert("I").convert("I;16")
    else:
        scan = scan.convert("I")
    buffer = io.BytesIO()
    scan.save(buffer, kind)
    stored: Any = opened(compress(buffer.getvalue())).convert("L")
    assert abs(stored.getpixel((100, 150)) - 64) < 4
    assert stored.getpixel((300, 150)) > 250


def test_a_tiff_of_several_pages_is_refused_with_what_to_do() -> None:
    page = Image.new("L", (400, 300), 200)
    buffer = io.BytesIO()
    page.save(buffer, "TIFF", save_all=True, append_images=[page])
    with pytest.raises(ImageRefused, match="每页另存为一张图片"):
        compress(buffer.getvalue())


def test_a_tiff_with_a_preview_of_its_page_is_kept() -> None:
    page = Image.new("L", (400, 300), 200)
    preview: Any = Image.new("L", (40, 30), 200)
    preview.encoderinfo = {"tiffinfo": {254: 1}}
    buffer = io.BytesIO()
    page.save(buffer, "TIFF", save_all=True, append_images=[preview])
    assert opened(compress(buffer.getvalue())).size == (400, 300)


def test_the_comment_of_a_jpeg_is_dropped() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(buffer, "JPEG", comment=b"secret place")
    assert b"secret place" not in compress(buffer.getvalue())


def screenshot(width: int, height: int, *, lines: bool = True) -> bytes:
    """A white page with words of strokes as wide as a phone's text has them."""
    page = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(page)
    chance = random.Random(height)
    for top in range(20, height - 60, 98) if lines else ():
        for left in range(40, width - 80, 44):
            for _ in range(5):
                x, y = left + chance.randrange(36), top + chance.randrange(36)
                draw.line((x, y, left + chance.randrange(36), y), fill=0, width=3)
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(1080, 8000), (8000, 1080)])
def test_a_long_screenshot_keeps_a_legible_width(size: tuple[int, int]) -> None:
    small = compress(screenshot(*size))
    assert len(small) <= 300 * 1024
    assert 440 <= min(opened(small).size) <= 720
    width, height = opened(small).size
    assert width / height == pytest.approx(size[0] / size[1], rel=0.01)


def test_a_long_screenshot_with_little_text_is_720_pixels_wide() -> None:
    assert opened(compress(screenshot(1080, 14000, lines=False))).size == (720, 9333)


def test_a_long_strip_narrower_than_that_keeps_its_size() -> None:
    assert opened(compress(screenshot(200, 4000, lines=False))).size == (200, 4000)


@pytest.mark.parametrize(
    "content", [noise(600, 9000), screenshot(100, 30_000, lines=False)], ids=["dense", "endless"]
)
def test_a_long_picture_that_would_be_illegible_is_refused_with_advice(content: bytes) -> None:
    with pytest.raises(ImageRefused, match="分成几张较短的截图") as refusal:
        compress(content)
    assert refusal.value.code == "image_long"


# 1,942 bytes: 7000 × 7000 pixels of one colour. Decoding them takes 1.1 GB.
_SMALL_WEBP = zlib.decompress(
    base64.b85decode(
        "c-jl{baU%tXJ80-bqWXzu<&UFvh~AnUln5yXbj;{VBnHs@{Hc|w%=b^NaaWUZd;`weNK-_|Ng5h|C;a6_~UoKlG5Y-"
        "|NniyU;qE-`~Cm_e7|4+@ArHA|9`*F|Nrmz`FbSAbL{Gn7^B1}F-nXQqr@mNA_(*<5hVQInw<dvIS^=U"
    )
)


def test_a_small_file_that_would_fill_the_memory_is_refused() -> None:
    assert len(_SMALL_WEBP) < 2000
    with pytest.raises(ImageRefused) as refusal:
        compress(_SMALL_WEBP)
    assert refusal.value.code == "image_pixels"


def _peak_memory() -> int:
    """The most memory that this process ever used, in KB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])


def test_decoding_a_picture_takes_no_memory_of_the_web_worker() -> None:
    buffer = io.BytesIO()
    Image.new("1", (7000, 7000)).save(buffer, "PNG")
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = _peak_memory()
    assert opened(compress(buffer.getvalue())).size == (2000, 2000)
    assert _peak_memory() - before < 20_000


@pytest.mark.parametrize(
    "program", ["import os; os.kill(os.getpid(), 9)", "import time; time.sleep(60)", "pass"]
)
def test_a_picture_whose_child_process_gives_no_answer_is_refused(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child.py"
    child.write_text(program)
    monkeypatch.setattr(images, "_CHILD", child)
    monkeypatch.setattr(images, "_LIMITS", dataclasses.replace(images._LIMITS, seconds=1))
    for encode in (compress, images.signature):
        with pytest.raises(ImageRefused) as refusal:
            encode(make_photo())
        assert refusal.value.code == "image_pixels"


def test_every_refusal_of_the_child_process_has_a_message() -> None:
    program = Path(image_child.__file__).read_text()
    codes = set(re.findall(r'Refused\("(\w+)"\)|"error": "(\w+)"', program))
    assert {a or b for a, b in codes} == set(images.REFUSALS)
