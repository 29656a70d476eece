"""Chinese fonts for PDFs and for the browser tests, made once from a wheel into var/fonts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .paths import package_dir
from .stack import say

_WEIGHTS = {"Regular": 400, "Bold": 700}
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
    if (folder / "fonts.conf").exists():
        return
    say("Making the Chinese fonts (once)")
    jobs = [
        subprocess.Popen([sys.executable, "-m", "launcher.fonts", str(folder), name])
        for name in _WEIGHTS
    ]
    if any(job.wait() for job in jobs):
        raise SystemExit("the fonts could not be made")
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
    static.save(folder / f"platform-{weight}.ttf")


if __name__ == "__main__":
    _instance(Path(sys.argv[1]), sys.argv[2])
