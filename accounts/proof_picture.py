"""The picture of a proof: a few turned digits, lines and dots, the same for the same challenge.

It is the same each time, because pictures with the same digits and other noise could be laid over
one another until the digits alone remain.
"""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 200, 64
_SIZE = 40
_PAPER, _INK = "#f4f6f9", ("#1f3a5f", "#5f1f3a", "#1f5f3a", "#4a3a1f")


def draw(digits: str, seed: str) -> bytes:
    """A PNG of `digits`; `seed` decides how they are turned and where lines and dots are."""
    chance = random.Random(seed)  # noqa: S311 - it spoils the picture, it hides no secret
    picture = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    font = ImageFont.load_default(_SIZE)
    step = (WIDTH - 24) / len(digits)
    for place, digit in enumerate(digits):
        _paste_digit(picture, digit, font, 8 + place * step, chance)
    pen = ImageDraw.Draw(picture)
    for _ in range(5):
        ends = [(chance.randrange(WIDTH), chance.randrange(HEIGHT)) for _ in range(2)]
        pen.line(ends, fill=chance.choice(_INK), width=2)
    for _ in range(220):
        pen.point((chance.randrange(WIDTH), chance.randrange(HEIGHT)), fill=chance.choice(_INK))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _paste_digit(
    picture: Image.Image,
    digit: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    left: float,
    chance: random.Random,
) -> None:
    tile = Image.new("L", (_SIZE + 12, _SIZE + 16), 0)
    ImageDraw.Draw(tile).text((10, 2), digit, fill=255, font=font)
    tile = tile.rotate(chance.uniform(-24, 24), resample=Image.Resampling.BICUBIC)
    spot = (int(left + chance.uniform(-3, 3)), int(chance.uniform(-2, HEIGHT - _SIZE - 14)))
    picture.paste(chance.choice(_INK), spot, tile)
