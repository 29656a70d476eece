"""Chinese fonts for PDFs and for the browser tests, made once from a wheel into var/fonts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from . import children
from .paths import ROOT, package_dir
from .stack import say

_WEIGHTS = {"Regular": 400, "Bold": 700}
# A family of its own for agreements: the characters of GB 2312, outlines simplified to what a
# printer shows at text size. It makes a PDF a third smaller; rarer characters come from the full
# faces.
PRINT_FAMILY = "Platform Print"
_PRINT_UNITS = 128  # to the em: 0.025 mm at nine points, a thousand to the inch
_PRINT_FACES = {"Regular": "platform-Print.ttf", "Bold": "platform-Print-Bold.ttf"}
_RECIPE = f"{_PRINT_UNITS} units, two weights, commonest first"  # another one: made anew
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
    """Instance the variable font to Regular and Bold, and make the print face of either; takes
    about 20 s, once."""
    folder.mkdir(parents=True, exist_ok=True)
    made_with = folder / "print-recipe"
    whole = made_with.exists() and made_with.read_text() == _RECIPE
    if whole and (folder / "fonts.conf").exists():
        return
    say("Making the Chinese fonts (once)")
    job = [sys.executable, "-m", "launcher.fonts", str(folder)]
    jobs = [children.start([*job, name], log=folder / "fonts.log") for name in _WEIGHTS]
    if any(job.wait() for job in jobs):
        raise SystemExit("the fonts could not be made")
    made_with.write_text(_RECIPE)
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


def _make(folder: Path, weight: str) -> None:
    full = folder / f"platform-{weight}.ttf"
    if not full.exists():
        _instance(full, weight)
    make_print_face(full, folder / _PRINT_FACES[weight])


def _instance(target: Path, weight: str) -> None:
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font = TTFont(source_font())
    static = instancer.instantiateVariableFont(
        font, {"wght": _WEIGHTS[weight]}, updateFontNames=True
    )
    static.save(target.with_suffix(".new"))
    os.replace(target.with_suffix(".new"), target)


def make_print_face(source: Path, target: Path) -> None:
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.ttLib.reorderGlyphs import reorderGlyphs
    from fontTools.ttLib.scaleUpem import scale_upem

    common, font = _common_characters(), TTFont(source)
    options = subset.Options(
        layout_features=[], hinting=False, notdef_outline=True,
        drop_tables=["vmtx", "vhea", "VORG", "STAT", "GSUB", "GPOS", "GDEF", "BASE"],
    )  # fmt: skip
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=common)
    subsetter.subset(font)
    # A PDF's subset keeps the numbers of its glyphs: the lower they are, the smaller its tables.
    cmap = font.getBestCmap()
    ranked = [".notdef", *(cmap[c] for c in common if c in cmap), *font.getGlyphOrder()]
    reorderGlyphs(font, list(dict.fromkeys(ranked)))
    scale_upem(font, _PRINT_UNITS)
    _simplify(font)
    style = font["name"].getBestSubFamilyName()
    names = {1: PRINT_FAMILY, 16: PRINT_FAMILY, 4: f"{PRINT_FAMILY} {style}"}
    names[6] = f"{PRINT_FAMILY.replace(' ', '')}-{style}"
    for record in font["name"].names:
        record.string = names.get(record.nameID, record.string)
    draft = target.with_suffix(".new")
    font.save(draft)
    os.replace(draft, target)


def _common_characters() -> list[int]:
    """ASCII and everything GB 2312 encodes: what the agreement itself says, then the common
    characters, then the others."""
    said = (ROOT / "templates" / "esign" / "pdf" / "agreement.html").read_text()
    found = [*range(0x20, 0x7F), 0xB7]
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.append(ord(bytes([row, cell]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    known = set(found)
    return list(dict.fromkeys([*found[:96], *(ord(c) for c in said if ord(c) in known), *found]))


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
    _make(Path(sys.argv[1]), sys.argv[2])
