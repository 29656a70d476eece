"""Program that works out the perceptual hash of one picture. `core.files.prints` starts it.

Pictures come from outside, so it runs in a process of its own with limits (see `core.child_process`).

stdin: the picture. stdout: a JSON object {"hash": 64 bits as a number}, null for a picture that says
nothing. Without an answer the picture could not be read.
"""

import json
import sys
from io import BytesIO

import dhash
from PIL import Image

_SIZE = 8
# A picture whose grays are this near each other has one colour, and its hash is noise.
_LEAST_CONTRAST = 16
# A hash with fewer bits of one kind than this is that of a plain surface with one gradient.
_LEAST_BITS = 4


def main() -> None:
    image = Image.open(BytesIO(sys.stdin.buffer.read()), formats=("JPEG", "PNG", "WEBP"))
    image.draft("L", (256, 256))  # a JPEG is decoded at an eighth of its size
    print(json.dumps({"hash": print_of(image)}))  # noqa: T201 - the answer


def print_of(image: Image.Image) -> int | None:
    grays = dhash.get_grays(image, _SIZE + 1, _SIZE + 1)
    if max(grays) - min(grays) < _LEAST_CONTRAST:
        return None
    found: int = dhash.dhash_row_col(grays, _SIZE)[0]
    ones = found.bit_count()
    return found if _LEAST_BITS <= ones <= _SIZE * _SIZE - _LEAST_BITS else None


if __name__ == "__main__":
    main()
