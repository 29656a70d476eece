"""Chinese fonts for PDFs and for the browser tests, made once from a wheel into var/fonts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import children
from .paths import ROOT, package_dir
from .stack import say

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

_WEIGHTS = {"Regular": 400, "Bold": 700}
# Agreements are set in a font family of their own: the characters of GB 2312, with outlines
# simplified to what a printer resolves at text size. PDFs become a third smaller. Rarer characters
# are taken from the full font.
PRINT_FAMILY = "Platform Print"
_PRINT_UNITS = 128  # per em: 0.025 mm at nine points, so about 1,000 dpi
_PRINT_FACES = {"Regular": "platform-Print.ttf", "Bold": "platform-Print-Bold.ttf"}
# Fonts with most characters of CJK Extensions B to F, for names. Debian's fonts-hanazono, which
# bin/setup.sh installs, puts them here; if the folder is missing, fontconfig passes over it.
_RARE_CHARACTERS = "/usr/share/fonts/truetype/hanazono"
# Kept beside the fonts. When it changes here, the fonts are made again.
_RECIPE = f"{_PRINT_UNITS} units, two weights, commonest first"
_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}</dir>
  <dir>{rare}</dir>
  <cachedir>{folder}/cache</cachedir>
  <alias><family>sans-serif</family><prefer><family>{family}</family></prefer></alias>
  <alias><family>serif</family><prefer><family>{family}</family></prefer></alias>
</fontconfig>
"""


def build_fonts(folder: Path) -> None:
    """Make Regular and Bold from the variable font, and the print font of each; takes about 20 s.
    Fonts that are there already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    made_with = folder / "print-recipe"
    if not made_with.exists() or made_with.read_text() != _RECIPE:
        say("Making the Chinese fonts (once)")
        job = [sys.executable, "-m", "launcher.fonts", str(folder)]
        jobs = [children.start([*job, name], log=folder / "fonts.log") for name in _WEIGHTS]
        if any(job.wait() for job in jobs):
            raise SystemExit("the fonts could not be made")
        made_with.write_text(_RECIPE)
    conf = folder / "fonts.conf"
    said = conf.read_text() if conf.exists() else ""
    # The folder has another name once the installation was moved.
    if _RARE_CHARACTERS not in said or f"<dir>{folder}</dir>" not in said:
        _write_conf(conf)


def _write_conf(conf: Path) -> None:
    """Write fontconfig's configuration for the fonts beside it."""
    from fontTools.ttLib import TTFont

    folder = conf.parent
    family = TTFont(folder / "platform-Regular.ttf", lazy=True)["name"].getBestFamilyName()
    draft = folder / "fonts.conf.new"
    draft.write_text(_CONF.format(folder=folder, rare=_RARE_CHARACTERS, family=family))
    os.replace(draft, conf)


def source_font() -> Path:
    """The variable font in the installed package."""
    fonts = package_dir("justmytype_intl_cjk").rglob("NotoSansSC*.ttf")
    sans = sorted(fonts)
    if not sans:
        raise SystemExit("no Chinese font in justmytype-intl-cjk")
    return sans[0]


def _make_weight(folder: Path, weight: str) -> None:
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
    """Write the print font made from the font `source` to `target`."""
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
    # The font subset in a PDF keeps the glyph numbers, and low numbers make its tables smaller.
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
    """Code points of ASCII and GB 2312, the commonest first: punctuation, the characters of the
    agreement template, then the rest in GB 2312's order, which begins with the common ones."""
    template = (ROOT / "templates" / "esign" / "pdf" / "agreement.html").read_text()
    found = [*range(0x20, 0x7F), 0xB7]
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.append(ord(bytes([row, cell]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    known = set(found)
    return list(
        dict.fromkeys([*found[:96], *(ord(c) for c in template if ord(c) in known), *found])
    )


def _simplify(font: TTFont) -> None:
    """Redraw every outline with fewer points, by way of cubic curves; off by one unit at most."""
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.qu2cuPen import Qu2CuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    glyphs, simplified = font.getGlyphSet(), {}
    for name in font.getGlyphOrder():
        if font["glyf"][name].numberOfContours > 0:
            pen = TTGlyphPen(None)
            glyphs[name].draw(Qu2CuPen(Cu2QuPen(pen, 1.0), 1.0, all_cubic=True))
            simplified[name] = pen.glyph()
    for name, glyph in simplified.items():
        font["glyf"][name] = glyph


if __name__ == "__main__":
    _make_weight(Path(sys.argv[1]), sys.argv[2])
