"""Whether the characters of a name can be printed on an agreement."""

from __future__ import annotations

from codes.findings import Finding
from core import pdf


def check_glyphs(name: str) -> list[Finding]:
    """A warning for each character of `name` that no font of the platform has. The name may be right,
    so it is not refused, but an agreement with it would be parked until there is a font."""
    missing = pdf.missing_characters(name)
    return [
        Finding(
            "no_glyph",
            f"平台没有“{character}”（U+{ord(character):04X}）的字形，协议书将无法打印此姓名，"
            "请核对；确认无误的可以保留，并请联系运维人员安装字体",
            is_error=False,
            field="name",
        )
        for character in dict.fromkeys(name)
        if character in missing
    ]
