"""Draws the pages of one PDF as pictures, in a child process with limits. `core.files.pages` starts it.

argv: the width of a picture in pixels and how many pages are drawn at most.
stdin: the PDF. stdout: one line of JSON with the sizes of the pictures in bytes, then the pictures as
PNG, one after another. Without an answer the PDF could not be drawn.
"""

import io
import json
import sys

import pypdfium2
from PIL import Image

_SHADES = 16


def main() -> None:
    width, most = map(int, sys.argv[1:])
    pictures = draw(sys.stdin.buffer.read(), width, most)
    sys.stdout.buffer.write(json.dumps([len(p) for p in pictures]).encode() + b"\n")
    sys.stdout.buffer.write(b"".join(pictures))


def draw(content: bytes, width: int, most: int) -> list[bytes]:
    document = pypdfium2.PdfDocument(content)
    return [_draw_page(document[n], width) for n in range(min(len(document), most))]


def _draw_page(page: pypdfium2.PdfPage, width: int) -> bytes:
    gray = page.render(scale=width / page.get_width(), grayscale=True).to_pil().convert("L")
    # Black text on white needs few shades, and the picture is then half as large.
    few = gray.quantize(_SHADES, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    few.save(buffer, "PNG", bits=4, compress_level=6)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
