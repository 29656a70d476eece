"""Chinese fonts for PDFs and for the browser tests, made once from a wheel into var/fonts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from . import children
from .paths import package_dir
from .stack import say

_WEIGHTS = {"Regular": 400, "Bold": 700}
# A third face for agreements: the characters of GB 2312, outlines simplified to what a printer
# shows at text size. It makes a PDF a third smaller; rarer characters come from Regular.
PRINT_FAMILY = "Platform Print"
_PRINT_UNITS = 128  # to the em: 0.025 mm at nine points, a thousand to the inch
_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <cachedir>{folder}/cache</cachedir>
  <alias><family>sans-serif</family><prefer><family>{family}</family></prefer></alias>
  <alias><family>serif</family><prefer><family>{family}</family></prefer></alias>
</fontconfig>
"""


def build_fonts(folder: Path) -> None:
    """Instance the variable font to Regular and Bold; takes about 12 s a weight, once."""
    folder.mkdir(parents=True, exist_ok=True)
    made_with = folder / "print-units"
    whole = made_with.exists() and made_with.read_text() == str(_PRINT_UNITS)
    if whole and (folder / "fonts.conf").exists():
        return
    say("Making the Chinese fonts (once)")
    missing = [w for w in _WEIGHTS if not (folder / f"platform-{w}.ttf").exists()]
    job = [sys.executable, "-m", "launcher.fonts", str(folder)]
    jobs = [children.start([*job, name], log=folder / "fonts.log") for name in missing]
    if any(job.wait() for job in jobs):
        raise SystemExit("the fonts could not be made")
    make_print_face(folder / "platform-Regular.ttf", folder / "platform-Print.ttf")
    made_with.write_text(str(_PRINT_UNITS))
    from fontTools.ttLib import TTFont

    family = TTFont(folder / "platform-Regular.ttf")["name"].getBestFamilyName()
    draft = folder / "fonts.conf.new"
    draft.write_text(_CONF.format(folder=folder, family=family))
    os.replace(draft, folder / "fonts.conf")


def source_font() -> Path:
    fonts = package_dir("justmytype_intl_cjk").rglob("NotoSansSC*.ttf")
    sans = sorted(fonts)
    if not sans:
        raise SystemExit("no Chinese font in justmytype-intl-cjk")
    return sans[0]


def _instance(folder: Path, weight: str) -> None:
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font = TTFont(source_font())
    static = instancer.instantiateVariableFont(
        font, {"wght": _WEIGHTS[weight]}, updateFontNames=True
    )
    target = folder / f"platform-{weight}.ttf"
    static.save(target.with_suffix(".new"))
    os.replace(target.with_suffix(".new"), target)


def make_print_face(source: Path, target: Path) -> None:
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.ttLib.scaleUpem import scale_upem

    font = TTFont(source)
    options = subset.Options(
        layout_features=[], hinting=False, notdef_outline=True,
        drop_tables=["vmtx", "vhea", "VORG", "STAT", "GSUB", "GPOS", "GDEF", "BASE"],
    )  # fmt: skip
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=_common_characters())
    subsetter.subset(font)
    scale_upem(font, _PRINT_UNITS)
    _simplify(font)
    for record in font["name"].names:
        if record.nameID in (1, 4, 6, 16):
            record.string = PRINT_FAMILY if record.nameID != 6 else PRINT_FAMILY.replace(" ", "")
    draft = target.with_suffix(".new")
    font.save(draft)
    os.replace(draft, target)


def _common_characters() -> set[int]:
    """ASCII and everything GB 2312 encodes."""
    found = {*range(0x20, 0x7F), 0xB7}
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes([row, cell]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


def _simplify(font: Any) -> None:
    """Fewer points: every outline through cubic curves and back, one unit off at most."""
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.qu2cuPen import Qu2CuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    glyphs, made = font.getGlyphSet(), {}
    for name in font.getGlyphOrder():
        if font["glyf"][name].numberOfContours > 0:
            pen = TTGlyphPen(None)
            glyphs[name].draw(Qu2CuPen(Cu2QuPen(pen, 1.0), 1.0, all_cubic=True))
            made[name] = pen.glyph()
    for name, glyph in made.items():
        font["glyf"][name] = glyph


if __name__ == "__main__":
    _instance(Path(sys.argv[1]), sys.argv[2])
